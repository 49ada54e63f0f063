"""How many groups there are, and whether there are any: each number tried, beside rows that have none.

The figures are of a sample, for they compare all rows with all others; the grouping that is kept is that of the sample, moved
to where more rows lie.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from crosstie.clustering.evidence import Fit, Tried, silhouette, sizes, stability
from crosstie.clustering.grouping import Floats, Grouping
from crosstie.clustering.hdbscan import Hdbscan
from crosstie.clustering.kmeans import KMeans
from crosstie.clustering.mixture import Mixture
from crosstie.clustering.one_cloud import one_cloud
from crosstie.errors import DataError, Problem

Method = Literal["kmeans", "mixture", "hdbscan"]
JUDGED = 1000  # rows that figures are of
DENSE = 2000  # of HDBSCAN, which is fitted on these too: its model holds them
CLOUDS = 10  # times that rows without groups are drawn
SPREADS = 3.0  # of a figure on those rows, that the true one must be above their mean
MARGIN = 0.02  # and by how much in any case
STEADY = 0.003  # of a silhouette, spread between draws below which it is that of few draws
STABLE = 0.6  # adjusted Rand index below which two halves of the rows are grouped too differently
PER_GROUP = 5  # rows of a group on average, at least
# of rows, that HDBSCAN tries as the fewest of a group, and beside them where a number of groups is wanted
SHARES = (0.005, 0.01, 0.02, 0.04, 0.08, 0.16)
MORE_SHARES = (0.007, 0.014, 0.03, 0.06, 0.12, 0.25)
FEWEST = 5  # rows of a dense group


@dataclass(frozen=True)
class Rows:
    """Points that groups are sought among.

    Attributes:
        points: `[rows, columns]`.
        lumpy: As `Space.lumpy`.
        inputs: As `Space.inputs`.
        seed: Everything random comes from it.
    """

    points: Floats
    lumpy: NDArray[np.bool_]
    inputs: Sequence[str]
    seed: int

    def sample(self, most: int) -> "Rows":
        """So many of them at most, drawn by chance."""
        if len(self.points) <= most:
            return self
        rng = np.random.default_rng(self.seed)
        drawn = np.sort(rng.choice(len(self.points), most, replace=False))
        return replace(self, points=self.points[drawn])

    def without_groups(self, draws: int) -> list[Floats]:
        """As many rows, so many times, that are one cloud."""
        return [
            one_cloud(self.points, lumpy=self.lumpy, inputs=self.inputs, seed=self.seed + 1 + draw)
            for draw in range(draws)
        ]


@dataclass(frozen=True)
class Choice:
    """A grouping and what speaks for it.

    Attributes:
        grouping: Fitted.
        tried: Everything that was tried, in order.
        chosen: Which of them it is.
        judged: How many rows the figures are of.
        excess: By how much the figure is above that of rows without groups: silhouette, of HDBSCAN stability times the
            share of rows that have a group.
        bound: How much that can be by chance.
        one: Whether the criterion prefers one group to several.
    """

    grouping: Grouping
    tried: Sequence[Tried]
    chosen: int
    judged: int
    excess: float
    bound: float
    one: bool = False

    @property
    def best(self) -> Tried:
        """The figures of what was chosen."""
        return self.tried[self.chosen]

    @property
    def clear(self) -> bool:
        """Whether rows without groups hardly look like this, and halves of the rows are grouped alike."""
        stands_out = self.excess > max(self.bound, MARGIN)
        return stands_out and self.stability >= STABLE and not self.one

    @property
    def stability(self) -> float:
        """Of what was chosen."""
        return self.best.stability or 0.0


def choose(rows: Rows, method: Method, *, groups: int | None, most: int) -> Choice:
    """Find groups.

    Args:
        rows: What they are sought among; a sample of a large table.
        method: How.
        groups: How many; None finds out.
        most: How many at most, where that is found out.

    Raises:
        DataError: There are too few different rows, or HDBSCAN does not find as many groups as are asked for.
    """
    different = len(np.unique(rows.points, axis=0))
    if different < 2:
        raise DataError("all rows are the same in these columns, so there is nothing to group")
    limit = min(different, len(rows.points) // 2)
    if groups is not None and groups > limit:
        raise DataError(
            Problem(
                "groups",
                f"{groups} are too many of {len(rows.points)} rows, {different} of them different; at most {limit}",
            )
        )
    if method == "hdbscan":
        return _by_density(rows.sample(DENSE), groups)
    last = max(2, min(most, len(rows.points) // PER_GROUP, different))
    numbers = [groups] if groups is not None else list(range(2, last + 1))
    return SEARCHES[method](rows, numbers)


def _by_silhouette(rows: Rows, numbers: Sequence[int]) -> Choice:
    """k-means: what is furthest above rows without groups, times stability."""
    judged, seed = rows.sample(JUDGED), rows.seed
    clouds = judged.without_groups(CLOUDS)
    by_cloud = np.empty((CLOUDS, len(numbers)))

    def again(number: int, some: Floats) -> KMeans:
        return KMeans.fit(some, number, seed=seed)

    models = [KMeans.fit(judged.points, number, seed=seed) for number in numbers]
    tried = []
    for place, (number, found) in enumerate(zip(numbers, models, strict=True)):
        by_cloud[:, place] = [
            silhouette(cloud, KMeans.fit(cloud, number, seed=seed, tries=3).assign(cloud)) or 0.0
            for cloud in clouds
        ]
        tried.append(
            _tried(
                number,
                found,
                judged,
                partial(again, number),
                reference=float(by_cloud[:, place].mean()),
            )
        )
    usual = by_cloud.mean(0)
    gaps = np.array([each.silhouette or 0.0 for each in tried]) - usual
    chosen = int(np.argmax(gaps * np.array([max(each.stability or 0.0, 0.0) for each in tried])))
    # the best of as many numbers, for as many were tried, in spreads of each; a cloud is a part of its own mean
    spreads = np.maximum(by_cloud.std(0), STEADY)
    most = ((by_cloud - usual) / spreads).max(1) * CLOUDS / (CLOUDS - 1)
    return Choice(
        models[chosen].refined(rows.points),
        tried,
        chosen,
        len(judged.points),
        float(gaps[chosen]),
        float((most.mean() + SPREADS * most.std()) * spreads[chosen]),
    )


def _by_criterion(rows: Rows, numbers: Sequence[int]) -> Choice:
    """Mixtures: what the Bayesian information criterion prefers."""
    judged, seed = rows.sample(JUDGED), rows.seed

    def fit(number: int, some: Floats) -> Mixture:
        return Mixture.fit(some, number, seed=seed, lumpy=rows.lumpy)

    models, tried = [fit(number, judged.points) for number in (1, *numbers)], []
    for number, found in zip((1, *numbers), models, strict=True):
        tried.append(replace(_tried(number, found, judged, None), bic=found.bic))
    bics = np.array([each.bic for each in tried], float)
    chosen = 1 + int(np.argmin(bics[1:]))
    number = int(tried[chosen].setting)
    by_cloud = np.array(
        [
            silhouette(cloud, fit(number, cloud).assign(cloud)) or 0.0
            for cloud in judged.without_groups(CLOUDS)
        ]
    )
    tried[chosen] = replace(
        tried[chosen],
        reference=float(by_cloud.mean()),
        stability=stability(judged.points, partial(fit, number), seed=seed),
    )
    return Choice(
        models[chosen].refined(rows.points, seed=seed, lumpy=rows.lumpy),
        tried,
        chosen,
        len(judged.points),
        float((tried[chosen].silhouette or 0.0) - by_cloud.mean()),
        float(SPREADS * by_cloud.std()),
        one=bool(bics[0] <= bics[chosen]),
    )


def _by_density(rows: Rows, groups: int | None) -> Choice:
    """HDBSCAN: the fewest rows of a group by which halves of the rows are grouped most alike, and most rows are."""
    points = rows.points

    def least(share: float, count: int) -> int:
        return max(FEWEST, round(share * count))

    def fit(share: float, some: Floats) -> Hdbscan:
        return Hdbscan.fit(some, least(share, len(some)))

    def look(share: float, some: Floats) -> tuple[Hdbscan, Tried]:
        found = fit(share, some)
        return found, _tried(share, found, replace(rows, points=some), partial(fit, share))

    shares = sorted(SHARES if groups is None else (*SHARES, *MORE_SHARES))
    shares = [each for each in shares if least(each, len(points)) <= len(points) // 2]
    found, tried = map(list, zip(*(look(share, points) for share in shares), strict=True))
    fitting = [place for place, each in enumerate(tried) if groups in (None, each.groups)]
    if not fitting:
        counts = sorted({each.groups for each in tried})
        raise DataError(
            Problem(
                "groups",
                f"HDBSCAN finds {_either(counts)} groups in these rows, not {groups}; leave it out, or take another "
                "method",
            )
        )
    chosen = max(reversed(fitting), key=lambda place: _density_score(tried[place]))
    clouds = rows.without_groups(CLOUDS // 2)
    by_cloud = np.array([_density_score(look(shares[chosen], cloud)[1]) for cloud in clouds])
    score = _density_score(tried[chosen])
    return Choice(
        found[chosen],
        tried,
        chosen,
        len(points),
        float(score - by_cloud.mean()),
        float(SPREADS * by_cloud.std()),
        one=tried[chosen].groups < 2,
    )


def _density_score(each: Tried) -> float:
    return max(each.stability or 0.0, 0.0) * (1 - each.outside) if each.groups > 1 else 0.0


def _either(counts: Sequence[int]) -> str:
    return " or ".join(filter(None, [", ".join(map(str, counts[:-1])), str(counts[-1])]))


def _tried(
    setting: float,
    found: Grouping,
    judged: Rows,
    fit: Fit | None,
    *,
    reference: float | None = None,
) -> Tried:
    groups = found.assign(judged.points)
    smallest, outside = sizes(groups, found.groups)
    return Tried(
        setting,
        found.groups,
        silhouette(judged.points, groups),
        reference,
        None if fit is None else stability(judged.points, fit, seed=judged.seed),
        smallest,
        outside,
    )


SEARCHES: Mapping[str, Callable[[Rows, Sequence[int]], Choice]] = {
    "kmeans": _by_silhouette,
    "mixture": _by_criterion,
}
