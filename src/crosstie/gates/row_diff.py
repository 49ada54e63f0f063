"""Two versions of a table compared row by row: what code changed where its inputs did not.

Rows are told by a key, cells are compared exactly. Where samples of moving data are compared by their shape (see
`evaluation.drift`), here a single cell that is another is found and counted.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crosstie.config.wording import hint
from crosstie.data.read import open_source
from crosstie.data.style import PLAIN
from crosstie.data.table import Table
from crosstie.errors import ConfigError

SHOWN = 5  # rows of a column that are named


@dataclass(frozen=True)
class ColumnDiff:
    """What became of a column in the rows that both tables have.

    Attributes:
        kind: What it holds before and after: `number`, `text` or `empty`.
        stored: How the two tables store it: `text` in a CSV, typed elsewhere.
        changed: Share of rows whose cell is another.
        rows: How many.
        max_delta: Of numbers, the largest change; None otherwise.
        new_missing: Cells that held something and hold nothing.
        no_longer_missing: Cells that held nothing and hold something.
        range: Smallest and largest before and after; None unless both are numbers.
        distinct: Different values before and after, of all rows.
        examples: Of some changed rows, (key, before, after), those of numbers that moved furthest first.
    """

    kind: tuple[str, str]
    stored: tuple[str, str]
    changed: float
    rows: int
    max_delta: float | None
    new_missing: int
    no_longer_missing: int
    range: tuple[tuple[float, float], tuple[float, float]] | None
    distinct: tuple[int, int]
    examples: Sequence[tuple[str, str | None, str | None]]

    @property
    def same(self) -> bool:
        """Whether nothing of it changed."""
        return not self.rows and self.kind[0] == self.kind[1] and self.stored[0] == self.stored[1]


@dataclass(frozen=True)
class RowDiff:
    """How two versions of a table differ.

    Attributes:
        rows: Of the first and of the second.
        shared: How many keys both have.
        added: Keys that only the second has; lost: that only the first has.
        lost: Likewise.
        repeated: Rows whose key an earlier row has, in the first and in the second; the first of them is compared.
        changed: Rows with any cell that is another.
        columns: By name, of those that both have.
        new_columns: That only the second has.
        lost_columns: That only the first has.
    """

    rows: tuple[int, int]
    shared: int
    added: int
    lost: int
    repeated: tuple[int, int]
    changed: int
    columns: Mapping[str, ColumnDiff]
    new_columns: Sequence[str]
    lost_columns: Sequence[str]

    @property
    def same(self) -> bool:
        """Whether the tables hold the same rows, in whatever order."""
        counts = (self.added, self.lost, self.changed, *self.new_columns, *self.lost_columns)
        alike = self.rows[0] == self.rows[1] and all(each.same for each in self.columns.values())
        return alike and not any(counts)

    def state(self) -> dict[str, Any]:
        """As JSON values."""
        return {"same": self.same, **asdict(self)}


def row_diff(before: Any, after: Any, key: str | Sequence[str]) -> RowDiff:
    """Compare two versions of a table.

    Args:
        before: The one that was, as for `data.read.open_source`.
        after: The one that is.
        key: Columns that name a row.

    Raises:
        ConfigError: A table lacks the key.

    Examples:
        >>> was = {"id": [1, 2, 3], "pay": [10.0, 20.0, 30.0]}
        >>> now = {"id": [2, 1, 4], "pay": [20.0, 11.5, 40.0]}
        >>> found = row_diff(was, now, "id")
        >>> found.shared, found.added, found.lost, found.columns["pay"].max_delta
        (2, 1, 1, 1.5)
    """
    keys = [key] if isinstance(key, str) else list(key)
    tables = open_source(before).table(), open_source(after).table()
    for table, which in zip(tables, ("before", "after"), strict=True):
        for name in keys:
            if name not in table.columns:
                near = hint(name, table.columns)
                raise ConfigError(f"key: the table {which} has no column {name!r}; {near}")
    places = [_places(each, keys) for each in tables]
    shared = [each for each in places[0] if each in places[1]]
    rows = [np.array([each[name] for name in shared], np.int64) for each in places]
    changed = np.zeros(len(shared), np.bool_)
    columns = {}
    both = [name for name in tables[0].columns if name in tables[1].columns and name not in keys]
    for name in both:
        columns[name], other = _column(name, tables, (rows[0], rows[1]), shared)
        changed |= other
    return RowDiff(
        rows=(len(tables[0]), len(tables[1])),
        shared=len(shared),
        added=len(places[1]) - len(shared),
        lost=len(places[0]) - len(shared),
        repeated=(len(tables[0]) - len(places[0]), len(tables[1]) - len(places[1])),
        changed=int(changed.sum()),
        columns=columns,
        new_columns=[each for each in tables[1].columns if each not in tables[0].columns],
        lost_columns=[each for each in tables[0].columns if each not in tables[1].columns],
    )


def _places(table: Table, keys: Sequence[str]) -> dict[tuple[str | None, ...], int]:
    """The first row of each key."""
    found: dict[tuple[str | None, ...], int] = {}
    parts = []
    for name in keys:
        column = table.column(name, "levels")  # 1 and 1.0 are one key
        known: list[str | None] = [*column.levels, None]
        parts.append([known[code] for code in np.asarray(column.values).tolist()])
    for row, each in enumerate(zip(*parts, strict=True)):
        found.setdefault(each, row)
    return found


def _column(
    name: str,
    tables: tuple[Table, Table],
    rows: tuple[NDArray[np.int64], NDArray[np.int64]],
    shared: Sequence[tuple[str | None, ...]],
) -> tuple[ColumnDiff, NDArray[np.bool_]]:
    """What became of a column, and which of the shared rows hold another cell `[shared]`."""
    kinds = _kind(tables[0], name), _kind(tables[1], name)
    texts = [
        np.array(table.cells(name), object)[place]
        for table, place in zip(tables, rows, strict=True)
    ]
    missing = [np.array([each is None for each in part], np.bool_) for part in texts]
    other = np.asarray(texts[0] != texts[1], np.bool_)
    deltas = np.zeros(len(shared))
    ends = None
    if kinds == ("number", "number"):
        whole = [np.asarray(each.column(name, "number", style=PLAIN).values) for each in tables]
        numbers = [each[place] for each, place in zip(whole, rows, strict=True)]
        known = ~missing[0] & ~missing[1]
        deltas[known] = np.abs(numbers[1][known] - numbers[0][known])
        other = np.where(known, deltas != 0, missing[0] != missing[1])  # 1 and 1.0 are one number
        first, second = ((float(np.nanmin(each)), float(np.nanmax(each))) for each in whole)
        ends = first, second
    order = np.argsort(-deltas, kind="stable")
    some = order[other[order]][:SHOWN]
    return ColumnDiff(
        kind=kinds,
        stored=(tables[0].stored(name), tables[1].stored(name)),
        changed=float(other.mean()) if len(other) else 0.0,
        rows=int(other.sum()),
        max_delta=float(deltas.max(initial=0.0)) if ends is not None else None,
        new_missing=int((missing[1] & ~missing[0]).sum()),
        no_longer_missing=int((missing[0] & ~missing[1]).sum()),
        range=ends,
        distinct=(len(tables[0].distinct(name)[1]), len(tables[1].distinct(name)[1])),
        examples=[
            (
                ", ".join("" if each is None else each for each in shared[i]),
                texts[0][i],
                texts[1][i],
            )
            for i in some.tolist()
        ],
    ), other


def _kind(table: Table, name: str) -> str:
    """`number` where every cell reads as one."""
    codes, texts = table.distinct(name)
    if not (codes >= 0).any():
        return "empty"
    column = table.column(name, "number")
    return "text" if column.unparsed or not column.valid.any() or not texts else "number"
