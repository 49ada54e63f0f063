"""The contract of a way to group points: fitted on some, it says of any other which group it is in, in a graph too."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from crosstie.learners.graph import GraphWriter

Floats = NDArray[np.float64]
Groups = NDArray[np.int64]
NONE = -1  # of a row in no group


class Grouping(ABC):
    """Groups that were found.

    Class attributes:
        loose: Whether a point may be in no group.

    Attributes:
        groups: How many there are.
    """

    loose: ClassVar[bool] = False
    groups: int

    @abstractmethod
    def assign(self, points: Floats) -> Groups:
        """The group of each point from 0, `NONE` of one in none: `[rows]` of `[rows, columns]`."""

    @abstractmethod
    def ordered(self, order: Sequence[int]) -> Self:
        """The same groups in another order: first the one that is `order[0]` here."""

    @abstractmethod
    def add(self, graph: GraphWriter, points: str) -> tuple[str, str]:
        """The groups in a graph.

        Args:
            graph: In the making.
            points: Its value, float64 `[rows, columns]`.

        Returns:
            How much each row belongs to each group, in all 1: float64 `[rows, groups]`, with one column more for no
            group where that can be; and how far it is from its group, about 1 for a usual member: float64 `[rows, 1]`.
        """

    @abstractmethod
    def arrays(self) -> dict[str, NDArray[Any]]:
        """What was learned, by name."""


def squares(graph: GraphWriter, points: str, others: Floats, *, dtype: Any = np.float64) -> str:
    """Squared distances of points from others in a graph: float64 `[rows, others]`, at least 0.

    Args:
        graph: In the making.
        points: Its value, float64 `[rows, columns]`.
        others: `[others, columns]`.
        dtype: That they are kept in, which holds them exactly.
    """
    product = graph.add(
        "Gemm",
        points,
        graph.cast(graph.constant(others, dtype), np.float64),
        graph.constant((others**2).sum(1), np.float64),
        alpha=-2.0,
        transB=1,
    )
    own = graph.add("ReduceSumSquare", points, graph.constant([1], np.int64), keepdims=1)
    total = graph.add("Add", product, own)
    return graph.add("Max", total, graph.constant(0.0, np.float64))


def of_nearest(graph: GraphWriter, distances: str, values: str) -> str:
    """What stands in `values` where the smallest of each row's `distances` does: `[rows, 1]`."""
    place = graph.add("ArgMin", distances, axis=1, keepdims=1)
    return graph.add("GatherElements", values, place, axis=1)


def squared(points: Floats, others: Floats) -> Floats:
    """Squared distances `[rows, others]`, at least 0."""
    found: Floats = (points**2).sum(1)[:, None] - 2 * points @ others.T + (others**2).sum(1)
    return np.maximum(found, 0)
