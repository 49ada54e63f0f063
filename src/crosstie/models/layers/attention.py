"""Transformer layers (arXiv:1706.03762), normalised before each part (arXiv:2002.04745)."""

from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from crosstie.errors import ConfigError, Problem
from crosstie.models.layers.dropout import Dropout

# Added to the score of what may not be seen; finite, so that a row of padding has no NaN.
FAR = -1e9


class Attention(nn.Module):
    """Several heads of scaled dot products.

    Args:
        width: Of a vector.
        heads: They share it out equally.
        dropout: Share of the attention weights set to 0 in training.

    Raises:
        ConfigError: The heads do not divide the width.
    """

    def __init__(self, width: int, heads: int, *, dropout: float) -> None:
        super().__init__()
        if width % heads:
            raise ConfigError(
                Problem(
                    "num_heads",
                    f"{heads} heads do not divide hidden_size {width}. Take one that does.",
                )
            )
        self.heads = heads
        self.project = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)
        self.dropout = dropout

    def forward(self, vectors: Tensor, mask: Tensor | None) -> Tensor:
        """`[batch, length, width]`; `mask` is added to the scores, `[batch, 1, 1, length]`."""
        parts = self.project(vectors).chunk(3, dim=-1)
        query, key, value = (
            part.view(*part.shape[:2], self.heads, part.shape[2] // self.heads).transpose(1, 2)
            for part in parts
        )
        rate = self.dropout if self.training else 0.0
        found = functional.scaled_dot_product_attention(query, key, value, mask, rate)
        mixed: Tensor = self.out(found.transpose(1, 2).flatten(2))
        return mixed


class Block(nn.Module):
    """Attention, then a small network on each vector; each sees its input normalised and adds to it.

    Args:
        width: Of a vector.
        heads: Of the attention.
        inner: Width inside the small network.
        dropout: Of attention weights, of the small network's inside and of what each part adds.
        activation: `gelu`, or `reglu` (arXiv:2002.05202) as the FT-Transformer uses.
    """

    def __init__(
        self,
        width: int,
        heads: int,
        *,
        inner: int,
        dropout: float,
        activation: Literal["gelu", "reglu"] = "gelu",
    ) -> None:
        super().__init__()
        self.before = nn.LayerNorm(width)
        self.attention = Attention(width, heads, dropout=dropout)
        self.between = nn.LayerNorm(width)
        self.gated = activation == "reglu"
        self.widen = nn.Linear(width, inner * (2 if self.gated else 1))
        self.narrow = nn.Linear(inner, width)
        self.dropout = Dropout(dropout)

    def forward(self, vectors: Tensor, mask: Tensor | None = None) -> Tensor:
        """`[batch, length, width]` to the same; `mask` as for `Attention`."""
        vectors = vectors + self.dropout(self.attention(self.before(vectors), mask))
        inner = self.widen(self.between(vectors))
        if self.gated:
            value, gate = inner.chunk(2, dim=-1)
            inner = value * torch.relu(gate)
        else:
            inner = functional.gelu(inner)
        narrowed: Tensor = self.dropout(self.narrow(self.dropout(inner)))
        return vectors + narrowed


def blocks(
    count: int,
    width: int,
    heads: int,
    *,
    inner: int,
    dropout: float,
    activation: Literal["gelu", "reglu"] = "gelu",
) -> list[Block]:
    """So many layers of one shape, to be run one after the other."""
    return [
        Block(width, heads, inner=inner, dropout=dropout, activation=activation)
        for _ in range(count)
    ]


def hide(present: Tensor, dtype: torch.dtype) -> Tensor:
    """A mask for `Attention` from bool `[batch, length]`."""
    return torch.where(present, 0.0, FAR).to(dtype)[:, None, None, :]
