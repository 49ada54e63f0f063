"""`Table`: rows and columns as they were read, and the one door from there to typed columns.

It stands on Arrow arrays (files, frames, SQL) or on plain Python values (a request in production, where no
pyarrow is installed), column by column; nothing of either gets past `column` and `cells`.
"""

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crosstie.config.wording import brief
from crosstie.data import parse
from crosstie.data.cells import Cells, PlainCells, Stored
from crosstie.data.column import Column, Form
from crosstie.data.style import PLAIN, Style
from crosstie.errors import DataError, nearest


class Table:
    """Some rows of a table.

    Args:
        cells: By column name, in order; all of one length.
        rows: How many rows, which columns alone do not say when there are none.
        folders: What relative paths in its cells are relative to: one folder, or one a row.

    Examples:
        >>> table = Table.from_columns({"age": [29, None], "sex": ["female", "?"]})
        >>> table.column("age", "number").values
        array([29., nan])
        >>> table.cells("sex")
        ['female', None]
    """

    def __init__(
        self, cells: Mapping[str, Cells], rows: int, folders: str | NDArray[np.object_] = ""
    ) -> None:
        self._made: dict[str, Cells] | None = dict(cells)
        self._rows = rows
        self._folders = folders
        # one row of Python values and the words that mean missing, for who can make short work of it
        self.row: tuple[Mapping[str, Any], frozenset[str]] | None = None

    @property
    def _cells(self) -> dict[str, Cells]:
        if self._made is None:  # one row, of which nobody asked for a column
            row, words = self.row or ({}, frozenset())
            self._made = {str(name): PlainCells([cell], words) for name, cell in row.items()}
        return self._made

    @classmethod
    def from_columns(
        cls, columns: Mapping[str, Sequence[Any]], *, missing: Sequence[str] | None = None
    ) -> "Table":
        """A table of Python values or arrays by column.

        Args:
            columns: All of one length.
            missing: Texts that mean that nothing is there, in place of `parse.MISSING`.

        Raises:
            DataError: Columns differ in length.
        """
        lengths = {str(name): len(values) for name, values in columns.items()}
        if len(set(lengths.values())) > 1:
            usual = Counter(lengths.values()).most_common(1)[0][0]
            odd = next(name for name, length in lengths.items() if length != usual)
            raise DataError(
                f"column {odd!r}: {lengths[odd]} values where other columns have {usual}. "
                "Give every column the same number of values."
            )
        words = frozenset(parse.MISSING if missing is None else missing)
        cells = {str(name): PlainCells(_listed(values), words) for name, values in columns.items()}
        return cls(cells, next(iter(lengths.values()), 0))

    @classmethod
    def from_rows(
        cls, rows: Sequence[Mapping[str, Any]], *, missing: Sequence[str] | None = None
    ) -> "Table":
        """A table of mappings; a key that a row lacks is missing there."""
        words = frozenset(parse.MISSING if missing is None else missing)
        if len(rows) == 1:
            table = cls({}, 1)
            table._made, table.row = None, (rows[0], words)
            return table
        names = list(rows[0]) if rows else []
        if any(len(row) != len(names) or any(name not in row for name in names) for row in rows):
            names = list(dict.fromkeys(name for row in rows for name in row))
        cells = {str(name): PlainCells([row.get(name) for row in rows], words) for name in names}
        return cls(cells, len(rows))

    @classmethod
    def from_arrow(cls, table: Any, *, missing: Sequence[str] | None = None) -> "Table":
        """A table on the columns of a `pyarrow.Table` or `RecordBatch`; nothing is copied."""
        from crosstie.data.arrow_cells import ArrowCells  # pyarrow, 131 ms

        words = frozenset(parse.MISSING if missing is None else missing)
        names = [str(name) for name in table.schema.names]
        cells = {
            name: ArrowCells(array, words) for name, array in zip(names, table.columns, strict=True)
        }
        return cls(cells, table.num_rows)

    @classmethod
    def from_array(cls, name: str, array: Any, *, missing: Sequence[str] | None = None) -> "Table":
        """A table of one column, a pyarrow array."""
        from crosstie.data.arrow_cells import ArrowCells

        words = frozenset(parse.MISSING if missing is None else missing)
        return cls({name: ArrowCells(array, words)}, len(array))

    @classmethod
    def beside(cls, tables: Sequence["Table"], rows: int) -> "Table":
        """The columns of several tables of `rows` rows side by side."""
        return cls({name: each for table in tables for name, each in table._cells.items()}, rows)  # noqa: SLF001 - its own class

    @property
    def columns(self) -> tuple[str, ...]:
        """Names, in order."""
        return tuple(self._cells)

    def __len__(self) -> int:
        return self._rows

    def __repr__(self) -> str:
        names = ", ".join(self.columns[:8]) + (", …" if len(self.columns) > 8 else "")
        return f"Table({self._rows} rows of {names})"

    def select(self, columns: Sequence[str]) -> "Table":
        """The same rows with these columns only."""
        return Table({name: self._of(name) for name in columns}, self._rows, self._folders)

    def within(self, folder: str) -> "Table":
        """The same rows, whose relative paths are relative to `folder`, a path or an address."""
        return Table(self._cells, self._rows, folder)

    def derived(self, columns: Sequence[str], passed: Mapping[str, str], made: "Table") -> "Table":
        """The same rows with other columns: some of this table's under new names, and others worked out.

        Args:
            columns: Names, in order.
            passed: New name to the one here; a column that is not here is not there either.
            made: The other columns, of the same rows.
        """
        if self.row is not None and made.row is not None:
            (row, words), (more, _) = self.row, made.row
            known = {new: row[old] for new, old in passed.items() if old in row}
            table = Table({}, 1, self._folders)
            both = {**known, **more}
            table._made, table.row = None, ({name: both[name] for name in columns if name in both}, words)  # fmt: skip
            return table
        cells = {new: self._cells[old] for new, old in passed.items() if old in self._cells}
        cells |= made._cells  # noqa: SLF001 - its own class
        found = {name: cells[name] for name in columns if name in cells}
        return Table(found, self._rows, self._folders)

    @classmethod
    def concat(cls, tables: Sequence["Table"], columns: Sequence[str]) -> "Table":
        """Tables with the same columns one below the other; `columns` are those of none."""
        if len(tables) == 1:
            return tables[0]
        if not tables:
            return cls.from_columns({name: [] for name in columns})
        first, *others = tables
        cells = {
            name: first._of(name).join([each._of(name) for each in others])  # noqa: SLF001 - its own class
            for name in columns
        }
        return cls(cells, sum(map(len, tables)), _together(tables))

    def slice(self, start: int, rows: int) -> "Table":
        """At most `rows` rows from `start` on; nothing is copied where that can be helped."""
        rows = max(0, min(rows, len(self) - start))
        cells = {name: each.slice(start, rows) for name, each in self._cells.items()}
        return Table(cells, rows, _picked(self._folders, slice(start, start + rows)))

    def take(self, rows: NDArray[np.int64]) -> "Table":
        """Only these rows, in this order."""
        rows = np.asarray(rows, np.int64)
        cells = {name: each.take(rows) for name, each in self._cells.items()}
        return Table(cells, len(rows), _picked(self._folders, rows))

    def stored(self, name: str) -> Stored:
        """How the source holds the column: as `ColumnProfile.stored`."""
        return self._of(name).stored

    def distinct(self, name: str) -> tuple[NDArray[np.int32], list[str]]:
        """The column by its different texts: int32 codes `[rows]`, -1 where missing, and the texts."""
        return self._of(name).distinct

    def cells(self, name: str) -> list[str | None]:
        """The column's cells as text, None where missing."""
        codes, texts = self._of(name).distinct
        known: list[str | None] = [*texts, None]
        return [known[code] for code in codes.tolist()]

    def column(self, name: str, form: Form, *, style: Style = PLAIN) -> Column:
        """The column as arrays in the form that a feature type reads.

        Args:
            name: One of `columns`.
            form: See `Column.values`.
            style: How the column writes numbers and dates, as its profile found.

        Raises:
            DataError: There is no such column.
        """
        cells = self._of(name)
        match form:
            case "number":
                return _read(name, cells, *cells.numbers(style))
            case "date":
                return _read(name, cells, *cells.dates(style))
            case "levels":
                return _levels(name, cells)
            case "text":
                texts = self.cells(name)
                valid = np.array([each is not None for each in texts], np.bool_)
                return Column(name, [each or "" for each in texts], valid)
            case "vector":
                return _vectors(name, cells)
            case "series":
                return _series(name, cells)
            case "media":
                return _media(name, cells, self._folders)

    def _of(self, name: str) -> Cells:
        try:
            return self._cells[name]
        except KeyError:
            raise DataError(
                f"column {name!r}: the table has no such column; {nearest(name, self.columns)}"
            ) from None


def _picked(folders: str | NDArray[np.object_], rows: Any) -> str | NDArray[np.object_]:
    return folders if isinstance(folders, str) else folders[rows]


def _together(tables: Sequence[Table]) -> str | NDArray[np.object_]:
    """The folders of tables one below the other."""
    folders = [each._folders for each in tables]  # noqa: SLF001 - its own module
    first = folders[0]
    if all(isinstance(each, str) and each == first for each in folders):
        return first
    parts = [np.full(len(table), 0, object) for table in tables]
    for part, each in zip(parts, folders, strict=True):
        part[:] = each
    return np.concatenate(parts)


def _media(name: str, cells: Cells, folders: str | NDArray[np.object_]) -> Column:
    found = cells.media()
    valid = np.array([each is not None for each in found], np.bool_)
    every = [folders] * len(found) if isinstance(folders, str) else folders
    values = [
        below(folder, each) if folder and isinstance(each, str) else each
        for folder, each in zip(every, found, strict=True)
    ]
    return Column(name, values, valid)


def below(folder: str, path: str) -> str:
    """A path as a table in `folder` means it; absolute ones and addresses (`s3://…`, `data:…`) stay.

    Examples:
        >>> below("data", "a.png"), below("s3://shop/july", "a.png"), below("data", "https://example.org/a.png")
        ('data/a.png', 's3://shop/july/a.png', 'https://example.org/a.png')
    """
    if "://" in path or path.startswith("data:"):
        return path
    if "://" in folder:
        return f"{folder}/{path}"
    return os.path.join(folder, os.path.expanduser(path))  # noqa: PTH111, PTH118 - 100,000 a second more


def _listed(values: Any) -> Sequence[Any]:
    return (
        values.tolist()
        if isinstance(values, np.ndarray) and values.dtype.kind in "iubU"
        else list(values)
    )


def _read(name: str, cells: Cells, values: Any, held: NDArray[np.bool_]) -> Column:
    valid = values == values  # noqa: PLR0124 - false for NaN, the quickest way for one row
    if valid.all():
        return Column(name, values, valid)
    return _with_examples(Column(name, values, valid), cells, held & ~valid)


def _with_examples(column: Column, cells: Cells, unreadable: NDArray[np.bool_]) -> Column:
    rows = np.flatnonzero(unreadable)
    if not len(rows):
        return column
    examples = dict.fromkeys(map(brief, cells.examples(rows[:1000])))
    return replace(column, unparsed=len(rows), unparsed_examples=tuple(examples)[:5])


def _levels(name: str, cells: Cells) -> Column:
    codes, texts = cells.distinct
    levels = list(map(parse.level, texts))
    if levels != texts:
        seen: dict[str, int] = {}
        places = np.array([*(seen.setdefault(each, len(seen)) for each in levels), -1], np.int32)
        codes, levels = places[codes], list(seen)
    return Column(name, codes, codes >= 0, levels=tuple(levels))


def _series(name: str, cells: Cells) -> Column:
    found, held = cells.series()
    widths = Counter(each.shape[1] for each in found if each is not None)
    width = min(widths, key=lambda each: (-widths[each], each)) if widths else 0
    values = [each if each is not None and each.shape[1] == width else None for each in found]
    valid = np.array([each is not None for each in values], np.bool_)
    return _with_examples(Column(name, values, valid), cells, held & ~valid)


def _vectors(name: str, cells: Cells) -> Column:
    found, held = cells.vectors()
    widths = Counter(len(each) for each in found if each is not None)
    width = min(widths, key=lambda each: (-widths[each], each)) if widths else 0
    values = np.full((len(found), width), np.nan)
    valid = np.array([each is not None and len(each) == width for each in found], np.bool_)
    for row in np.flatnonzero(valid):
        values[row] = found[row]
    return _with_examples(Column(name, values, valid), cells, held & ~valid)
