"""A batch as the columns that a linear model weighs, in numpy for fitting and with the same meaning in a graph."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crosstie.data.batch import Batch, Layout
from crosstie.features.date import PARTS
from crosstie.learners.bags import Bag
from crosstie.learners.graph import GraphWriter
from crosstie.learners.newton import Design, Floats

DENSE_ONE_HOT = 512  # one-hot columns beyond this are kept sparse
DENSE_CELLS = 30_000_000  # 240 MB
STEADY = np.array([period == 0 for period in PARTS.values()])
CYCLES = 2 * np.pi / np.array([period for period in PARTS.values() if period])


@dataclass(frozen=True)
class LinearInputs:
    """Which columns there are: sparse ones (bags, wide one-hots), then dense ones, then the constant 1.

    Attributes:
        layout: What the batches hold.
        bags: How tokens are weighed.
        mean: `[floats]` of the numbers, vectors and date parts, NaN left out.
        scale: `[floats]` one over their spread; 0 for a constant.
        marked: Which of them have an indicator of being missing.
        sparse_categories: Whether one-hots are among the sparse columns.
    """

    layout: Layout
    bags: tuple[Bag, ...]
    mean: NDArray[np.float32]
    scale: NDArray[np.float32]
    marked: NDArray[np.int64]
    sparse_categories: bool

    @classmethod
    def fit(cls, layout: Layout, batch: Batch, *, ngram_size: int = 1) -> "LinearInputs":
        """Learn means, spreads and weights of tokens, with `ngram_size` 2 of pairs of them, from training rows."""
        floats = _floats(layout, batch)
        missing = np.isnan(floats)
        present = np.maximum((~missing).sum(0), 1)
        filled = np.where(missing, 0, floats.astype(np.float64))
        mean = filled.sum(0) / present
        spread = np.sqrt(np.where(missing, 0, (filled - mean) ** 2).sum(0) / present)
        usable = spread > 1e-7 * np.maximum(np.abs(mean), 1e-30)
        scale = np.divide(1, spread, out=np.zeros_like(spread), where=usable)
        firsts = _firsts(layout)
        one_hot = sum(each.size for each in layout.categories)
        return cls(
            layout,
            tuple(
                Bag.fit(each, batch.inputs[each.array], ngram_size=ngram_size)
                for each in layout.tokens
            ),
            mean.astype(np.float32),
            scale.astype(np.float32),
            firsts[missing[:, firsts].any(0)] if len(firsts) else firsts,
            one_hot > DENSE_ONE_HOT or one_hot * len(batch) > DENSE_CELLS,
        )

    @property
    def names(self) -> list[str]:
        """What each weight belongs to, in order."""
        layout = self.layout
        tokens = [name for bag in self.bags for name in bag.names]
        levels = [f"{each.name}[{i}]" for each in layout.categories for i in range(each.size)]
        floats = list(layout.numbers)
        floats += [f"{each.name}[{i}]" for each in layout.vectors for i in range(each.width)]
        parts = [part for part, period in PARTS.items() if not period]
        waves = [part for part, period in PARTS.items() if period]
        for date in layout.dates:
            floats += [f"{date.name}[{part}]" for part in parts]
            floats += [f"{date.name}[{wave} {part}]" for wave in ("sin", "cos") for part in waves]
        marks = [f"{floats[i]} missing" for i in self.marked]
        sparse, dense = (levels, []) if self.sparse_categories else ([], levels)
        return [*tokens, *sparse, *floats, *marks, *dense, "1"]

    def arrays(self) -> dict[str, NDArray[Any]]:
        """What was learned of the inputs, by name."""
        found: dict[str, NDArray[Any]] = {
            "inputs.mean": self.mean,
            "inputs.scale": self.scale,
            "inputs.marked": self.marked,
        }
        return found | {f"inputs.{bag.tokens.array}": bag.scale for bag in self.bags}

    def design(self, batch: Batch) -> Design:
        """The rows of a batch."""
        floats = _floats(self.layout, batch)
        missing = np.isnan(floats)
        standard = np.where(missing, 0, (floats - self.mean) * self.scale)
        dense = [standard, missing[:, self.marked]]
        sparse = [bag.matrix(batch.inputs[bag.tokens.array]) for bag in self.bags]
        if self.layout.categories:
            codes, total = self._codes(batch.inputs["categories"])
            if self.sparse_categories:
                sparse.append(_one_hot(codes, total))
            else:
                hot = np.zeros((len(codes), total))
                np.put_along_axis(hot, codes, 1.0, axis=1)
                dense.append(hot)
        dense.append(np.ones((len(batch), 1)))
        return Design(np.concatenate(dense, axis=1, dtype=np.float64), _side_by_side(sparse))

    def add(self, graph: GraphWriter, weights: Floats) -> str:
        """`design(batch).times(weights)` in a graph: float32 `[rows, outputs]`."""
        start = 0

        def take(count: int) -> Floats:
            nonlocal start
            start += count
            return weights[start - count : start]

        parts = [bag.add(graph, take(bag.size), np.float32) for bag in self.bags]
        levels = sum(each.size for each in self.layout.categories)
        if self.sparse_categories:
            parts.append(self._add_categories(graph, take(levels)))
        if len(self.mean):
            parts += self._add_floats(graph, take(len(self.mean)), take(len(self.marked)))
        if levels and not self.sparse_categories:
            parts.append(self._add_categories(graph, take(levels)))
        total = graph.constant(take(1))
        for part in parts:
            total = graph.add("Add", part, total)
        return total

    def _add_floats(self, graph: GraphWriter, weights: Floats, marks: Floats) -> list[str]:
        standard, missing = self.add_standard(graph)
        parts = [graph.add("MatMul", standard, graph.constant(weights))]
        if len(self.marked):
            table = np.zeros_like(weights)
            table[self.marked] = marks
            parts.append(graph.add("MatMul", missing, graph.constant(table)))
        return parts

    def add_standard(self, graph: GraphWriter) -> tuple[str, str]:
        """Numbers, vectors and date parts standardised, 0 where missing, and which are; both float32 `[rows, floats]`."""
        layout = self.layout
        floats = ["numbers"] if layout.numbers else []
        floats += [each.array for each in layout.vectors]
        for date in layout.dates:
            pick = graph.constant(np.flatnonzero(STEADY), np.int64)
            floats.append(graph.add("Gather", date.array, pick, axis=1))
            pick = graph.constant(np.flatnonzero(~STEADY), np.int64)
            angles = graph.add("Gather", date.array, pick, axis=1)
            angles = graph.add("Mul", angles, graph.constant(CYCLES))
            floats += [graph.add("Sin", angles), graph.add("Cos", angles)]
        values = graph.concat(floats)
        missing = graph.add("IsNaN", values)
        standard = graph.add("Sub", values, graph.constant(self.mean))
        standard = graph.add("Mul", standard, graph.constant(self.scale))
        standard = graph.add("Where", missing, graph.constant(0.0), standard)
        return standard, graph.cast(missing, np.float32)

    def _add_categories(self, graph: GraphWriter, weights: Floats) -> str:
        offsets = _offsets(self.layout)
        codes = graph.cast("categories", np.int64)
        codes = graph.add("Add", codes, graph.constant(offsets, np.int64))
        gathered = graph.add("Gather", graph.constant(weights), codes)
        return graph.add("ReduceSum", gathered, graph.constant([1], np.int64), keepdims=0)

    def _codes(self, categories: NDArray[np.int32]) -> tuple[NDArray[np.int64], int]:
        """Numbers of one-hot columns `[rows, categories]`, and how many of those there are."""
        total = sum(each.size for each in self.layout.categories)
        return categories.astype(np.int64) + _offsets(self.layout), total


def _floats(layout: Layout, batch: Batch) -> NDArray[np.float32]:
    """Numbers, vectors and date parts `[rows, floats]`, NaN where missing."""
    inputs = batch.inputs
    parts = [np.zeros((len(batch), 0), np.float32)]
    parts += [inputs["numbers"]] if layout.numbers else []
    parts += [inputs[each.array] for each in layout.vectors]
    for date in layout.dates:
        values = inputs[date.array]
        angles = values[:, ~STEADY] * CYCLES.astype(np.float32)
        parts += [values[:, STEADY], np.sin(angles), np.cos(angles)]
    return np.concatenate(parts, axis=1, dtype=np.float32)


def _firsts(layout: Layout) -> NDArray[np.int64]:
    """The float columns that may get an indicator: every number, one of each vector and date."""
    found = list(range(len(layout.numbers)))
    at = len(found)
    per_date = int(STEADY.sum() + 2 * (~STEADY).sum())
    for width in [*(each.width for each in layout.vectors), *[per_date] * len(layout.dates)]:
        found.append(at)
        at += width
    return np.array(found, np.int64)


def _offsets(layout: Layout) -> NDArray[np.int64]:
    sizes = [each.size for each in layout.categories]
    return np.concatenate([[0], np.cumsum(sizes)[:-1]]).astype(np.int64)


def _one_hot(codes: NDArray[np.int64], total: int) -> Any:
    from scipy.sparse import csr_matrix  # 0.2 s

    rows, columns = codes.shape
    starts = np.arange(rows + 1) * columns
    return csr_matrix((np.ones(codes.size), codes.ravel(), starts), shape=(rows, total))


def _side_by_side(parts: list[Any]) -> Any:
    if len(parts) < 2:
        return parts[0] if parts else None
    from scipy.sparse import hstack

    return hstack(parts, format="csr")
