"""Token ids as vectors, with a mask of what is there and what is padding."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from crosstie.models.layers.dropout import Dropout


class TokenVectors(nn.Module):
    """A learned vector for each id; padding (0) is all zeros and stays so.

    Args:
        size: Ids.
        width: Of a vector.
        dropout: Share of the entries set to 0 in training.
    """

    def __init__(self, size: int, width: int, *, dropout: float = 0.0) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(size, width))
        self.axes = {"weight": (0, [("code", 0, size)])}
        nn.init.normal_(self.weight, std=width**-0.5)
        with torch.no_grad():
            self.weight[0] = 0
        self.dropout = Dropout(dropout)

    def forward(self, ids: Tensor) -> tuple[Tensor, Tensor]:
        """Ids `[batch, length]` to (vectors `[batch, length, width]`, bool `[batch, length]`: no padding)."""
        vectors: Tensor = self.dropout(functional.embedding(ids, self.weight, padding_idx=0))
        return vectors, ids != 0
