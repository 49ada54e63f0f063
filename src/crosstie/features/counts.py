"""What stood in a column beside values that a model can use."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from crosstie.data.column import Column


@dataclass(frozen=True)
class Counts:
    """What stood in one column beside usable values.

    Attributes:
        rows: Rows looked at.
        missing: Cells that are empty, or that could not be read.
        unparsed: Cells that hold something unreadable, with up to five `unparsed_examples` as written.
        unseen: Rows with a value that training never saw, or too rarely to keep.
        absent: Whether the table has no such column; then every row counts as missing.
        cut: Rows with more tokens than are read, where there is to be a tag for each.
        pieces: How many pieces of words a row may have, where some of those rows have more; else 0.
    """

    rows: int
    missing: int = 0
    unparsed: int = 0
    unseen: int = 0
    unparsed_examples: tuple[str, ...] = ()
    absent: bool = False
    cut: int = 0
    pieces: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        """Of both tables together."""
        return Counts(
            self.rows + other.rows,
            self.missing + other.missing,
            self.unparsed + other.unparsed,
            self.unseen + other.unseen,
            tuple(dict.fromkeys(self.unparsed_examples + other.unparsed_examples))[:5],
            self.absent and other.absent,
            self.cut + other.cut,
            max(self.pieces, other.pieces),
        )

    def cut_note(self, name: str) -> str:
        """What a person should know of rows that are too long, of a column of that name."""
        why = (
            f"{self.pieces} pieces of words are read, as many as the longest training row has or the published network can"
            if self.pieces
            else "see preprocessing.max_sequence_length"
        )
        return (
            f"column {name!r}: {self.cut} of {self.rows} rows have more tokens than are read; those behind "
            f"have no tag ({why})"
        )

    def to_json(self) -> dict[str, Any]:
        """As JSON values."""
        return {**asdict(self), "unparsed_examples": list(self.unparsed_examples)}


def count(column: Column, unseen: int, clean: Counts, *, absent: bool = False) -> Counts:
    """Of one column; `clean` is what to return where there is nothing to say."""
    missing = clean.rows - int(np.count_nonzero(column.valid))
    if not missing and not unseen:
        return clean
    return Counts(clean.rows, missing, column.unparsed, unseen, column.unparsed_examples, absent)
