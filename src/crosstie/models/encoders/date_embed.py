"""Dates as learned vectors of their parts."""

from typing import Annotated

import torch
from annotated_types import Ge, Lt
from torch import Tensor, nn
from torch.nn import functional

from crosstie.features.date import PARTS
from crosstie.models.encoders.encoder import Columns, Encoder, encoders
from crosstie.models.layers.stack import (
    Activation,
    FullyConnected,
    Layer,
    Norm,
    fully_connected,
)


@encoders("embed", of=("date",))
class DateEmbed(Encoder):
    """A learned vector for every month, day, weekday, hour …, beside the time and the year themselves.

    Args:
        embedding_size: Width of the vectors.
        num_fc_layers: Fully connected layers after them; 0 leaves them side by side.
        output_size: Width of a layer.
        fc_layers: The layers one by one; what one leaves out is as said for all.
        activation: After each layer.
        dropout: Share of a layer's outputs set to 0 in training.
        norm: Normalise before the activation: over the `batch`, or over a row's `layer`.
        use_bias: Whether layers add a bias.
    """

    def __init__(
        self,
        columns: Columns,
        *,
        embedding_size: Annotated[int, Ge(1)] = 10,
        num_fc_layers: Annotated[int, Ge(0)] = 0,
        output_size: Annotated[int, Ge(1)] = 32,
        fc_layers: list[FullyConnected] | None = None,
        activation: Activation = "relu",
        dropout: Annotated[float, Ge(0), Lt(1)] = 0.0,
        norm: Norm | None = None,
        use_bias: bool = True,
    ) -> None:
        super().__init__()
        assert columns.sizes == (len(PARTS),), "a date has its parts"
        periods = list(PARTS.values())
        self.still = [place for place, period in enumerate(periods) if not period]
        self.turning = [place for place, period in enumerate(periods) if period]
        sizes = [period for period in periods if period]
        starts = torch.tensor([sum(sizes[:place]) for place in range(len(sizes))])
        self.starts = nn.Buffer(starts, persistent=False)
        self.limits = nn.Buffer(torch.tensor(sizes) - 1, persistent=False)
        self.weight = nn.Parameter(torch.empty(sum(sizes), embedding_size))
        nn.init.normal_(self.weight, std=embedding_size**-0.5)
        default = Layer(output_size, activation, dropout, norm, use_bias)
        width = len(self.still) + embedding_size * len(sizes)
        self.stack = fully_connected(width, fc_layers, num_fc_layers, default)
        self.widths = (self.stack.width,)

    def forward(self, values: Tensor) -> Tensor:
        """Parts `[batch, parts]` to `[batch, width]`."""
        codes = values[:, self.turning].long().clamp(min=0)
        codes = torch.minimum(codes, self.limits) + self.starts
        vectors = functional.embedding(codes, self.weight).flatten(1)
        found: Tensor = self.stack(torch.cat([values[:, self.still], vectors], dim=1))
        return found
