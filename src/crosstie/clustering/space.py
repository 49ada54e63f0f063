"""Rows as points that groups are sought among: every column of the table counts about alike, whatever it holds.

A number has a spread of 1. A yes or no lies as far from the other as two levels of a category do, so that a rare one does
not stand out by its rarity. The many columns that a text, a date or a vector is made into have together the spread of one
number: else a text would decide alone.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crosstie.data.batch import Batch, Layout
from crosstie.learners.graph import GraphWriter
from crosstie.learners.points import Points

# types of columns that points are made of
READS = ("number", "binary", "category", "text", "sequence", "set", "bag", "vector", "date")
TEXT_COMPONENTS = 32
FEW_VALUES = 12  # of a number, up to which they are lumps by themselves
STEADY = 1e-12  # variance of a column that tells no rows apart
RARELY = 0.05  # share of rows that miss a number, below which that tells of no group

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Space:
    """Points with weights.

    Attributes:
        points: The columns before they are weighed.
        kept: int64 `[columns]` which of those columns count: those that tell rows apart.
        weight: float32 `[columns]` of these.
        inputs: `[columns]` the input that each is made of.
        lumpy: bool `[columns]` whether it holds few values, so that rows lie in lumps though nothing groups them.
    """

    points: Points
    kept: NDArray[np.int64]
    weight: NDArray[np.float32]
    inputs: tuple[str, ...]
    lumpy: NDArray[np.bool_]

    @classmethod
    def fit(cls, layout: Layout, batch: Batch, *, binary: Collection[str], seed: int) -> "Space":
        """Learn means, spreads, levels and directions of texts.

        Args:
            layout: What the batch holds.
            batch: The rows.
            binary: Inputs among the numbers that are yes or no.
            seed: Of the directions of texts.
        """
        points = Points.fit(layout, batch, text_components=TEXT_COMPONENTS, seed=seed)
        array = points.array(batch)
        names = np.array(points.names, dtype=object)
        weight = np.ones(len(names))
        numbers = list(layout.numbers)
        assert points.floats is not None or not numbers, "numbers are floats"
        for place, name in enumerate(numbers):
            if name in binary and points.floats is not None and points.floats.scale[place]:
                weight[place] = np.sqrt(2) / points.floats.scale[place]
        wide = [each.name for each in layout.tokens]
        wide += [each.name for each in layout.vectors] + [each.name for each in layout.dates]
        for name in wide:
            own = np.flatnonzero(names == name)
            together = array[:, own].astype(np.float64).var(0).sum()
            weight[own] = 1 / np.sqrt(max(together, 1.0))
        spread = array.astype(np.float64).var(0)
        telling = spread > STEADY
        if points.floats is not None:
            marks = len(points.floats.mean) + np.arange(len(points.floats.marked))
            telling[marks] &= array[:, marks].mean(0) >= RARELY
        kept = np.flatnonzero(telling)
        dated = {each.name for each in layout.dates}
        lumpy = np.array(
            [names[i] in dated or len(np.unique(array[:, i])) <= FEW_VALUES for i in kept],
            bool,
        )
        return cls(points, kept, weight[kept].astype(np.float32), tuple(names[kept]), lumpy)

    def array(self, batch: Batch) -> Floats:
        """float64 `[rows, columns]` of numbers that float32 can hold."""
        return (self.points.array(batch)[:, self.kept] * self.weight).astype(np.float64)

    def add(self, graph: GraphWriter) -> str:
        """The same in a graph."""
        kept = graph.constant(self.kept, np.int64)
        columns = graph.add("Gather", self.points.add(graph), kept, axis=1)
        weighed = graph.add("Mul", columns, graph.constant(self.weight))
        return graph.cast(weighed, np.float64)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """What was learned, by name."""
        found = {**self.points.arrays(), "columns.kept": self.kept}
        return {**found, "columns.weight": self.weight}
