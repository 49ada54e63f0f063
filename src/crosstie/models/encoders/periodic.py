"""Periodic embeddings of numbers."""

import math
from typing import Annotated

import torch
from annotated_types import Ge, Gt
from torch import Tensor, nn

from crosstie.models.encoders.encoder import Columns, Encoder, encoders
from crosstie.models.layers.ensemble import MemberLinear


@encoders("periodic", of=("number",), elsewhere=("plr", "fourier"))
class Periodic(Encoder):
    """Waves of learned frequency, densely linked: PBLD of RealMLP (arXiv:2407.04491).

    Each number x becomes x itself beside a linear map of cos(2 pi w x + b), where frequencies w and phases
    b are learned for each column.

    Args:
        embedding_size: Width of a column's embedding, x included.
        n_frequencies: Waves a column.
        frequency_scale: Standard deviation of the first frequencies.
    """

    undecayed = True
    by_column = True

    def __init__(
        self,
        columns: Columns,
        *,
        embedding_size: Annotated[int, Ge(2)] = 4,
        n_frequencies: Annotated[int, Ge(1)] = 16,
        frequency_scale: Annotated[float, Gt(0)] = 0.1,
    ) -> None:
        super().__init__()
        count = len(columns.names)
        self.widths = (embedding_size,) * count
        self.frequencies = nn.Parameter(torch.randn(count, n_frequencies) * frequency_scale)
        self.phases = nn.Parameter(torch.empty(count, n_frequencies).uniform_(-math.pi, math.pi))
        self.linear = MemberLinear(count, n_frequencies, embedding_size - 1)

    def waves(self, values: Tensor) -> Tensor:
        """`[batch, columns]` to `[batch, columns, n_frequencies]`."""
        angles = 2 * math.pi * values.unsqueeze(-1) * self.frequencies
        return torch.cos(angles + self.phases)

    def forward(self, values: Tensor) -> Tensor:
        """`[batch, columns]` to `[batch, columns, embedding_size]`."""
        return torch.cat([values.unsqueeze(-1), self.linear(self.waves(values))], dim=-1)
