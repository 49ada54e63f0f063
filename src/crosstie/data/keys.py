"""A column that rows are parted by, as one number a row: the table goes by in chunks, its texts are not kept."""

from collections.abc import Iterator, Sequence
from hashlib import blake2b
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from crosstie.data.table import Table


class Rows(Protocol):
    """What a split needs of a `Source`."""

    name: str
    columns: tuple[str, ...]
    rows: int
    notes: list[str]

    def table(self, columns: Sequence[str] | None = None) -> Table:
        """The rows, with these columns."""

    def chunks(self, rows: int = ..., columns: Sequence[str] | None = None) -> Iterator[Table]:
        """The same in pieces of at most so many rows."""


def level_codes(source: Rows, column: str) -> tuple[NDArray[np.int32], tuple[str, ...]]:
    """Codes of a column's levels in the order they come, -1 where missing, and the levels.

    Holds 4 bytes a row, and each level once.
    """
    codes = np.empty(source.rows, np.int32)
    seen: dict[str, int] = {}
    start = 0
    for table in source.chunks(columns=[column]):
        levels = table.column(column, "levels")
        places = np.array([*(seen.setdefault(each, len(seen)) for each in levels.levels), -1])
        codes[start : start + len(table)] = places[np.asarray(levels.values)]
        start += len(table)
    return codes, tuple(seen)


def group_codes(source: Rows, column: str) -> NDArray[np.int64]:
    """A number for each group, in the order they come; a row where it is missing is a group of its own.

    Holds 16 bytes a row, 40 for a moment: a text is its hash of 64 bits, so that as many groups as rows cost no
    more. That two of ten million texts have the same, and so are one group, happens once in 300,000 tables.
    """
    hashes = np.empty(source.rows, np.int64)
    valid = np.empty(source.rows, np.bool_)
    start = 0
    for table in source.chunks(columns=[column]):
        levels = table.column(column, "levels")
        rows = slice(start, start + len(table))
        known = np.array([*map(_hash, levels.levels), 0], np.int64)
        hashes[rows] = known[np.asarray(levels.values)]
        valid[rows] = levels.valid
        start += len(table)
    codes = np.empty(source.rows, np.int64)
    _, first, places = np.unique(hashes[valid], return_index=True, return_inverse=True)
    order = np.empty(len(first), np.int64)
    order[np.argsort(first)] = np.arange(len(first))
    codes[valid] = order[places]
    codes[~valid] = len(first) + np.arange(int((~valid).sum()))
    return codes


def _hash(text: str) -> int:
    digest = blake2b(text.encode(errors="surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)
