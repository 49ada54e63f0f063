"""A vector for each word from those of its pieces."""

from typing import Literal

import torch
from torch import Tensor, nn

WordPooling = Literal["first", "mean"]


class Words(nn.Module):
    """Pieces' vectors to words': the first piece's, or the mean.

    Each word's vector is a product with weights of 0 or more over all pieces, which is exact, runs backwards the same
    way every time, and is one product in the graph.

    Args:
        words: Of a row.
        pooling: Which.
    """

    def __init__(self, words: int, pooling: WordPooling) -> None:
        super().__init__()
        self.pooling = pooling
        self.numbers = nn.Buffer(torch.arange(1, words + 1), persistent=False)

    def forward(self, vectors: Tensor, places: Tensor) -> tuple[Tensor, Tensor]:
        """Words' vectors, 0 of one that the row lacks, and which words it has.

        Args:
            vectors: `[batch, pieces, width]`.
            places: Of each piece's word, from 1 on, rising; 0 of none: `[batch, pieces]`.

        Returns:
            (`[batch, words, width]`, bool `[batch, words]`).
        """
        its = (places.unsqueeze(1) == self.numbers.unsqueeze(-1)).to(vectors.dtype)
        counts = its.sum(2, keepdim=True)
        if self.pooling == "first":
            before = nn.functional.pad(places[:, :-1], (1, 0))
            its = its * (places != before).unsqueeze(1).to(vectors.dtype)
        else:
            its = its / counts.clamp(min=1)
        return its @ vectors, counts.squeeze(2) > 0
