"""An encoder of our own: numbers as sines and cosines of learned frequencies.

One class and one decorator make it an option of the file: `encoder: {type: fourier, frequencies: 8}`. The
keyword-only parameters are its options, with their types, defaults and descriptions; `crosstie check` knows them.
"""

from typing import Annotated

import torch
from annotated_types import Ge
from torch import Tensor, nn

from crosstie.models.encoders.encoder import Columns, Encoder, encoders


@encoders("fourier", of=("number",))
class Fourier(Encoder):
    """Numbers as sines and cosines of learned frequencies, beside the number itself.

    Args:
        frequencies: Waves a number.
        scale: Standard deviation of the first frequencies.
    """

    def __init__(
        self, columns: Columns, *, frequencies: Annotated[int, Ge(1)] = 4, scale: float = 1.0
    ) -> None:
        super().__init__()
        self.waves = nn.Parameter(torch.randn(len(columns.names), frequencies) * scale)
        self.widths = (1 + 2 * frequencies,) * len(columns.names)

    def forward(self, values: Tensor) -> Tensor:
        """[batch, columns] to [batch, columns, 1 + 2 * frequencies]."""
        angles = values.unsqueeze(-1) * self.waves
        return torch.cat([values.unsqueeze(-1), angles.sin(), angles.cos()], dim=-1)
