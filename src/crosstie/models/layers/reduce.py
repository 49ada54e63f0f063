"""A row of vectors made one, padding left out."""

from typing import Literal

import torch
from torch import Tensor, nn

Reduction = Literal["last", "mean", "sum", "max", "attention"]
ColumnReduction = Literal["concat", "mean", "sum", "max"]


class Reduce(nn.Module):
    """One vector of many, by `kind`; a row with nothing but padding becomes zeros.

    Args:
        kind: `last`: the last one there; `mean`, `sum`, `max`; `attention`: a mean weighted by a learned score.
        width: Of a vector.
        backward: Entries at a vector's end that come from reading backwards: their last one is the row's first.
    """

    def __init__(self, kind: Reduction, width: int, *, backward: int = 0) -> None:
        super().__init__()
        self.kind = kind
        self.backward = backward
        self.score = nn.Linear(width, 1, bias=False) if kind == "attention" else None

    def forward(self, vectors: Tensor, present: Tensor) -> Tensor:
        """Vectors `[batch, length, width]` and bool `[batch, length]`, padding last, to `[batch, width]`."""
        there = present.unsqueeze(-1)
        if self.kind == "last":
            return self.last(vectors, present) * there.any(1)
        if self.kind == "max":
            most = vectors.masked_fill(~there, torch.finfo(vectors.dtype).min).amax(1)
            return most.masked_fill(~there.any(1), 0.0)
        if self.kind == "attention":
            return (vectors * self.attention(vectors, present)).sum(1)
        total = (vectors * there).sum(1)
        return total / there.sum(1).clamp(min=1) if self.kind == "mean" else total

    def last(self, vectors: Tensor, present: Tensor) -> Tensor:
        """Each direction's vector after the whole row `[batch, width]`."""
        ends = present.sum(1) - 1
        if not self.backward:
            return take(vectors, ends)
        onward = vectors.shape[2] - self.backward
        return torch.cat([take(vectors[..., :onward], ends), vectors[:, 0, onward:]], dim=-1)

    def attention(self, vectors: Tensor, present: Tensor) -> Tensor:
        """How much each vector counts, `[batch, length, 1]`: 0 for padding, 1 in all (0 in an empty row)."""
        assert self.score is not None
        there = present.unsqueeze(-1)
        scores = self.score(vectors).masked_fill(~there, torch.finfo(vectors.dtype).min)
        found: Tensor = scores.softmax(1) * there
        return found


class ReduceColumns(nn.Module):
    """One vector of a row's columns, none of which is padding.

    Args:
        kind: `concat` (side by side), `mean`, `sum` or `max`.
        columns: Vectors a row.
        size: Width of each.

    Attributes:
        width: Of the result.
    """

    def __init__(self, kind: ColumnReduction, columns: int, size: int) -> None:
        super().__init__()
        self.kind = kind
        self.width = size * (columns if kind == "concat" else 1)

    def forward(self, vectors: Tensor) -> Tensor:
        """`[batch, columns, size]` to `[batch, width]`."""
        if self.kind == "concat":
            return vectors.flatten(1)
        if self.kind == "max":
            return vectors.amax(1)
        return vectors.mean(1) if self.kind == "mean" else vectors.sum(1)


def take(vectors: Tensor, places: Tensor) -> Tensor:
    """The vector at one place of each row: `[batch, length, width]`, int `[batch]` to `[batch, width]`."""
    index = places.clamp(min=0).view(-1, 1, 1).expand(-1, 1, vectors.shape[2])
    return vectors.gather(1, index.long()).squeeze(1)
