"""A batch as points between which a distance means something, in numpy for fitting and the same in a graph.

Two rows that differ by one spread in a number, or in whether it is missing, or by a usual difference of a text, are
about as far apart as two that differ in a category: numbers are standardised, categories one-hot, and the columns that
a text is condensed to have together the spread of as many numbers.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crosstie.data.batch import Batch, Layout
from crosstie.learners.columns import Columns
from crosstie.learners.graph import GraphWriter
from crosstie.learners.linear_inputs import LinearInputs

LEVELS = 100  # of a category that have a column; rarer ones are as far from these as they are from each other


@dataclass(frozen=True)
class Points:
    """Which columns there are: numbers, vectors and dates, which of these are missing, texts, levels of categories.

    Attributes:
        layout: What the batches hold.
        floats: Of numbers, vectors and dates; None where there are none.
        texts: Of texts, sequences, sets and bags; None where there are none.
        scale: `[columns of texts]` one over their spread.
        of: `[levels]` the category that each level belongs to.
        level: `[levels]` its code.
    """

    layout: Layout
    floats: LinearInputs | None
    texts: Columns | None
    scale: NDArray[np.float32]
    of: NDArray[np.int64]
    level: NDArray[np.int32]

    @classmethod
    def fit(cls, layout: Layout, batch: Batch, *, text_components: int, seed: int) -> "Points":
        """Learn means and spreads, directions of texts and frequent levels from training rows."""
        floats = texts = None
        scale = np.zeros(0, np.float32)
        of_floats = replace(layout, categories=(), tokens=())
        if of_floats.inputs:
            floats = LinearInputs.fit(of_floats, batch)
        of_texts = replace(layout, numbers=(), categories=(), vectors=(), dates=())
        if of_texts.inputs:
            texts = Columns.fit(
                of_texts, batch, text_components=text_components, seed=seed, lengths=False
            )
            scale = _scales(texts, batch)
        pairs = [
            (i, code)
            for i, each in enumerate(layout.categories)
            for code in _frequent(batch.inputs["categories"][:, i], each.size)
        ]
        return cls(
            layout,
            floats,
            texts,
            scale,
            np.array([i for i, _ in pairs], np.int64),
            np.array([code for _, code in pairs], np.int32),
        )

    @property
    def names(self) -> list[str]:
        """The input that each column comes from."""
        found = []
        if self.floats is not None:
            found += [name.partition("[")[0].removesuffix(" missing") for name in self.floats.names]
            found.pop()  # the constant of a linear model
        if self.texts is not None:
            found += self.texts.names
        return [*found, *(self.layout.categories[i].name for i in self.of)]

    def array(self, batch: Batch) -> NDArray[np.float32]:
        """float32 `[rows, columns]`."""
        parts: list[NDArray[Any]] = []
        if self.floats is not None:
            parts.append(self.floats.design(batch).dense[:, :-1])
        if self.texts is not None:
            parts.append(self.texts.array(batch) * self.scale)
        if len(self.of):
            parts.append(batch.inputs["categories"][:, self.of] == self.level)
        return np.concatenate(parts, axis=1, dtype=np.float32)

    def add(self, graph: GraphWriter) -> str:
        """The same in a graph."""
        parts = []
        if self.floats is not None:
            standard, missing = self.floats.add_standard(graph)
            parts.append(standard)
            if len(self.floats.marked):
                marked = graph.constant(self.floats.marked, np.int64)
                parts.append(graph.add("Gather", missing, marked, axis=1))
        if self.texts is not None:
            scale = graph.constant(self.scale)
            parts.append(graph.add("Mul", self.texts.add(graph), scale))
        if len(self.of):
            codes = graph.add("Gather", "categories", graph.constant(self.of, np.int64), axis=1)
            same = graph.add("Equal", codes, graph.constant(self.level, np.int32))
            parts.append(graph.cast(same, np.float32))
        return graph.concat(parts)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """What was learned of the inputs, by name."""
        found: dict[str, NDArray[Any]] = {
            "levels.of": self.of,
            "levels.code": self.level,
            "text.scale": self.scale,
        }
        bags = [] if self.texts is None else self.texts.bags
        found |= {f"text.{bag.tokens.array}": bag.scale[:, None] * table for bag, table in bags}
        return found | ({} if self.floats is None else self.floats.arrays())


def _scales(texts: Columns, batch: Batch) -> NDArray[np.float32]:
    """Of each text's columns one over the root of their mean variance, so that directions keep their proportions."""
    spread = texts.array(batch).astype(np.float64).var(0)
    widths = [table.shape[1] for _, table in texts.bags]
    found = []
    for part in np.split(spread, np.cumsum(widths)[:-1]):
        mean = part.mean() if len(part) else 0.0
        found.append(np.full(len(part), mean**-0.5 if mean > 1e-12 else 0.0))
    return np.concatenate(found).astype(np.float32)


def _frequent(codes: NDArray[np.int32], size: int) -> list[int]:
    """The codes that at least two rows have, the most frequent ones where they are many; in order."""
    counts = np.bincount(codes, minlength=size)
    most = np.argsort(-counts, kind="stable")[:LEVELS]
    return sorted(int(code) for code in most if counts[code] > 1)
