"""Quantiles of numbers that come in pieces, in bounded memory and without chance.

Up to `ROOM` values are kept as they are, so quantiles are exact. Beyond that the sorted values are thinned to
evenly spaced ranks, each standing for several: the rank error is below 1 / KEPT for every thinning.
"""

from typing import Self

import numpy as np
from numpy.typing import NDArray

ROOM = 200_000
KEPT = 50_000


class Sample:
    """A mergeable stand-in for all values seen."""

    def __init__(self) -> None:
        self._values: list[NDArray[np.float64]] = []
        self._weights: list[NDArray[np.float64]] = []
        self._held = 0

    def add(self, values: NDArray[np.float64]) -> None:
        """Take in more values, none of them NaN: `[rows]`."""
        self._hold(values, np.ones(len(values)))

    def merge(self, other: Self) -> None:
        """Take over what `other` has seen."""
        for values, weights in zip(other._values, other._weights, strict=True):
            self._hold(values, weights)

    def quantiles(self, shares: NDArray[np.float64]) -> NDArray[np.float64]:
        """The values at these shares of the rows, each from 0 to 1.

        While nothing was thinned this is numpy's linear interpolation.
        """
        values, weights = self._sorted()
        ends = np.cumsum(weights)
        ranks = (ends - weights + ends - 1) / 2  # of the middle of the rows that a value stands for
        found: NDArray[np.float64] = np.interp(shares * (ends[-1] - 1), ranks, values)
        return found

    def _hold(self, values: NDArray[np.float64], weights: NDArray[np.float64]) -> None:
        self._values.append(values)
        self._weights.append(weights)
        self._held += len(values)
        if self._held > ROOM:
            self._thin()

    def _sorted(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        values, weights = np.concatenate(self._values), np.concatenate(self._weights)
        order = np.argsort(values, kind="stable")
        return values[order], weights[order]

    def _thin(self) -> None:
        values, weights = self._sorted()
        ends = np.cumsum(weights)
        each = ends[-1] / KEPT
        middles = np.searchsorted(ends, (np.arange(KEPT) + 0.5) * each)
        kept = values[middles]
        kept[0], kept[-1] = values[0], values[-1]
        self._values, self._weights = [kept], [np.full(KEPT, each)]
        self._held = KEPT
