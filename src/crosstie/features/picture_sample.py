"""What some training pictures are like: their sizes, whether they are grey, mean and spread of their channels."""

import os
from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from crosstie.data.media import Opened, open_all
from crosstie.features.pixels import Looked, looked_at


class PictureSample:
    """A mergeable summary; sums are of whole numbers, so that no order of rows changes a bit.

    Attributes:
        rows: Cells that hold something.
        absent: Those whose files are not on this machine, though their names say so.
        looked: Pictures that were opened; `failed` of them could not be.
        examples: Up to five of those that are absent or failed, with the reason.
    """

    def __init__(self) -> None:
        self.rows = 0
        self.absent = 0
        self.looked = 0
        self.failed = 0
        self.examples: tuple[str, ...] = ()
        self.grey = True
        self._sizes: list[tuple[int, int]] = []
        self._sums = np.zeros(
            (4, 3), np.int64
        )  # red, green, blue, grey; count, sum, sum of squares

    def __len__(self) -> int:
        return len(self._sizes)

    def add(self, values: Sequence[Any], most: int) -> None:
        """Look at no more than `most` of some rows, evenly spaced, and whether the files of all are there."""
        there = [each for each in values if not _is_absent(each)]
        missing = [each for each in values if _is_absent(each)][:5]
        self.rows += len(values)
        self.absent += len(values) - len(there)
        self._show(open_all(missing, looked_at))
        found = open_all(there[:: max(-(-len(there) // most), 1)], looked_at)
        self.looked += len(found.values)
        self.failed += len(found.failed)
        self._show(found)
        for each in found.values:
            if each is not None:
                self._take(each)

    def _take(self, one: Looked) -> None:
        self.grey &= one.grey
        self._sizes.append((one.height, one.width))
        for channel, pixels in enumerate(one.channels):
            whole = pixels.astype(np.int64)
            self._sums[channel] += (whole.size, whole.sum(), (whole * whole).sum())

    def _show(self, found: Opened) -> None:
        self.examples = tuple(dict.fromkeys(self.examples + found.examples))[:5]

    def merge(self, other: Self) -> None:
        """Take over what `other` has seen."""
        self.rows += other.rows
        self.absent += other.absent
        self.looked += other.looked
        self.failed += other.failed
        self.examples = tuple(dict.fromkeys(self.examples + other.examples))[:5]
        self.grey &= other.grey
        self._sizes += other._sizes
        self._sums += other._sums

    @property
    def size(self) -> tuple[float, float]:
        """The middle height and the middle width."""
        height, width = np.median(np.array(self._sizes), axis=0).tolist()
        return height, width

    def moments(self, channels: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Mean and spread by channel, of pixels from 0 to 1."""
        count, total, squares = (self._sums[3:] if channels == 1 else self._sums[:3]).T / 1.0
        mean = total / count
        spread = np.sqrt(np.maximum(squares / count - mean**2, 1.0))  # of one plain colour too
        return mean / 255, spread / 255


def _is_absent(value: Any) -> bool:
    if not isinstance(value, str) or "://" in value or value.startswith("data:"):
        return False
    return not os.path.exists(value)  # noqa: PTH110 - a third of the time of a Path
