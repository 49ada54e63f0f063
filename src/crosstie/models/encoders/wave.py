"""Dates as circles: December stands beside January."""

import math
from typing import Annotated

import torch
from annotated_types import Ge, Lt
from torch import Tensor, nn

from crosstie.features.date import PARTS
from crosstie.models.encoders.encoder import Columns, Encoder, encoders
from crosstie.models.layers.stack import (
    Activation,
    FullyConnected,
    Layer,
    Norm,
    fully_connected,
)


@encoders("wave", of=("date",), elsewhere=("cyclic", "cyclical", "sin_cos"))
class Wave(Encoder):
    """Sine and cosine of every part that repeats, beside the time and the year themselves.

    Args:
        num_fc_layers: Fully connected layers after that; 0 leaves the waves as they are.
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
        speeds = torch.tensor([2 * math.pi / period for period in periods if period])
        self.speeds = nn.Buffer(speeds, persistent=False)
        default = Layer(output_size, activation, dropout, norm, use_bias)
        width = len(self.still) + 2 * len(self.turning)
        self.stack = fully_connected(width, fc_layers, num_fc_layers, default)
        self.widths = (self.stack.width,)

    def waves(self, values: Tensor) -> Tensor:
        """Parts `[batch, parts]` to time and year, sines, cosines: `[batch, 2 + 2 * 7]`."""
        angles = values[:, self.turning] * self.speeds
        return torch.cat([values[:, self.still], angles.sin(), angles.cos()], dim=1)

    def forward(self, values: Tensor) -> Tensor:
        """Parts `[batch, parts]` to `[batch, width]`."""
        found: Tensor = self.stack(self.waves(values))
        return found
