"""Columns of different widths as vectors of one width: what a transformer over columns reads."""

from collections.abc import Sequence
from itertools import groupby

import torch
from torch import Tensor, nn

from crosstie.models.layers.ensemble import MemberLinear


class Project(nn.Module):
    """Each column through a linear map of its own; neighbours of one width in one batched product.

    Args:
        widths: Of the columns that stand side by side in each input.
        size: Width of the vectors.

    Attributes:
        columns: Vectors a row.
    """

    def __init__(self, widths: Sequence[Sequence[int]], size: int) -> None:
        super().__init__()
        self.runs: list[list[tuple[int, int]]] = []  # for each input: (columns, their width)
        maps: list[nn.Module] = []
        for each in widths:
            runs = [(len(list(same)), width) for width, same in groupby(each)]
            maps += [MemberLinear(count, width, size) for count, width in runs]
            self.runs.append(runs)
        self.maps = nn.ModuleList(maps)
        self.columns = sum(map(len, widths))

    def forward(self, encoded: Sequence[Tensor]) -> Tensor:
        """One `[batch, sum(widths)]` for each input to `[batch, columns, size]`."""
        found = []
        maps = iter(self.maps)
        for values, runs in zip(encoded, self.runs, strict=True):
            start = 0
            for count, width in runs:
                piece = values[:, start : start + count * width]
                found.append(next(maps)(piece.reshape(-1, count, width)))
                start += count * width
        return torch.cat(found, dim=1)
