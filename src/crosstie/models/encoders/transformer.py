"""Text or a series through a transformer."""

from typing import Annotated

import torch
from annotated_types import Ge, Lt
from torch import Tensor, nn

from crosstie.models.encoders.encoder import Columns, encoders
from crosstie.models.encoders.pooled_states import PooledStates
from crosstie.models.layers.attention import blocks, hide
from crosstie.models.layers.reduce import Reduce, Reduction
from crosstie.models.layers.stack import (
    Activation,
    FullyConnected,
    Layer,
    Norm,
    fully_connected,
)
from crosstie.models.layers.steps import length_of, vectors_of
from crosstie.models.layers.tokens import Characters


@encoders("transformer", of=("text", "sequence", "timeseries", "audio"))
class Transformer(PooledStates):
    """Every token sees every other (arXiv:1706.03762); padding is seen by none. Trained from nothing.

    Args:
        hidden_size: Width of the vector of a token, or of a step of a series; the same in every layer.
        embedding_size: Its width before them, widened or narrowed by one more product; null is `hidden_size`.
        characters: Beside a token's vector one of its letters, found by convolutions: true, or how many of them
            (arXiv:1508.06615). A word that training never saw is then known by its spelling.
        num_layers: Layers.
        num_heads: Heads of the attention; they divide `hidden_size`.
        transformer_output_size: Width inside a layer's small network.
        reduce_output: How a row becomes one vector: `mean`, `max`, `sum`, `last` or `attention`.
        dropout: Share of vectors, attention weights and what each part adds set to 0 in training.
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
        hidden_size: Annotated[int, Ge(1)] = 128,
        embedding_size: Annotated[int, Ge(1)] | None = None,
        characters: Characters = False,
        num_layers: Annotated[int, Ge(1)] = 1,
        num_heads: Annotated[int, Ge(1)] = 8,
        transformer_output_size: Annotated[int, Ge(1)] = 256,
        reduce_output: Reduction = "mean",
        dropout: Annotated[float, Ge(0), Lt(1)] = 0.1,
        num_fc_layers: Annotated[int, Ge(0)] = 0,
        output_size: Annotated[int, Ge(1)] = 256,
        fc_layers: list[FullyConnected] | None = None,
        fc_activation: Activation = "relu",
        fc_dropout: Annotated[float, Ge(0), Lt(1)] = 0.0,
        norm: Norm | None = None,
    ) -> None:
        super().__init__()
        width = embedding_size or hidden_size
        length = length_of(columns)
        self.tokens = vectors_of(columns, width, dropout=dropout, characters=characters)
        width = self.tokens.width
        self.widen = None if width == hidden_size else nn.Linear(width, hidden_size)
        self.positions = nn.Parameter(torch.randn(length, hidden_size) * 0.02)
        self.axes = {"positions": (0, [("place", 0, length)])}
        self.blocks = nn.ModuleList(
            blocks(
                num_layers, hidden_size, num_heads, inner=transformer_output_size, dropout=dropout
            )
        )
        self.norm = nn.LayerNorm(hidden_size)
        self.reduce = Reduce(reduce_output, hidden_size)
        self.stack = fully_connected(
            hidden_size,
            fc_layers,
            num_fc_layers,
            Layer(output_size, fc_activation, fc_dropout, norm),
        )
        self.widths = (self.stack.width,)
        self.states_width = hidden_size

    def states(self, values: Tensor) -> tuple[Tensor, Tensor]:
        """Ids `[batch, length]`, or a series, at most as long as in training, to vectors `[batch, length, hidden_size]`, and where there is no padding."""
        vectors, present = self.tokens(values)
        if self.widen is not None:
            vectors = self.widen(vectors)
        vectors = vectors + self.positions[: values.shape[1]]
        mask = hide(present, vectors.dtype)
        for block in self.blocks:
            vectors = block(vectors, mask)
        return self.norm(vectors), present
