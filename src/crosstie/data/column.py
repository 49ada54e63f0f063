"""A raw column on its way to a feature: numpy arrays and Python strings, nothing of a dataframe library."""

from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Form = Literal["number", "levels", "text", "date", "vector", "series", "media"]


@dataclass(frozen=True)
class Column:
    """One column of a table in the form that a feature type reads.

    Attributes:
        name: The column's name in the user's table.
        values: By form. number: float64 `[rows]`, NaN where not valid. levels: int32 codes `[rows]` into
            `levels`, -1 where not valid. text: a list of str, "" where not valid. date: float64 `[rows]`,
            seconds since 1970 UTC, NaN where not valid. vector: float64 `[rows, width]`, NaN where not valid.
            series: a list of float64 `[length, channels]`, each of its own length, NaN where a number is missing
            inside; None where not valid.
            media: a list of what a decoder opens, None where not valid: paths and addresses as str (relative
            paths are put below the folder of the table's file), bytes, arrays.
        valid: bool `[rows]`; False where the cell is missing or cannot be read in this form.
        levels: The distinct texts, only for the form levels.
        unparsed: How many cells held something that could not be read in this form (they count as missing).
        unparsed_examples: Up to five of those, as written.
    """

    name: str
    values: NDArray[Any] | list[Any]
    valid: NDArray[np.bool_]
    levels: tuple[str, ...] = ()
    unparsed: int = 0
    unparsed_examples: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.valid)

    def take(self, rows: NDArray[np.int64]) -> "Column":
        """The same column with only these rows, in this order."""
        values = (
            [self.values[i] for i in rows] if isinstance(self.values, list) else self.values[rows]
        )
        return replace(self, values=values, valid=self.valid[rows])
