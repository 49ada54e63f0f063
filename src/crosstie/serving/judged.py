"""Which rows an evaluation could not judge, and why."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from crosstie.data.table import Table


@dataclass
class Judged:
    """How many rows an evaluation looked at, and how many it could not judge.

    Attributes:
        rows: All of them.
        missing: Without a value of the target.
        unknown: With one that the model cannot predict; `examples` of them.
        cut: Whether rows are windows: what is missing then are steps before or after.
    """

    rows: int = 0
    missing: int = 0
    unknown: int = 0
    cut: bool = False
    examples: list[str] = field(default_factory=list)

    @property
    def left_out(self) -> int:
        """Rows that no metric counts."""
        return self.missing + self.unknown

    def add(self, table: Table, column: str, usable: NDArray[np.bool_]) -> None:
        """Count the rows of another piece."""
        odd = np.flatnonzero(~usable)
        self.rows += len(usable)
        if len(odd):
            cells = [] if self.cut else table.take(odd).cells(column)
            found = [text for text in cells if text is not None]
            self.unknown += len(found)
            self.missing += len(odd) - len(found)
            self.examples = list(dict.fromkeys([*self.examples, *found]))[:3]

    def notes(self, column: str) -> list[str]:
        """One sentence, if rows are left out."""
        if not self.left_out:
            return []
        what = "not all steps before or after them" if self.cut else "no value"
        why = (
            [f"{self.missing} {'has' if self.missing == 1 else 'have'} {what}"]
            if self.missing
            else []
        )
        if self.unknown:
            shown = ", ".join(map(repr, self.examples))
            hold = "holds" if self.unknown == 1 else "hold"
            why.append(f"{self.unknown} {hold} what the model cannot predict, for example {shown}")
        what = f"{self.left_out} of {self.rows} rows are left out"
        return [f"column {column!r}: {what}: {'; '.join(why)}"]
