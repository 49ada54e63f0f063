"""Numbers in time as vectors, with a mask of what is there and what comes after a row's end."""

import torch
from torch import Tensor, nn

from crosstie.errors import ConfigError, Problem
from crosstie.models.encoders.encoder import Columns
from crosstie.models.layers.dropout import Dropout
from crosstie.models.layers.tokens import Characters, TokenVectors, filters_of


class StepVectors(nn.Module):
    """A vector for each step of a series: a product of its channels and of marks where one is missing.

    Args:
        channels: Numbers a step.
        width: Of a vector.
        dropout: Share of the entries set to 0 in training.
    """

    def __init__(self, channels: int, width: int, *, dropout: float = 0.0) -> None:
        super().__init__()
        self.width = width
        self.product = nn.Linear(2 * channels, width)
        self.dropout = Dropout(dropout)

    def forward(self, values: Tensor) -> tuple[Tensor, Tensor]:
        """`[batch, length, channels]`, NaN where missing, to (vectors `[batch, length, width]`, bool `[batch, length]`)."""
        missing = values.isnan()
        present = before_end(missing)
        filled = torch.cat([values.masked_fill(missing, 0.0), missing.to(values.dtype)], dim=-1)
        vectors: Tensor = self.dropout(self.product(filled)) * present.unsqueeze(-1)
        return vectors, present


def before_end(missing: Tensor) -> Tensor:
    """Which steps come no later than the last one that holds a number: `[batch, length, channels]` to `[batch, length]`."""
    places = torch.arange(1, missing.shape[1] + 1, device=missing.device)
    last = ((~missing).any(-1) * places).amax(1, keepdim=True)
    return places <= last


def vectors_of(
    columns: Columns, width: int, *, dropout: float, characters: Characters = False
) -> TokenVectors | StepVectors:
    """What makes vectors of a row that encoders read in order: of ids, or of a series' numbers.

    Raises:
        ConfigError: Letters are asked for where there are none.
    """
    if characters and not columns.letters:
        raise ConfigError(
            Problem(
                "characters",
                f"{columns.type} input has no letters beside its tokens. Leave it out.",
            )
        )
    if columns.shape:
        return StepVectors(columns.shape[1], width, dropout=dropout)
    return TokenVectors(
        columns.sizes[0],
        width,
        dropout=dropout,
        letters=columns.letters,
        filters=filters_of(characters),
    )


def length_of(columns: Columns) -> int:
    """Steps or ids in a row, padding included."""
    return columns.shape[0] if columns.shape else columns.length
