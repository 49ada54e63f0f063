"""Recurrent layers whose result does not depend on how far a row is padded, and which export.

Packed sequences would do, but no exporter takes them. Padding stands on the right, so a forward layer meets it
last; a backward layer reads each row flipped within its own length.
"""

from collections.abc import Callable
from typing import Literal

import torch
from torch import Tensor, nn

from crosstie.models.layers.dropout import Dropout

Cell = Literal["rnn", "lstm", "gru"]
CELLS: dict[str, Callable[..., nn.Module]] = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}


class Recurrent(nn.Module):
    """Layers of cells over `[batch, length, width]`.

    Args:
        width: Of the input.
        cell_type: `rnn` (Elman, tanh), `lstm` or `gru`.
        state_size: Width of a cell's state.
        num_layers: Layers, each over the outputs of the one below.
        bidirectional: Whether each layer also reads backwards; its states stand beside the forward ones.
        dropout: Share of a layer's outputs set to 0 in training, between layers.

    Attributes:
        width: Of the output.
        backward: How many of its entries, the last ones, come from reading backwards.
    """

    def __init__(
        self,
        width: int,
        *,
        cell_type: Cell,
        state_size: int,
        num_layers: int,
        bidirectional: bool,
        dropout: float,
    ) -> None:
        super().__init__()
        self.backward = state_size if bidirectional else 0
        self.width = state_size + self.backward
        widths = [width] + [self.width] * (num_layers - 1)
        cell = CELLS[cell_type]
        self.onward = nn.ModuleList(cell(each, state_size, batch_first=True) for each in widths)
        self.backward_ = nn.ModuleList(
            cell(each, state_size, batch_first=True) for each in widths if bidirectional
        )
        self.dropout = Dropout(dropout)

    def forward(self, vectors: Tensor, present: Tensor) -> Tensor:
        """Vectors and bool `[batch, length]`, padding last, to states `[batch, length, width]`."""
        order = flipped(present) if len(self.backward_) else None
        for number, onward in enumerate(self.onward):
            if number:
                vectors = self.dropout(vectors)
            states = onward(vectors)[0]
            if order is not None:
                turned = reorder(vectors, order)
                states = torch.cat(
                    [states, reorder(self.backward_[number](turned)[0], order)], dim=-1
                )
            vectors = states
        return vectors


def flipped(present: Tensor) -> Tensor:
    """Places that turn each row around within its length, padding where it was: its own inverse."""
    places = torch.arange(present.shape[1], device=present.device).unsqueeze(0)
    return torch.where(present, present.sum(1, keepdim=True) - 1 - places, places)


def reorder(vectors: Tensor, places: Tensor) -> Tensor:
    """The vectors of each row at `places` `[batch, length]`."""
    return vectors.gather(1, places.unsqueeze(-1).expand(-1, -1, vectors.shape[2]))
