"""A row of vectors made one, padding left out."""

from typing import Literal

import torch
from torch import Tensor, nn

Reduction = Literal["last", "mean", "sum", "max", "attention"]


class Reduce(nn.Module):
    """One vector of many, by `kind`; a row with nothing but padding becomes zeros.

    Args:
        kind: `last`: the last one there; `mean`, `sum`, `max`; `attention`: a mean weighted by a learned score.
        width: Of a vector.
    """

    def __init__(self, kind: Reduction, width: int) -> None:
        super().__init__()
        self.kind = kind
        self.score = nn.Linear(width, 1, bias=False) if kind == "attention" else None

    def forward(self, vectors: Tensor, present: Tensor) -> Tensor:
        """Vectors `[batch, length, width]` and bool `[batch, length]`, padding last, to `[batch, width]`."""
        there = present.unsqueeze(-1)
        if self.kind == "last":
            return take(vectors, present.sum(1) - 1) * there.any(1)
        if self.kind == "max":
            most = vectors.masked_fill(~there, torch.finfo(vectors.dtype).min).amax(1)
            return most.masked_fill(~there.any(1), 0.0)
        if self.kind == "attention":
            return (vectors * self.attention(vectors, present)).sum(1)
        total = (vectors * there).sum(1)
        return total / there.sum(1).clamp(min=1) if self.kind == "mean" else total

    def attention(self, vectors: Tensor, present: Tensor) -> Tensor:
        """How much each vector counts, `[batch, length, 1]`: 0 for padding, 1 in all (0 in an empty row)."""
        assert self.score is not None
        there = present.unsqueeze(-1)
        scores = self.score(vectors).masked_fill(~there, torch.finfo(vectors.dtype).min)
        found: Tensor = scores.softmax(1) * there
        return found


def take(vectors: Tensor, places: Tensor) -> Tensor:
    """The vector at one place of each row: `[batch, length, width]`, int `[batch]` to `[batch, width]`."""
    index = places.clamp(min=0).view(-1, 1, 1).expand(-1, 1, vectors.shape[2])
    return vectors.gather(1, index.long()).squeeze(1)
