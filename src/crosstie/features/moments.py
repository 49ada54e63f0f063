"""Mean, spread and range of numbers that come in pieces: exact in float64 and mergeable (Chan, 1979)."""

from typing import Self

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


class Moments:
    """Count, mean, squared deviations and range of every column of `[rows, width]` numbers.

    Attributes:
        count: Rows seen, `[width]`; NaN does not count.
        mean: `[width]`. `least` and `most`: the range, `[width]`; infinite while nothing was seen.
    """

    def __init__(self, width: int = 1) -> None:
        self.count = np.zeros(width)
        self.mean = np.zeros(width)
        self._squares = np.zeros(width)
        self.least = np.full(width, np.inf)
        self.most = np.full(width, -np.inf)

    def add(self, values: Floats) -> None:
        """Take in more rows: `[rows]` or `[rows, width]`, NaN where missing."""
        values = values.reshape(len(values), len(self.count))
        present = ~np.isnan(values)
        part = Moments(values.shape[1])
        part.count = present.sum(axis=0).astype(np.float64)
        counted = np.maximum(part.count, 1)
        with np.errstate(over="ignore", invalid="ignore"):
            part.mean = np.where(present, values, 0).sum(axis=0) / counted
            part._squares = np.where(present, (values - part.mean) ** 2, 0).sum(axis=0)
        part.least = np.where(present, values, np.inf).min(axis=0, initial=np.inf)
        part.most = np.where(present, values, -np.inf).max(axis=0, initial=-np.inf)
        self.merge(part)

    def merge(self, other: Self) -> None:
        """Take over what `other` has seen."""
        count = self.count + other.count
        share = other.count / np.maximum(count, 1)
        both = (self.count > 0) & (other.count > 0)
        with np.errstate(over="ignore", invalid="ignore"):
            step = other.mean - self.mean
            self._squares += other._squares + np.where(both, step**2 * self.count * share, 0)
            self.mean = np.where(self.count > 0, self.mean + step * share, other.mean)
        self.count = count
        self.least = np.minimum(self.least, other.least)
        self.most = np.maximum(self.most, other.most)

    @property
    def spread(self) -> Floats:
        """The standard deviation `[width]`; 1 where all values are the same, so that it can divide."""
        with np.errstate(over="ignore", invalid="ignore"):
            deviation = np.sqrt(self._squares / np.maximum(self.count, 1))
        return np.where((self.least < self.most) & (deviation > 0), deviation, 1.0)

    @property
    def centre(self) -> Floats:
        """The mean `[width]`, but exactly the value where all are the same."""
        return np.where(self.least == self.most, self.least, self.mean)
