"""The cells of one column as a table holds them: the small seam behind `Table`.

`PlainCells` are Python values, as a request brings them; they need numpy only. `arrow_cells.ArrowCells` are an
Arrow array, as files bring them. Both give the same answers for the same values.
"""

import datetime as dt
import math
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, Literal, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from crosstie.data import parse
from crosstie.data.style import PLAIN, Style

Floats = NDArray[np.float64]
Codes = NDArray[np.int32]
Stored = Literal["text", "number", "integer", "bool", "date", "list", "class", "empty"]


class Cells(Protocol):
    """One column's cells."""

    @property
    def stored(self) -> Stored:
        """As `ColumnProfile.stored`."""

    def __len__(self) -> int:
        """Rows."""

    def take(self, rows: NDArray[np.int64]) -> Self:
        """Only these rows, in this order."""

    def slice(self, start: int, rows: int) -> Self:
        """At most `rows` rows from `start` on."""

    def join(self, others: "Sequence[Cells]") -> "Cells":
        """These cells with those of other tables below them."""

    def values(self) -> list[Any]:
        """The cells as Python values."""

    @property
    def distinct(self) -> tuple[Codes, list[str]]:
        """int32 codes `[rows]` into the different texts, -1 where missing; texts in order of appearance."""

    def numbers(self, style: Style) -> tuple[Floats, NDArray[np.bool_]]:
        """float64 `[rows]`, NaN where not a finite number; and which rows hold anything at all."""

    def dates(self, style: Style) -> tuple[Floats, NDArray[np.bool_]]:
        """Seconds since 1970 UTC `[rows]`, NaN where not a date; and which rows hold anything at all."""

    def vectors(self) -> tuple[list[list[float] | None], NDArray[np.bool_]]:
        """The numbers of each cell, None where it is no vector; and which rows hold anything at all."""

    def series(self) -> tuple[list[Floats | None], NDArray[np.bool_]]:
        """The numbers of each cell `[length, channels]`, None where it is no series; and which rows hold anything."""

    def media(self) -> list[Any]:
        """What a decoder of files can open, None where missing: str, bytes, arrays."""

    def examples(self, rows: NDArray[np.int64]) -> list[str]:
        """These cells as text."""


class PlainCells:
    """Python values of any type.

    Args:
        values: One for each row.
        missing: Texts that mean that nothing is there.
        stored: How the source holds them, where the values themselves do not say.
    """

    def __init__(
        self, values: Sequence[Any], missing: frozenset[str], *, stored: Stored | None = None
    ) -> None:
        self._values = values
        self._missing = missing
        self._stored = stored
        # not cached_property: its lock costs a request of one row 1 us a column
        self._known_texts: list[str | None] | None = None
        self._known_distinct: tuple[Codes, list[str]] | None = None

    def __len__(self) -> int:
        return len(self._values)

    @property
    def stored(self) -> Stored:
        """By the types of the values; mixed ones count as text."""
        if self._stored is not None:
            return self._stored
        there = zip(self._values, self._texts, strict=True)
        kinds = {_kind(cell) for cell, text in there if text is not None}
        if not kinds:
            return "empty"
        if kinds == {"integer", "number"}:
            return "number"
        return kinds.pop() if len(kinds) == 1 else "text"

    def take(self, rows: NDArray[np.int64]) -> "PlainCells":
        """See `Cells.take`."""
        values = self._values
        return PlainCells([values[i] for i in rows], self._missing, stored=self._stored)

    def slice(self, start: int, rows: int) -> "PlainCells":
        """See `Cells.slice`."""
        some = self._values[start : start + rows]
        return PlainCells(some, self._missing, stored=self._stored)

    def join(self, others: Sequence[Cells]) -> Cells:
        """See `Cells.join`."""
        values = list(self._values)
        for each in others:
            values += each.values()
        same = all(each.stored == self._stored for each in others)
        return PlainCells(values, self._missing, stored=self._stored if same else None)

    def values(self) -> list[Any]:
        """See `Cells.values`."""
        return list(self._values)

    @property
    def _texts(self) -> list[str | None]:
        if self._known_texts is None:
            missing = self._missing
            texts = map(parse.text, self._values)
            self._known_texts = [None if each in missing else each for each in texts]
        return self._known_texts

    @property
    def distinct(self) -> tuple[Codes, list[str]]:
        """See `Cells.distinct`."""
        if self._known_distinct is None:
            seen: dict[str, int] = {}
            codes = [
                -1 if each is None else seen.setdefault(each, len(seen)) for each in self._texts
            ]
            self._known_distinct = np.array(codes, np.int32), list(seen)
        return self._known_distinct

    def numbers(self, style: Style) -> tuple[Floats, NDArray[np.bool_]]:
        """See `Cells.numbers`."""
        missing = missing_numbers(self._missing)
        values, held = [], []
        for cell in self._values:
            kind = type(cell)
            if (kind is float or kind is int) and -1e300 < cell < 1e300:
                there = cell not in missing
                value = cell if there else math.nan
            else:
                value, there = self._number(cell, style)
            values.append(value)
            held.append(there)
        return np.array(values, np.float64), np.array(held, np.bool_)

    def _number(self, cell: Any, style: Style) -> tuple[float, bool]:
        text = parse.text(cell)
        if text is None or text in self._missing:
            return math.nan, False
        # a typed number has no decimal comma, whatever the column's text has
        value = parse.number(text, style if isinstance(cell, str) else PLAIN)
        return (math.nan if value is None else value), True

    def dates(self, style: Style) -> tuple[Floats, NDArray[np.bool_]]:
        """See `Cells.dates`."""
        return spread(self.distinct, lambda texts: parse.dates(texts, style))

    def vectors(self) -> tuple[list[list[float] | None], NDArray[np.bool_]]:
        """See `Cells.vectors`."""
        held = np.array([each is not None for each in self._texts], np.bool_)
        return [
            parse.vector(each) if there else None
            for each, there in zip(self._values, held, strict=True)
        ], held

    def series(self) -> tuple[list[Floats | None], NDArray[np.bool_]]:
        """See `Cells.series`."""
        found = [parse.series(each, self._missing) for each in self._values]
        texts = zip(found, self._values, strict=True)  # what was read need not be written out again
        held = [each is not None or parse.held(value, self._missing) for each, value in texts]
        return found, np.array(held, np.bool_)

    def media(self) -> list[Any]:
        """See `Cells.media`."""
        return [parse.media(each, self._missing) for each in self._values]

    def examples(self, rows: NDArray[np.int64]) -> list[str]:
        """See `Cells.examples`."""
        return [self._texts[i] or "" for i in rows]


@lru_cache(maxsize=64)
def missing_numbers(words: frozenset[str]) -> frozenset[float]:
    """Those of the missing words that are numbers: what a typed column has in their place."""
    return frozenset(each for word in words if (each := parse.number(word)) is not None)


def spread(
    distinct: tuple[Codes, list[str]], read: Callable[[list[str]], Floats]
) -> tuple[Floats, NDArray[np.bool_]]:
    """Read each different text once, then give every row its value."""
    codes, texts = distinct
    values = np.append(read(texts), np.nan)  # code -1 takes the last
    return values[codes], codes >= 0


def _kind(cell: Any) -> Stored:
    if isinstance(cell, bool | np.bool_):
        return "bool"
    if isinstance(cell, int | np.integer):
        return "integer"
    if isinstance(cell, dt.date | np.datetime64):
        return "date"
    if isinstance(cell, list | tuple | np.ndarray | set | frozenset):
        return "list"
    return "text" if isinstance(cell, str) else "number"
