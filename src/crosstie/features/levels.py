"""Counting distinct texts in pieces, choosing which to keep, and putting them in an order people expect."""

from collections import Counter
from collections.abc import Iterable
from hashlib import blake2b
from typing import Self

import numpy as np
from numpy.typing import NDArray

from crosstie.data.column import Column

ROOM = 2_000_000  # distinct texts held while counting; beyond it those seen once are forgotten
ENOUGH_ROWS = 100  # from here on a text seen once says more as "unknown" than as itself


class LevelCounts:
    """How often each text was seen, mergeable, and in how many rows."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.rows = 0

    def add(self, texts: Iterable[str], rows: int) -> None:
        """Count `texts`, which came from so many rows."""
        self.counts.update(texts)
        self.rows += rows
        self._bound()

    def add_column(self, column: Column, *, lowercase: bool = False) -> None:
        """Count a column of the form levels, level by level rather than row by row."""
        codes = codes_of(column)
        seen = np.bincount(codes[codes >= 0], minlength=len(column.levels))
        for place in np.flatnonzero(seen):
            text = column.levels[place]
            self.counts[text.lower() if lowercase else text] += int(seen[place])
        self.rows += len(column)
        self._bound()

    def merge(self, other: Self) -> None:
        """Take over what `other` has counted."""
        self.counts.update(other.counts)
        self.rows += other.rows
        self._bound()

    def kept(self, *, most_common: int, min_frequency: int | None) -> list[tuple[str, int]]:
        """(text, count) of those to keep, by falling count, then by text.

        Args:
            most_common: At most so many.
            min_frequency: Seen at least so often; None is 2 from `ENOUGH_ROWS` rows on, else 1.
        """
        least = min_frequency or (2 if self.rows >= ENOUGH_ROWS else 1)
        found = [each for each in self.counts.items() if each[1] >= least]
        return sorted(found, key=lambda each: (-each[1], each[0]))[:most_common]

    def _bound(self) -> None:
        if len(self.counts) > ROOM:
            self.counts = Counter({text: count for text, count in self.counts.items() if count > 1})


def codes_of(column: Column) -> NDArray[np.int32]:
    """The codes of a column of the form levels: int32 `[rows]`, -1 where missing."""
    assert isinstance(column.values, np.ndarray)
    return column.values.astype(np.int32, copy=False)


def look_up(column: Column, codes: Iterable[int], *, missing: int) -> NDArray[np.int32]:
    """Each row's code: `codes` has one for every level of the column, `missing` stands for no value."""
    table = np.fromiter((*codes, missing), np.int32, len(column.levels) + 1)
    return table[codes_of(column)]  # -1 takes the last


def natural(texts: Iterable[str]) -> list[str]:
    """Sorted, by number where all of them are numbers.

    Examples:
        >>> natural(["10", "9", "b"]), natural(["10", "9", "-1.5"])
        (['10', '9', 'b'], ['-1.5', '9', '10'])
    """
    texts = list(texts)
    try:
        return sorted(texts, key=lambda each: (float(each), each))
    except ValueError:
        return sorted(texts)


def bucket(text: str, buckets: int) -> int:
    """A stable hash of `text`, 0 to `buckets - 1`: the same on every machine and in every process."""
    return (
        int.from_bytes(blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest())
        % buckets
    )
