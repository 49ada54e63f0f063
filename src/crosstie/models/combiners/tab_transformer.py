"""Categories see each other; numbers join them at the end."""

from collections.abc import Sequence
from typing import Annotated, Literal

import torch
from annotated_types import Ge, Lt
from torch import Tensor, nn

from crosstie.models.combiners.combiner import Combiner, Parts, combiners
from crosstie.models.layers.attention import blocks
from crosstie.models.layers.named import Named
from crosstie.models.layers.reduce import ColumnReduction, ReduceColumns
from crosstie.models.layers.stack import (
    Activation,
    FullyConnected,
    Layer,
    Norm,
    fully_connected,
)

PLAIN = ("number", "binary")


@combiners("tabtransformer")
@combiners("tab_transformer")
class TabTransformer(Combiner):
    """Transformer layers over all but numbers and yes/no columns, which join normalised (arXiv:2012.06678).

    Args:
        hidden_size: Width of a column's vector, in every layer.
        num_layers: Layers.
        num_heads: Heads of the attention; they divide `hidden_size`.
        transformer_output_size: Width inside a layer's small network.
        dropout: Share of attention weights and of what each part adds set to 0 in training.
        embed_input_feature_name: Give each column a learned vector that says which one it is: `add` adds
            it, a number puts one of that width beside a narrower vector; None gives none.
        reduce_output: How the columns' vectors become one: `concat` (side by side), `mean`, `sum`, `max`.
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
        hidden_size: Annotated[int, Ge(1)] = 32,
        num_layers: Annotated[int, Ge(1)] = 2,
        num_heads: Annotated[int, Ge(1)] = 8,
        transformer_output_size: Annotated[int, Ge(1)] = 128,
        dropout: Annotated[float, Ge(0), Lt(1)] = 0.1,
        embed_input_feature_name: Annotated[int, Ge(1)] | Literal["add"] | None = None,
        reduce_output: ColumnReduction = "concat",
        num_fc_layers: Annotated[int, Ge(0)] = 2,
        output_size: Annotated[int, Ge(1)] = 128,
        fc_layers: list[FullyConnected] | None = None,
        fc_activation: Activation = "relu",
        fc_dropout: Annotated[float, Ge(0), Lt(1)] = 0.0,
        norm: Norm | None = None,
        fc_residual: bool = False,
    ) -> None:
        super().__init__()
        self.plain = [place for place, part in enumerate(parts.parts) if part.type in PLAIN]
        self.seen = [place for place, part in enumerate(parts.parts) if part.type not in PLAIN]
        width = 0
        self.norm: nn.Module | None = None
        if self.plain:
            width = sum(sum(parts.parts[place].widths) for place in self.plain)
            self.norm = nn.LayerNorm(width)
        self.transform: nn.Module | None = None
        if self.seen:
            chosen = [parts.parts[place].widths for place in self.seen]
            named = Named(chosen, hidden_size, embed_input_feature_name)
            self.transform = nn.Sequential(
                named,
                *blocks(
                    num_layers,
                    hidden_size,
                    num_heads,
                    inner=transformer_output_size,
                    dropout=dropout,
                ),
                nn.LayerNorm(hidden_size),
            )
            self.reduce = ReduceColumns(reduce_output, named.columns, hidden_size)
            width += self.reduce.width
        self.stack = fully_connected(
            width,
            fc_layers,
            num_fc_layers,
            Layer(output_size, fc_activation, fc_dropout, norm),
            residual=fc_residual,
        )
        self.width = self.stack.width

    def forward(self, encoded: Sequence[Tensor]) -> Tensor:
        """`[batch, width]`."""
        found = []
        if self.transform is not None:
            vectors = self.transform([encoded[place] for place in self.seen])
            found.append(self.reduce(vectors))
        if self.norm is not None:
            found.append(self.norm(torch.cat([encoded[place] for place in self.plain], dim=1)))
        combined: Tensor = self.stack(torch.cat(found, dim=1))
        return combined
