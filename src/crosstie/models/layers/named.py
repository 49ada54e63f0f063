"""Columns as vectors that say which column they are."""

from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor, nn

from crosstie.errors import ConfigError, Problem
from crosstie.models.layers.project import Project


class Named(nn.Module):
    """Each column's value as a vector, with a learned vector of the column's own added or beside it.

    Args:
        widths: Of the columns that stand side by side in each input.
        size: Width of the result.
        name: `add`, the width of a vector beside the value's, or None for no vector of the column's own.

    Raises:
        ConfigError: The column's vector leaves no room for the value's.

    Attributes:
        columns: Vectors a row.
    """

    def __init__(
        self,
        widths: Sequence[Sequence[int]],
        size: int,
        name: int | Literal["add"] | None,
    ) -> None:
        super().__init__()
        beside = name if isinstance(name, int) else 0
        if beside >= size:
            raise ConfigError(
                Problem(
                    "combiner.embed_input_feature_name",
                    f"must be less than hidden_size {size}, got {beside}. Write less, or add.",
                )
            )
        self.project = Project(widths, size - beside)
        self.columns = self.project.columns
        self.beside = bool(beside)
        self.names = (
            None if name is None else nn.Parameter(torch.randn(self.columns, beside or size) * 0.02)
        )

    def forward(self, encoded: Sequence[Tensor]) -> Tensor:
        """One `[batch, sum(widths)]` for each input to `[batch, columns, size]`."""
        vectors: Tensor = self.project(encoded)
        if self.names is None:
            return vectors
        if not self.beside:
            return vectors + self.names
        return torch.cat([vectors, self.names.expand(vectors.shape[0], -1, -1)], dim=-1)
