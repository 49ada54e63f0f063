"""k-means: each row belongs to the group whose middle is nearest (Lloyd 1982, k-means++ of Arthur and Vassilvitskii 2007)."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from crosstie.clustering.grouping import Floats, Grouping, Groups, of_nearest, squared, squares
from crosstie.learners.graph import GraphWriter

LEAST = 1e-9  # a reach or a spread of a group whose rows are all the same


@dataclass(frozen=True)
class KMeans(Grouping):
    """Middles of groups.

    How much a row belongs to a group is the share that a mixture of round clouds would give it, all of them as wide as
    these groups are on average: k-means is the limit of that mixture.

    Attributes:
        centres: float64 `[groups, columns]`.
        reach: float64 `[groups]`, root mean square distance of a group's rows from its middle.
        spread: Mean square distance of rows from their middles, by column.
    """

    centres: Floats
    reach: Floats
    spread: float

    @property
    def groups(self) -> int:  # type: ignore[override]
        """How many middles."""
        return len(self.centres)

    @classmethod
    def fit(cls, points: Floats, groups: int, *, seed: int, tries: int = 10) -> Self:
        """The best of so many beginnings."""
        return cls._around(
            _search(points, n_clusters=groups, n_init=tries, random_state=seed), points
        )

    def refined(self, points: Floats) -> Self:
        """The same groups, their middles moved to those of more points."""
        centres = _search(points, n_clusters=self.groups, init=self.centres, n_init=1)
        return self._around(centres, points)

    @classmethod
    def _around(cls, centres: Floats, points: Floats) -> Self:
        distances = squared(points, centres)
        own, nearest = distances.argmin(1), distances.min(1)
        counts = np.bincount(own, minlength=len(centres))
        sums = np.bincount(own, weights=nearest, minlength=len(centres))
        reach = np.sqrt(sums / np.maximum(counts, 1))
        spread = float(nearest.mean() / points.shape[1])
        return cls(centres, np.maximum(reach, LEAST), max(spread, LEAST))

    def assign(self, points: Floats) -> Groups:
        nearest: Groups = squared(points, self.centres).argmin(1)
        return nearest

    def ordered(self, order: Sequence[int]) -> Self:
        return replace(self, centres=self.centres[list(order)], reach=self.reach[list(order)])

    def add(self, graph: GraphWriter, points: str) -> tuple[str, str]:
        distances = squares(graph, points, self.centres)
        scores = graph.add("Mul", distances, graph.constant(-0.5 / self.spread, np.float64))
        reach = graph.constant(self.reach, np.float64)
        far = graph.add("Div", graph.add("Sqrt", distances), reach)
        return graph.add("Softmax", scores, axis=1), of_nearest(graph, distances, far)

    def arrays(self) -> dict[str, NDArray[Any]]:
        return {"centres": self.centres, "reach": self.reach, "spread": np.array(self.spread)}


def _search(points: Floats, **begin: Any) -> Floats:
    """The middles that scikit-learn finds."""
    from sklearn.cluster import KMeans as Search  # 1.5 s
    from sklearn.exceptions import ConvergenceWarning

    with warnings.catch_warnings():  # rows of few different points may have fewer groups
        warnings.simplefilter("ignore", ConvergenceWarning)
        found: Floats = Search(**begin).fit(points).cluster_centers_
    return found
