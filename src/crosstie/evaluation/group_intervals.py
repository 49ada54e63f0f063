"""How sure the rates of groups are, and the largest difference and the smallest ratio among them.

A share has Wilson's interval (1927), a mean Student's. Two of them are compared by the method of variance estimates
recovery, which makes an interval of a difference (Newcombe 1998) or a ratio (Donner and Zou 2012) of the two that each
has. The largest difference of several groups is larger than any true one by chance alone, so all pairs are looked at with
intervals that hold together (Bonferroni): the interval of the largest reaches from the largest of their lower ends to
the largest of their upper ends.
"""

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

LEVEL = 0.95

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Spread:
    """How far apart groups are.

    Attributes:
        value: The largest difference, or the smallest ratio.
        low: Lower end of its 95 % interval.
        high: Upper end.
        pair: The groups with the smallest and the largest value, by place.
    """

    value: float
    low: float
    high: float
    pair: tuple[int, int]


def quantile(comparisons: int = 1) -> float:
    """Of the normal distribution, for two-sided intervals that hold for so many comparisons together."""
    return NormalDist().inv_cdf(1 - (1 - LEVEL) / 2 / comparisons)


def ends(mean: Floats, rows: Floats, std: Floats | None, z: float) -> tuple[Floats, Floats]:
    """Both ends of the interval of each mean, `[groups]`.

    Args:
        mean: Of each group.
        rows: How many it is of.
        std: Standard deviation of its rows; None where rows are 0 and 1, and the mean is a share.
        z: As `quantile`.
    """
    if std is None:
        middle = (mean + z**2 / (2 * rows)) / (1 + z**2 / rows)
        half = z * np.sqrt(mean * (1 - mean) / rows + z**2 / (4 * rows**2)) / (1 + z**2 / rows)
        # rounding must not leave the share outside
        return np.clip(middle - half, 0, mean), np.clip(middle + half, mean, 1)
    t = z + (z**3 + z) / (4 * np.maximum(rows - 1, 1))  # Student's quantile, to first order
    half = t * std / np.sqrt(rows)
    return mean - half, mean + half


def largest_difference(mean: Floats, low: Floats, high: Floats) -> Spread:
    """The largest of all groups less the smallest.

    Args:
        mean: Of two groups or more.
        low: Lower ends of their intervals, at `quantile` of the number of pairs.
        high: Upper ends.
    """
    below, above = mean - low, high - mean
    apart = mean[:, None] - mean[None, :]
    lows = apart - np.hypot(below[:, None], above[None, :])
    highs = apart + np.hypot(above[:, None], below[None, :])
    np.fill_diagonal(highs, -np.inf)
    pair = int(mean.argmin()), int(mean.argmax())
    return Spread(
        float(mean[pair[1]] - mean[pair[0]]),
        float(max(0.0, lows[~np.eye(len(mean), dtype=bool)].max())),
        float(highs.max()),
        pair,
    )


def smallest_ratio(mean: Floats, low: Floats, high: Floats) -> Spread | None:
    """The smallest of all groups by the largest; None where all are 0.

    Args:
        mean: Of two groups or more, none negative.
        low: As for `largest_difference`.
        high: As for `largest_difference`.
    """
    if not mean.max() > 0:
        return None
    low = np.maximum(low, 0)
    product = mean[:, None] * mean[None, :]
    # each side by two groups: what a lower end of the first and an upper end of the second give, and the other way
    lows_of, highs_of = low * (2 * mean - low), high * (2 * mean - high)
    down = np.sqrt(np.maximum(product**2 - lows_of[:, None] * highs_of[None, :], 0))
    up = np.sqrt(np.maximum(product**2 - highs_of[:, None] * lows_of[None, :], 0))
    lows, highs = np.zeros_like(product), np.full_like(product, np.inf)
    np.divide(np.broadcast_to(lows_of[:, None], down.shape), product + down, lows, where=product + down > 0)  # fmt: skip
    np.divide(product + up, lows_of[None, :], highs, where=lows_of[None, :] > 0)
    apart = ~np.eye(len(mean), dtype=bool)
    pair = int(mean.argmin()), int(mean.argmax())
    return Spread(
        float(mean[pair[0]] / mean[pair[1]]),
        float(min(1.0, lows[apart].min())),
        float(min(1.0, highs[apart].min())),
        pair,
    )
