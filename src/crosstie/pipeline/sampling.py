"""Using part of the rows, and balancing classes: done where rows are assigned, so that nothing else need know."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crosstie.data.keys import Rows, level_codes
from crosstie.data.split import UNUSED, Split
from crosstie.errors import DataError, Problem


class Sampled(Split):
    """A split of part of the rows.

    Args:
        split: Assigns all rows; None leaves them all to training.
        ratio: The share of rows to use.
        size: At most so many rows.
        undersample: Ratio of the classes of a binary target down to which training rows of the commoner one
            are left out.
    """

    def __init__(
        self, split: Split | None, *, ratio: float, size: int | None, undersample: float | None
    ) -> None:
        self.split = split
        self.ratio = ratio
        self.size = size
        self.undersample = undersample
        self.columns = () if split is None else split.columns

    @classmethod
    def around(
        cls,
        split: Split | None,
        section: Mapping[str, Any],
    ) -> Split | None:
        """`split` itself, unless the filled `preprocessing:` leaves rows out."""
        ratio, size, less = (
            section[key] for key in ("sample_ratio", "sample_size", "undersample_majority")
        )
        if ratio == 1.0 and size is None and less is None:
            return split
        return cls(split, ratio=ratio, size=size, undersample=less)

    def assign(self, source: Rows, *, target: str | None, seed: int) -> NDArray[np.int8]:
        """As the inner split does, with the rows that are left out unused."""
        if self.split is None:
            parts = np.zeros(source.rows, dtype=np.int8)
        else:
            parts = self.split.assign(source, target=target, seed=seed).copy()
        rng = np.random.default_rng(
            [seed, 1]
        )  # the split's own draw would leave training rows alone
        wanted = min(round(self.ratio * source.rows), self.size or source.rows)
        parts[rng.permutation(source.rows)[max(wanted, 1) :]] = UNUSED
        if self.undersample is not None:
            assert target is not None
            more, less = _classes(source, target, parts)
            keep = min(len(more), round(len(less) / self.undersample))
            parts[rng.permutation(more)[keep:]] = UNUSED
        return parts


def repeats(target: NDArray[np.float32], ratio: float, seed: int) -> NDArray[np.int64]:
    """Training rows with those of the rarer class repeated until they reach `ratio` of the other, in row order.

    Args:
        target: Zeros and ones `[rows]`.
        ratio: Of the rarer to the commoner class, above 0 and at most 1.
        seed: Decides which rows are repeated once more than others.

    Examples:
        >>> repeats(np.array([0, 0, 0, 0, 1], dtype=np.float32), 0.5, seed=0)
        array([0, 1, 2, 3, 4, 4])
    """
    ones, zeros = np.flatnonzero(target > 0.5), np.flatnonzero(target <= 0.5)
    less, more = sorted((ones, zeros), key=len)
    missing = round(ratio * len(more)) - len(less)
    if missing <= 0 or not len(less):
        return np.arange(len(target))
    whole, rest = divmod(missing, len(less))
    chosen = np.random.default_rng(seed).permutation(less)[:rest]
    return np.sort(np.concatenate([np.arange(len(target)), np.repeat(less, whole), chosen]))


def _classes(
    source: Rows, target: str, parts: NDArray[np.int8]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Training rows of the commoner and of the rarer class."""
    codes, levels = level_codes(source, target)
    rows = [np.flatnonzero((codes == code) & (parts == 0)) for code in range(len(levels))]
    rows = [each for each in rows if len(each)]
    if len(rows) != 2:
        raise DataError(
            Problem(
                target,
                f"undersample_majority needs two classes in the training rows, got {len(rows)}",
            )
        )
    less, more = sorted(rows, key=len)
    return more, less
