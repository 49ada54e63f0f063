"""Every input as a vector that sees every other."""

from collections.abc import Sequence
from typing import Annotated

from annotated_types import Ge, Lt
from torch import Tensor, nn

from crosstie.models.combiners.combiner import Combiner, Parts, combiners
from crosstie.models.layers.attention import blocks
from crosstie.models.layers.project import Project
from crosstie.models.layers.reduce import ColumnReduction, ReduceColumns
from crosstie.models.layers.stack import (
    Activation,
    FullyConnected,
    Layer,
    Norm,
    fully_connected,
)


@combiners("transformer")
class Transformer(Combiner):
    """Each column becomes a vector; transformer layers let them see each other; one vector is made of them.

    Args:
        hidden_size: Width of a column's vector, in every layer.
        num_layers: Layers.
        num_heads: Heads of the attention; they divide `hidden_size`.
        transformer_output_size: Width inside a layer's small network.
        dropout: Share of attention weights and of what each part adds set to 0 in training.
        reduce_output: How the columns' vectors become one: `mean`, `sum`, `max`, or `concat` (side by side).
        num_fc_layers: Fully connected layers at the end.
        output_size: Their width.
        fc_layers: Those layers one by one; what one leaves out is as said for all.
        fc_activation: After each of them.
        fc_dropout: Share of their outputs set to 0 in training.
        norm: Normalise in them before the activation: over the `batch`, or over a row's `layer`.
        fc_residual: Add such a layer's input to its output where their widths agree.
    """

    def __init__(
        self,
        parts: Parts,
        *,
        hidden_size: Annotated[int, Ge(1)] = 64,
        num_layers: Annotated[int, Ge(1)] = 1,
        num_heads: Annotated[int, Ge(1)] = 8,
        transformer_output_size: Annotated[int, Ge(1)] = 128,
        dropout: Annotated[float, Ge(0), Lt(1)] = 0.1,
        reduce_output: ColumnReduction = "mean",
        num_fc_layers: Annotated[int, Ge(0)] = 1,
        output_size: Annotated[int, Ge(1)] = 128,
        fc_layers: list[FullyConnected] | None = None,
        fc_activation: Activation = "relu",
        fc_dropout: Annotated[float, Ge(0), Lt(1)] = 0.0,
        norm: Norm | None = None,
        fc_residual: bool = False,
    ) -> None:
        super().__init__()
        self.project = Project([part.widths for part in parts.parts], hidden_size)
        self.blocks = nn.Sequential(
            *blocks(
                num_layers, hidden_size, num_heads, inner=transformer_output_size, dropout=dropout
            ),
            nn.LayerNorm(hidden_size),
        )
        self.reduce = ReduceColumns(reduce_output, self.project.columns, hidden_size)
        self.stack = fully_connected(
            self.reduce.width,
            fc_layers,
            num_fc_layers,
            Layer(output_size, fc_activation, fc_dropout, norm),
            residual=fc_residual,
        )
        self.width = self.stack.width

    def forward(self, encoded: Sequence[Tensor]) -> Tensor:
        """`[batch, width]`."""
        found: Tensor = self.stack(self.reduce(self.blocks(self.project(encoded))))
        return found
