"""What a column looks like: all that a vote on its type and a warning about it need, and no more."""

from dataclasses import asdict, dataclass
from typing import Any, Literal

from crosstie.data.style import PLAIN, Style

Stored = Literal["text", "number", "integer", "bool", "date", "list", "empty"]


@dataclass(frozen=True)
class ColumnProfile:
    """One column, counted. Shares are of the present (not missing) cells and 0 when there are none.

    Attributes:
        name: The column's name in the table.
        rows: Rows looked at; `total_rows` are in the table.
        missing: How many of `rows` are missing.
        distinct: Different present texts among `rows`.
        top: Up to 20 most frequent texts with their counts, most frequent first.
        numbers: Share of cells that read as a finite number.
        integers: Share that read as a whole number.
        dates: Share that read as a date (a bare number is none).
        bools: Share that read as yes or no: true/false, yes/no, y/n, t/f, on/off, 0/1.
        lists: Share that are lists, stored or as JSON text; `max_items` is the longest one's length.
        vectors: Share that read as a row of `width` numbers; `width` is 0 when widths differ.
        infinities: Cells that hold an infinity.
        minimum: Of the numbers, as are `maximum`, `mean` and `std`; None when there are none.
        words: Mean number of words.
        length: Mean number of characters; `max_length` the most.
        ascending: Numbers or dates never fall from row to row (as a running id or a log does).
        earliest: Of the dates, as ISO text; "" when there are none. `latest` likewise.
        unparsed: Up to five cells that are no number where most are.
        stored: How the file holds it: text in a CSV, typed elsewhere; "empty" when nothing is present.
        style: How its numbers and dates are written.
    """

    name: str
    rows: int
    total_rows: int
    missing: int = 0
    distinct: int = 0
    top: tuple[tuple[str, int], ...] = ()
    numbers: float = 0.0
    integers: float = 0.0
    dates: float = 0.0
    bools: float = 0.0
    lists: float = 0.0
    max_items: int = 0
    vectors: float = 0.0
    width: int = 0
    infinities: int = 0
    minimum: float | None = None
    maximum: float | None = None
    mean: float | None = None
    std: float | None = None
    words: float = 0.0
    length: float = 0.0
    max_length: int = 0
    ascending: bool = False
    earliest: str = ""
    latest: str = ""
    unparsed: tuple[str, ...] = ()
    stored: Stored = "text"
    style: Style = PLAIN

    @property
    def present(self) -> int:
        """Rows that hold something."""
        return self.rows - self.missing

    @property
    def sampled(self) -> bool:
        """Whether only part of the table was looked at."""
        return self.rows < self.total_rows

    @property
    def constant(self) -> bool:
        """Whether every present cell is the same (or none is present)."""
        return self.distinct <= 1

    @property
    def unique(self) -> bool:
        """Whether every present cell is different, as an id's are."""
        return self.present > 1 and self.distinct == self.present

    def state(self) -> dict[str, Any]:
        """As JSON values, for `profile.json`."""
        return asdict(self)
