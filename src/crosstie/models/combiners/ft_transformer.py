"""Every input as a vector, and one more that gathers what they say."""

import math
from collections.abc import Sequence
from typing import Annotated

import torch
from annotated_types import Ge, Lt
from torch import Tensor, nn

from crosstie.models.combiners.combiner import Combiner, Parts, combiners
from crosstie.models.layers.attention import blocks
from crosstie.models.layers.project import Project
from crosstie.models.layers.stack import (
    Activation,
    FullyConnected,
    Layer,
    Norm,
    fully_connected,
)


@combiners("ft_transformer")
class FTTransformer(Combiner):
    """Columns as tokens beside a learned `[CLS]`, whose last state is the result (arXiv:2106.11959).

    Layers are normalised before each part, with ReGLU inside. The paper takes 3 layers of 192; smaller ones are
    the default here because each costs an attention over all columns.

    Args:
        hidden_size: Width of a column's vector, in every layer.
        num_layers: Layers.
        num_heads: Heads of the attention; they divide `hidden_size`.
        transformer_output_size: Width inside a layer's small network.
        dropout: Share of attention weights and of what each part adds set to 0 in training.
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
        num_layers: Annotated[int, Ge(1)] = 2,
        num_heads: Annotated[int, Ge(1)] = 8,
        transformer_output_size: Annotated[int, Ge(1)] = 86,
        dropout: Annotated[float, Ge(0), Lt(1)] = 0.1,
        num_fc_layers: Annotated[int, Ge(0)] = 0,
        output_size: Annotated[int, Ge(1)] = 128,
        fc_layers: list[FullyConnected] | None = None,
        fc_activation: Activation = "relu",
        fc_dropout: Annotated[float, Ge(0), Lt(1)] = 0.0,
        norm: Norm | None = None,
        fc_residual: bool = False,
    ) -> None:
        super().__init__()
        self.project = Project([part.widths for part in parts.parts], hidden_size)
        limit = 1 / math.sqrt(hidden_size)
        self.cls = nn.Parameter(torch.empty(1, 1, hidden_size).uniform_(-limit, limit))
        self.blocks = nn.Sequential(
            *blocks(
                num_layers,
                hidden_size,
                num_heads,
                inner=transformer_output_size,
                dropout=dropout,
                activation="reglu",
            )
        )
        self.finish = nn.Sequential(nn.LayerNorm(hidden_size), nn.ReLU())
        self.stack = fully_connected(
            hidden_size,
            fc_layers,
            num_fc_layers,
            Layer(output_size, fc_activation, fc_dropout, norm),
            residual=fc_residual,
        )
        self.width = self.stack.width

    def forward(self, encoded: Sequence[Tensor]) -> Tensor:
        """`[batch, width]`."""
        vectors = self.project(encoded)
        cls = self.cls.expand(vectors.shape[0], -1, -1)
        vectors = self.blocks(torch.cat([vectors, cls], dim=1))
        found: Tensor = self.stack(self.finish(vectors[:, -1]))
        return found
