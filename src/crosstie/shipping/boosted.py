"""Trees grown by another tool as one graph: the sums of their leaves, and what those sums stand for."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from crosstie.data.batch import Output
from crosstie.learners.graph import GraphWriter
from crosstie.learners.trees import ZERO, Tree, add_trees
from crosstie.shipping.foreign import Asked, Fed, Task

Link = Literal[
    "identity", "sigmoid", "softmax", "exp", "signed_square", "log1p_exp", "hinge"
]  # what a sum of leaves stands for


@dataclass(frozen=True)
class Boosted:
    """A `Foreign` of trees.

    Attributes:
        tool: As `Foreign`, and so on.
        version: Likewise.
        columns: Likewise.
        task: Likewise.
        classes: Likewise.
        trees: In any order.
        targets: For each tree the sum that it adds to.
        start: Of each sum, what is added to it.
        share: Sums are multiplied by it, before `start` is added: 1 over the trees of a random forest.
        link: What a sum stands for.
        steepness: Of a sigmoid: sums are multiplied by it.
        zeros: Columns in which 0 means that nothing is there.
        predict: Asks the tool itself, if it is installed: numbers `[rows, columns]` to what it says of them.
        labels: As `Foreign`.
    """

    tool: str
    version: str
    columns: tuple[Asked, ...]
    task: Task
    classes: int
    trees: list[Tree]
    targets: list[int]
    start: tuple[float, ...]
    link: Link
    share: float = 1.0
    steepness: float = 1.0
    zeros: frozenset[int] = frozenset()
    predict: Callable[[NDArray[np.float64]], NDArray[np.float64] | None] = field(
        default=lambda _: None, repr=False
    )
    labels: tuple[str, ...] = ()

    def write(self, path: Path, fed: Fed) -> None:
        """As `Foreign.write`."""
        graph = GraphWriter(fed.layout)
        rows = self._matrix(graph, fed)
        sums = add_trees(graph, self.trees, rows, outputs=len(self.start), targets=self.targets)
        if self.share != 1:
            sums = graph.add("Mul", sums, graph.constant(self.share))
        if any(self.start):
            sums = graph.add("Add", sums, graph.constant([self.start]))
        if self.steepness != 1:
            sums = graph.add("Mul", sums, graph.constant(self.steepness))
        output = fed.layout.outputs[0]
        value = self._linked(graph, sums)
        if self.task == "category":
            graph.output(output.array, value, width=self.classes)
        else:
            graph.output(output.array, graph.flat(value), width=None)
        graph.write(path)

    def says(
        self,
        cells: Sequence[NDArray[np.float64]],
        absent: Sequence[NDArray[np.bool_]],
        output: Output,
    ) -> NDArray[np.float64] | None:
        """As `Foreign.says`."""
        return self.predict(np.stack(cells, axis=1))

    def _matrix(self, graph: GraphWriter, fed: Fed) -> str:
        """float32 `[rows, columns]` in the trees' own order, NaN where missing."""
        parts: list[str] = []
        order: list[int] = []
        numbers = len(fed.layout.numbers)
        if numbers:
            parts.append("numbers")
        for asked, (array, place), levels in zip(self.columns, fed.places, fed.levels, strict=True):
            if array == "numbers":
                order.append(place)
                continue
            codes = {level: code for code, level in enumerate(asked.levels)}
            table = [np.nan, np.nan, *(codes.get(level, np.nan) for level in levels)]
            column = graph.add(
                "Gather", "categories", graph.constant([place], np.int64), axis=1
            )  # [rows, 1]
            order.append(numbers + len(parts) - bool(numbers))
            parts.append(graph.add("Gather", graph.constant(table), column, axis=0))
        rows = graph.concat(parts)
        if order != list(range(numbers + len(parts) - bool(numbers))):
            rows = graph.add("Gather", rows, graph.constant(order, np.int64), axis=1)
        if not self.zeros:
            return rows
        zero = [[i in self.zeros for i in range(len(self.columns))]]
        small = graph.add("LessOrEqual", graph.add("Abs", rows), graph.constant(ZERO))
        gone = graph.add("And", small, graph.constant(zero, np.bool_))
        return graph.add("Where", gone, graph.constant(np.nan), rows)

    def _linked(self, graph: GraphWriter, sums: str) -> str:
        if self.link == "sigmoid":
            return graph.add("Sigmoid", sums)
        if self.link == "softmax":
            return graph.add("Softmax", sums, axis=1)
        if self.link == "exp":
            return graph.add("Exp", sums)
        if self.link == "signed_square":
            return graph.add("Mul", sums, graph.add("Abs", sums))
        if self.link == "log1p_exp":
            return graph.add("Softplus", sums)
        if self.link == "hinge":
            above = graph.add("Greater", sums, graph.constant(0.0))
            return graph.cast(above, np.float32)
        return sums
