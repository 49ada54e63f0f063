"""How far one sample of a column has moved from another: PSI, Jensen-Shannon, Kolmogorov-Smirnov.

Numbers are counted in the quantile bins of the first sample and beyond its ends; a value that fills several of them
(the zeros of a gain) is a bin of its own. Levels are counted one by one, rare and new ones as one. What is missing is a bin too.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import NormalDist
from typing import Any

import numpy as np

from crosstie.evaluation.confusion import Floats
from crosstie.evaluation.metric import Array

BINS = 10  # deciles of the first sample
LEVELS = 20  # counted one by one; the others are "other"
ACCIDENT = 0.001  # probability below which something is none
NO_ROWS = 0.5  # rows that an empty bin is taken to hold, so that a ratio exists


@dataclass(frozen=True)
class Drift:
    """How a column of a second sample differs from that of a first.

    Attributes:
        psi: Population stability index (Lewis 1994); 0 for equal shares. By convention 0.1 is a small and 0.25 a
            large shift.
        chance: The index that two samples of one population of these sizes exceed once in 1,000 times.
        js: Jensen-Shannon divergence (Lin 1991) in bits: 0 for equal shares, 1 where nothing is common.
        ks: Of numbers, the largest distance of the two distribution functions, missing cells left out.
        p: Of `ks`, the probability of one as large in samples of one population.
        missing: Share of missing cells in the first sample and in the second.
        constant: Whether the second holds one value only where the first held others too, more than chance allows.
        ends: Of numbers, the smallest and the largest of the first sample and of the second.
        far: Of what moves hardly a share and yet is of another unit, or written otherwise, how many rows: numbers of
            the second beyond the first's ends by more than its whole range; levels that only the second holds, or
            that only the first does, whichever are fewer.
        far_p: The probability of so many by chance; 1 if there are none.
    """

    psi: float
    chance: float
    js: float
    ks: float | None
    p: float | None
    missing: tuple[float, float]
    constant: bool = False
    ends: tuple[tuple[float, float], tuple[float, float]] | None = None
    far: int = 0
    far_p: float = 1.0


def drift_of_numbers(first: Array, second: Array, *, bins: int = BINS) -> Drift:
    """The drift of numbers.

    Args:
        first: float64 `[rows]`, NaN where missing.
        second: float64 `[other rows]`, NaN where missing.
        bins: Quantile bins of `first`.

    Examples:
        >>> sample = np.arange(1000.0)
        >>> drift_of_numbers(sample, sample).psi, drift_of_numbers(sample, sample * 1000).psi > 5
        (0.0, True)
    """
    present = first[np.isfinite(first)], second[np.isfinite(second)]
    counts = _binned(*present, bins)
    ks = kolmogorov_smirnov(*present) if len(present[0]) and len(present[1]) else (None, None)
    constant = len(np.unique(present[1])) == 1 and _gone(
        int((present[0] != present[1][0]).sum()), len(present[0]), len(present[1])
    )
    absent = len(first) - len(present[0]), len(second) - len(present[1])
    found = _drift(counts, absent, ks=ks, constant=constant and len(np.unique(present[0])) > 1)
    return replace(found, **_beyond(*present)) if ks[0] is not None else found


def drift_of_levels(first: Sequence[str | None], second: Sequence[str | None]) -> Drift:
    """The drift of levels.

    Args:
        first: A text a row, None where missing.
        second: Likewise.

    Examples:
        >>> round(drift_of_levels(["a", "b"] * 50, ["a", "b", "b", "b"] * 25).psi, 4)
        0.2747
    """
    known, seen = _counted(first), _counted(second)
    missing = known.pop(None, 0), seen.pop(None, 0)
    names = sorted(known, key=lambda each: (-known[each], str(each)))[:LEVELS]
    counts = _in_order(known, names), _in_order(seen, names)
    constant = len(seen) == 1 and _gone(
        sum(count for name, count in known.items() if name not in seen),
        sum(known.values()),
        sum(seen.values()),
    )
    found = _drift(counts, missing, constant=constant and len(known) > 1)
    new, gone = _unseen(known, seen), _unseen(seen, known)
    return replace(found, far=min(new[0], gone[0]), far_p=max(new[1], gone[1]))


def population_stability(first: Array, second: Array) -> float:
    """PSI of two rows of counts, `Σ (q - p) ln(q / p)` of their shares; an empty bin counts as half a row.

    Examples:
        >>> round(population_stability(np.array([50, 50]), np.array([25, 75])), 4)
        0.2747
    """
    first, second = (np.asarray(each, np.float64) for each in (first, second))
    if not first.sum() or not second.sum():
        return 0.0
    p, q = (np.where(each > 0, each, NO_ROWS) / each.sum() for each in (first, second))
    held = (first > 0) | (second > 0)
    return float(np.sum((q - p)[held] * np.log(q / p)[held]))


def psi_by_chance(first: int, second: int, bins: int, *, level: float = 0.999) -> float:
    """The PSI that samples of one population stay below with probability `level`.

    `PSI / (1/n + 1/m)` is about chi-squared with `bins - 1` degrees of freedom (Yurdakul 2018), whose quantile is
    that of Wilson and Hilferty 1931.

    Examples:
        >>> round(psi_by_chance(1000, 1000, 10, level=0.95), 4)
        0.0338
    """
    free = bins - 1
    if free < 1 or not first or not second:
        return 0.0
    z = NormalDist().inv_cdf(level)
    quantile = free * (1 - 2 / (9 * free) + z * math.sqrt(2 / (9 * free))) ** 3
    return quantile * (1 / first + 1 / second)


def jensen_shannon(first: Array, second: Array) -> float:
    """Jensen-Shannon divergence of two rows of counts, in bits.

    Examples:
        >>> jensen_shannon(np.array([3, 0]), np.array([0, 8])), jensen_shannon(np.array([1, 1]), np.array([4, 4]))
        (1.0, 0.0)
    """
    first, second = (np.asarray(each, np.float64) for each in (first, second))
    if not first.sum() or not second.sum():
        return 0.0
    p, q = first / first.sum(), second / second.sum()
    return (_bits(p, (p + q) / 2) + _bits(q, (p + q) / 2)) / 2


def kolmogorov_smirnov(first: Array, second: Array) -> tuple[float, float]:
    """(statistic, p) of the two-sample test; p by the asymptotic law with the correction of Stephens 1970.

    Args:
        first: `[rows]`, none missing, at least one.
        second: Likewise.

    Examples:
        >>> kolmogorov_smirnov(np.array([1.0, 2.0]), np.array([3.0, 4.0]))[0]
        1.0
    """
    first, second = np.sort(first), np.sort(second)
    every = np.concatenate([first, second])
    below = [np.searchsorted(each, every, side="right") / len(each) for each in (first, second)]
    distance = float(np.abs(below[0] - below[1]).max())
    size = math.sqrt(len(first) * len(second) / (len(first) + len(second)))
    scaled = (size + 0.12 + 0.11 / size) * distance
    if scaled < 0.2:  # where the sum converges slowly, and is 1 to 12 digits
        return distance, 1.0
    terms = [(-1) ** (k - 1) * math.exp(-2 * (k * scaled) ** 2) for k in range(1, 101)]
    return distance, min(1.0, max(0.0, 2 * sum(terms)))


def _drift(
    counts: tuple[Floats, Floats],
    missing: tuple[int, int],
    *,
    ks: tuple[float | None, float | None] = (None, None),
    constant: bool,
) -> Drift:
    first, second = (np.append(each, gone) for each, gone in zip(counts, missing, strict=True))
    held = (first > 0) | (second > 0)
    first, second = first[held], second[held]
    rows = int(first.sum()), int(second.sum())
    return Drift(
        psi=population_stability(first, second),
        chance=psi_by_chance(*rows, len(first)),
        js=jensen_shannon(first, second),
        ks=ks[0],
        p=ks[1],
        missing=(missing[0] / max(rows[0], 1), missing[1] / max(rows[1], 1)),
        constant=constant,
    )


def _binned(first: Floats, second: Floats, bins: int) -> tuple[Floats, Floats]:
    """Counts in the quantile bins of the first sample."""
    if not len(first):
        return np.zeros(1), np.array([len(second)], np.float64)
    cuts = np.quantile(first, np.linspace(0, 1, bins + 1), method="inverted_cdf")
    edges, times = np.unique(cuts, return_counts=True)
    alone = times > 1

    def counts(values: Floats) -> Floats:
        place = np.searchsorted(edges, values, side="left")  # 0 is below all of the first sample
        on_edge = np.searchsorted(edges, values, side="right") > place
        own = on_edge & alone[np.minimum(place, len(edges) - 1)]
        place += (values == edges[0]) & ~own
        return np.bincount(2 * place + own, minlength=2 * len(edges) + 1).astype(np.float64)

    return counts(first), counts(second)


def _gone(others: int, first: int, second: int) -> bool:
    """Whether it is no accident that none of so many rows of the first sample has a like in the second."""
    return others > 0 and (first / (first + second)) ** others < ACCIDENT


def _beyond(first: Floats, second: Floats) -> dict[str, Any]:
    """What `Drift` says of the ends; where the first sample is constant no distance is far."""
    ends = [(float(each.min()), float(each.max())) for each in (first, second)]
    (low, high), width = ends[0], ends[0][1] - ends[0][0]
    far = max(int((second > high + width).sum()), int((second < low - width).sum())) if width else 0
    share = len(second) / (len(first) + len(second))
    return {"ends": tuple(ends), "far": far, "far_p": share**far}


def _unseen(known: dict[str | None, int], seen: dict[str | None, int]) -> tuple[int, float]:
    """Rows of levels that only `seen` holds, and the probability of so many by chance.

    How many to expect is told by the levels that `known` holds once (Good 1953); the count is about Poisson, and the
    wider for that number's own chance.
    """
    rows = sum(count for name, count in seen.items() if name not in known)
    if not rows or not known:
        return rows, 1.0
    ratio = sum(seen.values()) / sum(known.values())
    once = sum(count == 1 for count in known.values())
    mean, least = ratio * (once + 1) / (1 + ratio), math.floor(rows / (1 + ratio))
    if mean > 500:  # where the terms of the sum would vanish
        return rows, 1 - NormalDist(mean, math.sqrt(mean)).cdf(least)
    below = sum(math.exp(k * math.log(mean) - mean - math.lgamma(k + 1)) for k in range(least))
    return rows, max(0.0, 1 - below)


def _counted(texts: Sequence[str | None]) -> dict[str | None, int]:
    counts: dict[str | None, int] = {}
    for each in texts:
        counts[each] = counts.get(each, 0) + 1
    return counts


def _in_order(counts: dict[str | None, int], names: Sequence[str | None]) -> Floats:
    """How often each name comes, and last how often others do."""
    named = [counts.get(name, 0) for name in names]
    return np.array([*named, sum(counts.values()) - sum(named)], np.float64)


def _bits(p: Floats, middle: Floats) -> float:
    held = p > 0
    return float(np.sum(p[held] * np.log2(p[held] / middle[held])))
