"""Some columns of a matrix, as cheaply as their places allow."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn


class Pick(nn.Module):
    """The columns `chosen` of `[batch, total]`: all of them for nothing, neighbours as a view, others gathered."""

    def __init__(self, total: int, chosen: Sequence[int]) -> None:
        super().__init__()
        self.start, self.stop = chosen[0], chosen[-1] + 1
        self.whole = list(chosen) == list(range(total))
        self.contiguous = list(chosen) == list(range(self.start, self.stop))
        self.places = nn.Buffer(torch.tensor(chosen), persistent=False)

    def forward(self, values: Tensor) -> Tensor:
        """`[batch, total]` to `[batch, len(chosen)]`."""
        if self.whole:
            return values
        if self.contiguous:
            return values[:, self.start : self.stop]
        return values.index_select(1, self.places)
