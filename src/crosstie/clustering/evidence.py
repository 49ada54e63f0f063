"""What speaks for a grouping: how far its groups stand apart, and whether other rows would give the same."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from crosstie.clustering.grouping import NONE, Floats, Grouping, Groups

HALVES = 4  # times that rows are parted in two, to see whether both halves are grouped alike

Fit = Callable[[Floats], Grouping]


@dataclass(frozen=True)
class Tried:
    """One grouping that was tried, and its figures on a sample of the rows.

    Attributes:
        setting: What it was made with: the number of groups, of HDBSCAN the share of rows that one has at least.
        groups: How many it has.
        silhouette: How much nearer rows are to their own group than to the next one: 1 is apart, 0 is one cloud
            (Rousseeuw 1987). None where there are not two groups.
        reference: The mean of the same figure on rows without groups; None where that was not asked.
        stability: How alike two models group the same rows, each fitted on a half of them: adjusted Rand index, 1 is
            alike, 0 is by chance (Hubert and Arabie 1985), or a half in which there are no groups.
            None where that was not asked.
        smallest: Share of rows in the smallest group.
        outside: Share of rows in no group.
        bic: Of mixtures: Bayesian information criterion by row, less is better.
    """

    setting: float
    groups: int
    silhouette: float | None
    reference: float | None
    stability: float | None
    smallest: float
    outside: float
    bic: float | None = None

    def to_json(self) -> dict[str, Any]:
        """As plain values."""
        return asdict(self)


def silhouette(points: Floats, groups: Groups) -> float | None:
    """Mean silhouette of the points that have a group; None where these are not of two groups at least."""
    from sklearn.metrics import silhouette_score  # 1.5 s

    inside = groups != NONE
    found = len(np.unique(groups[inside]))
    if found < 2 or found >= inside.sum():
        return None
    return float(silhouette_score(points[inside], groups[inside]))


def stability(points: Floats, fit: Fit, *, seed: int) -> float:
    """How alike models of two halves of the points group all of them, on average over ways to halve them.

    Args:
        points: `[rows, columns]`.
        fit: Makes a grouping of some points.
        seed: Of the halves.
    """
    from sklearn.metrics import adjusted_rand_score

    rng = np.random.default_rng(seed)
    found = []
    for _ in range(HALVES):
        order = rng.permutation(len(points))
        pair = [fit(points[half]) for half in np.array_split(order, 2)]
        # two that find no groups agree on nothing
        agree = min(each.groups for each in pair) > 1
        groups = [each.assign(points) for each in pair]
        found.append(adjusted_rand_score(*groups) if agree else 0.0)
    return float(np.mean(found))


def sizes(groups: Groups, count: int) -> tuple[float, float]:
    """(share of rows in the smallest of `count` groups, 0 where there are none; share in none)."""
    rows = np.bincount(groups[groups != NONE], minlength=count)
    smallest = rows.min() if count else 0
    return float(smallest / len(groups)), float((groups == NONE).mean())
