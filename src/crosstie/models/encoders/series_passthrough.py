"""A series as it is: all numbers of a row side by side."""

import torch
from torch import Tensor

from crosstie.models.encoders.encoder import Columns, Encoder, encoders


@encoders("passthrough", of=("timeseries",))
class SeriesPassthrough(Encoder):
    """The numbers themselves, 0 where one is missing, and behind them a 1 for each that is."""

    def __init__(self, columns: Columns) -> None:
        super().__init__()
        length, channels = columns.shape
        self.widths = (2 * length * channels,)

    def forward(self, values: Tensor) -> Tensor:
        """`[batch, length, channels]` to `[batch, 2 * length * channels]`."""
        return flattened(values)


def flattened(values: Tensor) -> Tensor:
    """`[batch, length, channels]`, NaN where missing, to one row without NaN, marks of what is missing behind it."""
    missing = values.isnan()
    numbers = values.masked_fill(missing, 0.0)
    return torch.cat([numbers.flatten(1), missing.to(values.dtype).flatten(1)], dim=1)
