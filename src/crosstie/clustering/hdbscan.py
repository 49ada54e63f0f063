"""HDBSCAN: groups are where rows lie dense, of any shape, and rows between them are in none (Campello and others 2013).

It says of the rows that it saw which group they are in, and nothing of others. So a row is in the group of the nearest
row that has one, if it is as near to that as the group's rows are to each other.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from crosstie.clustering.grouping import NONE, Floats, Grouping, Groups, squared, squares
from crosstie.learners.graph import GraphWriter

NEIGHBOURS = 5  # with a row itself: a row's density is told by how far the last of them is
ROWS_AT_ONCE = 1000
CLOSEST = 1e-6  # a reach of a group whose rows are all the same


@dataclass(frozen=True)
class Hdbscan(Grouping):
    """Rows that have a group.

    How much a row belongs to its group falls from 1, where such a row lies, to a half at the edge; the rest is that it
    is in none. That is a measure of nearness and no probability.

    Attributes:
        members: float32 values `[members, columns]`.
        of: int64 `[members]`, the group of each.
        reach: float64 `[groups]`: how far a row of the group may be from the nearest other.
    """

    loose: ClassVar[bool] = True

    members: Floats
    of: Groups
    reach: Floats

    @property
    def groups(self) -> int:  # type: ignore[override]
        """How many dense places."""
        return len(self.reach)

    @classmethod
    def fit(cls, points: Floats, least: int, *, seed: int = 0) -> Self:
        """Groups of at least so many rows; perhaps none."""
        from sklearn.cluster import HDBSCAN  # 1.5 s
        from sklearn.neighbors import NearestNeighbors

        near = min(NEIGHBOURS, least)
        labels = HDBSCAN(min_cluster_size=least, min_samples=near, copy=True).fit(points).labels_
        groups = int(labels.max(initial=NONE)) + 1
        core = NearestNeighbors(n_neighbors=near).fit(points).kneighbors()[0][:, near - 2]
        inside, reach = np.zeros(len(points), bool), np.zeros(groups)
        for group in range(groups):
            own = np.flatnonzero(labels == group)
            search = NearestNeighbors(n_neighbors=2).fit(points[own])
            distance, place = search.kneighbors(points[own])
            mutual = np.maximum(distance[:, 1], np.maximum(core[own], core[own][place[:, 1]]))
            usual = mutual <= _fence(mutual)
            inside[own[usual]] = True
            reach[group] = max(float(mutual[usual].max()), CLOSEST)
        return cls(
            points[inside].astype(np.float32).astype(np.float64),
            labels[inside].astype(np.int64),
            reach,
        )

    def assign(self, points: Floats) -> Groups:
        if not self.groups:
            return np.full(len(points), NONE, np.int64)
        found = []
        for start in range(0, len(points), ROWS_AT_ONCE):
            distance = np.sqrt(squared(points[start : start + ROWS_AT_ONCE], self.members))
            nearest = distance.argmin(1)
            group = self.of[nearest]
            inside = distance[np.arange(len(nearest)), nearest] <= self.reach[group]
            found.append(np.where(inside, group, NONE))
        return np.concatenate(found)

    def ordered(self, order: Sequence[int]) -> Self:
        places = np.empty(self.groups, np.int64)
        places[list(order)] = np.arange(self.groups)
        return replace(self, of=places[self.of], reach=self.reach[list(order)])

    def add(self, graph: GraphWriter, points: str) -> tuple[str, str]:
        distance = graph.add("Sqrt", squares(graph, points, self.members, dtype=np.float32))
        place = graph.add("ArgMin", distance, axis=1, keepdims=1)
        nearest = graph.add("GatherElements", distance, place, axis=1)
        group = graph.add("Gather", graph.constant(self.of, np.int64), place)
        reach = graph.add("Gather", graph.constant(self.reach, np.float64), group)
        far = graph.add("Div", nearest, reach)
        one, half = graph.constant(1.0, np.float64), graph.constant(0.5, np.float64)
        within = graph.add("Sub", one, graph.add("Mul", half, far))
        beyond = graph.add("Div", half, graph.add("Max", far, half))
        share = graph.add("Where", graph.add("LessOrEqual", far, one), within, beyond)
        numbers = graph.constant(np.arange(self.groups), np.int64)
        is_own = graph.cast(graph.add("Equal", group, numbers), np.float64)
        rest = graph.add("Sub", one, share)
        return graph.concat([graph.add("Mul", is_own, share), rest]), far

    def arrays(self) -> dict[str, NDArray[Any]]:
        return {"members": self.members, "of": self.of, "reach": self.reach}


def _fence(values: Floats) -> float:
    """Beyond it a value is far out (Tukey 1977): HDBSCAN gives rows that lie alone to the group that is last parted from them."""
    low, high = np.quantile(values, [0.25, 0.75])
    return float(high + 3 * (high - low))
