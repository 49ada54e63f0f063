"""Token ids: 0 is padding, 1 unknown, then tokens by falling frequency; and rows of ids as one array."""

from collections.abc import Iterable, Sequence
from functools import cached_property
from itertools import chain
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from crosstie.features.levels import natural

PADDING, UNKNOWN, FIRST = 0, 1, 2


class Vocabulary:
    """Tokens to ids and back.

    Args:
        tokens: The known ones, in the order of their ids.
    """

    def __init__(self, tokens: Iterable[str] = ()) -> None:
        self.tokens = tuple(tokens)
        self._ids = {token: FIRST + place for place, token in enumerate(self.tokens)}

    @property
    def size(self) -> int:
        """Ids that can occur, padding and unknown among them."""
        return FIRST + len(self.tokens)

    def extended(self, tokens: Iterable[str]) -> "Vocabulary":
        """With more tokens, those it lacks, after its own."""
        return Vocabulary(dict.fromkeys((*self.tokens, *tokens)))

    @cached_property
    def natural(self) -> tuple[str, ...]:
        """The tokens in the order people expect."""
        return tuple(natural(self.tokens))

    def ids(self, tokens: Iterable[str]) -> list[int]:
        """The id of each token."""
        get = self._ids.get
        return [get(token, UNKNOWN) for token in tokens]


class Lengths:
    """How long rows are, mergeable: a histogram up to a bound.

    Args:
        bound: Longer rows count as this long.
    """

    def __init__(self, bound: int) -> None:
        self._rows = np.zeros(bound + 1, np.int64)

    def add(self, rows: Iterable[Sequence[object]]) -> None:
        """Take in the lengths of more rows."""
        bound = len(self._rows) - 1
        lengths = np.fromiter((min(len(row), bound) for row in rows), np.int64)
        self._rows += np.bincount(lengths, minlength=bound + 1)

    def merge(self, other: Self) -> None:
        """Take over what `other` has seen."""
        self._rows += other._rows

    def covering(self, share: float) -> int:
        """The least length that this share of the rows does not exceed, at least 1."""
        covered = np.cumsum(self._rows)
        return max(int(np.searchsorted(covered, share * covered[-1])), 1)


def padded(rows: Sequence[Sequence[int]], length: int) -> NDArray[np.int32]:
    """One row of ids for each of `rows`, cut or filled up with 0 on the right: int32 `[rows, length]`."""
    array = np.zeros((len(rows), length), np.int32)
    lengths = np.fromiter((min(len(row), length) for row in rows), np.int64, len(rows))
    inside = np.arange(length) < lengths[:, None]
    array[inside] = np.fromiter(
        chain.from_iterable(row[:length] for row in rows), np.int32, int(lengths.sum())
    )
    return array


def nothing_known(encoded: NDArray[Any]) -> int:
    """How many rows of ids hold something, but nothing known."""
    if encoded.ndim > 2:  # letters stand behind
        encoded = encoded[..., 0]
    return int(((encoded[:, 0] > 0) & (encoded <= UNKNOWN).all(axis=1)).sum())


def known_first(ids: Iterable[int]) -> list[int]:
    """Sorted, the most common first and unknown ones last, so that cutting loses what says least."""
    return sorted(ids, key=lambda each: (each == UNKNOWN, each))
