"""Text read word by word, or a series step by step."""

from typing import Annotated

from annotated_types import Ge, Lt
from torch import Tensor

from crosstie.models.encoders.encoder import Columns, encoders
from crosstie.models.encoders.pooled_states import PooledStates
from crosstie.models.layers.recurrent import Cell, Recurrent
from crosstie.models.layers.reduce import Reduce, Reduction
from crosstie.models.layers.stack import (
    Activation,
    FullyConnected,
    Layer,
    Norm,
    fully_connected,
)
from crosstie.models.layers.steps import vectors_of
from crosstie.models.layers.tokens import Characters


@encoders(
    "rnn", of=("text", "sequence", "timeseries", "audio"), elsewhere=("lstm", "gru", "recurrent")
)
class RNN(PooledStates):
    """Recurrent layers (LSTM: Hochreiter and Schmidhuber 1997; GRU: arXiv:1406.1078).

    Args:
        embedding_size: Width of the vector of a token, or of a step of a series.
        characters: Beside a token's vector one of its letters, found by convolutions: true, or how many of them
            (arXiv:1508.06615). A word that training never saw is then known by its spelling.
        cell_type: `rnn` (Elman, tanh), `lstm` or `gru`.
        state_size: Width of a cell's state.
        num_layers: Recurrent layers, each over the states of the one below.
        bidirectional: Whether each layer also reads backwards; its states stand beside the others.
        reduce_output: How a row becomes one vector: `last` (each direction's state after the whole row),
            `mean`, `sum`, `max`, or `attention`: a mean weighted by a learned score.
        dropout: Share of vectors' entries, and of states between layers, set to 0 in training.
        num_fc_layers: Fully connected layers at the end.
        output_size: Their width.
        fc_layers: Those layers one by one; what one leaves out is as said for all.
        fc_activation: After each of them.
        fc_dropout: Share of their outputs set to 0 in training.
        norm: Normalise in them before the activation: over the `batch`, or over a row's `layer`.
    """

    def __init__(
        self,
        columns: Columns,
        *,
        embedding_size: Annotated[int, Ge(1)] = 128,
        characters: Characters = False,
        cell_type: Cell = "lstm",
        state_size: Annotated[int, Ge(1)] = 128,
        num_layers: Annotated[int, Ge(1)] = 1,
        bidirectional: bool = True,
        reduce_output: Reduction = "last",
        dropout: Annotated[float, Ge(0), Lt(1)] = 0.1,
        num_fc_layers: Annotated[int, Ge(0)] = 0,
        output_size: Annotated[int, Ge(1)] = 256,
        fc_layers: list[FullyConnected] | None = None,
        fc_activation: Activation = "relu",
        fc_dropout: Annotated[float, Ge(0), Lt(1)] = 0.0,
        norm: Norm | None = None,
    ) -> None:
        super().__init__()
        self.tokens = vectors_of(columns, embedding_size, dropout=dropout, characters=characters)
        self.recurrent = Recurrent(
            self.tokens.width,
            cell_type=cell_type,
            state_size=state_size,
            num_layers=num_layers,
            bidirectional=bidirectional,
            dropout=dropout,
        )
        self.reduce = Reduce(reduce_output, self.recurrent.width, backward=self.recurrent.backward)
        self.stack = fully_connected(
            self.recurrent.width,
            fc_layers,
            num_fc_layers,
            Layer(output_size, fc_activation, fc_dropout, norm),
        )
        self.widths = (self.stack.width,)
        self.states_width = self.recurrent.width

    def states(self, values: Tensor) -> tuple[Tensor, Tensor]:
        """Ids `[batch, length]`, or a series, to the last layer's states `[batch, length, width]`, and where there is no padding."""
        vectors, present = self.tokens(values)
        return self.recurrent(vectors, present), present
