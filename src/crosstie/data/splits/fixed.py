"""Rows where a column says they belong."""

import numpy as np

from crosstie.data.keys import Rows, level_codes
from crosstie.data.split import TEST, TRAIN, VALIDATION, Assignment, Split, splits
from crosstie.errors import DataError, Problem

_PARTS = (
    ("0", "train", "training"),
    ("1", "validation", "valid", "val", "dev"),
    ("2", "test", "testing"),
)
_MEANING = (
    dict.fromkeys(_PARTS[0], TRAIN)
    | dict.fromkeys(_PARTS[1], VALIDATION)
    | dict.fromkeys(_PARTS[2], TEST)
)


@splits("fixed")
class Fixed(Split):
    """As the table says: 0, 1 and 2, or train, validation and test.

    Args:
        column: The column that says so. It is no input.
    """

    def __init__(self, *, column: str = "split") -> None:
        self.column = column
        self.columns = (column,)

    def assign(self, source: Rows, *, target: str | None, seed: int) -> Assignment:
        """See `Split.assign`."""
        codes, levels = level_codes(source, self.column)
        meant = [_MEANING.get(each.lower(), -1) for each in levels]
        found: Assignment = np.array([*meant, -1], np.int8)[codes]
        unclear = np.flatnonzero(found < 0)
        if len(unclear):
            shown = ", ".join(str(row + 1) for row in unclear[:5]) + (
                ", …" if len(unclear) > 5 else ""
            )
            others = [each for each, place in zip(levels, meant, strict=True) if place < 0]
            what = ", ".join(map(repr, others[:5])) or "nothing"
            raise DataError(
                Problem(
                    f"column {self.column!r}",
                    f"{len(unclear)} rows (the first are {shown}) hold {what}. "
                    "Write 0, 1, 2 or train, validation, test in every row.",
                )
            )
        if not (found == TRAIN).any():
            raise DataError(
                Problem(f"column {self.column!r}", "no row is for training (0 or train)")
            )
        return found
