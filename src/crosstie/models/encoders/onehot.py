"""Categories as zeros and a one."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from crosstie.models.encoders.encoder import Columns, Encoder, encoders


@encoders("onehot", of=("category",), elsewhere=("sparse", "one_hot_encoding"))
class OneHot(Encoder):
    """A 1 in the place of the level, 0 elsewhere; missing has a place of its own, unknown is all zeros."""

    def __init__(self, columns: Columns) -> None:
        super().__init__()
        self.widths = tuple(size - 1 for size in columns.sizes)
        places = [place for place, width in enumerate(self.widths) for _ in range(width)]
        levels = [level for width in self.widths for level in range(1, width + 1)]
        self.places = nn.Buffer(torch.tensor(places), persistent=False)
        self.levels = nn.Buffer(torch.tensor(levels, dtype=torch.int32), persistent=False)

    def yields(self, names: Sequence[str], kind: str) -> list[list[Any]]:
        """A place for every level but unknown."""
        return [["level", name, width] for name, width in zip(names, self.widths, strict=True)]

    def forward(self, values: Tensor) -> Tensor:
        """Codes `[batch, columns]` to `[batch, sum(widths)]`."""
        return (values.index_select(1, self.places) == self.levels).float()
