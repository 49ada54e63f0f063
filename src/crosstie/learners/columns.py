"""A batch as the plain columns of numbers that trees ask, in numpy for fitting and the same in a graph."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crosstie.data.batch import Batch, Date, Layout, Vector
from crosstie.learners.bags import WORDY, Bag, directions
from crosstie.learners.graph import GraphWriter

SMALL_VOCABULARY = 64
ROWS_FOR_DIRECTIONS = 200_000  # of a text; more do not turn them, and cost memory


@dataclass(frozen=True)
class ColumnRows:
    """The columns of a batch, made for those rows that are asked for: nothing grows with a table in files."""

    columns: "Columns"
    batch: Batch

    @property
    def shape(self) -> tuple[int, int]:
        """`(rows, columns)`."""
        return len(self.batch), len(self.columns.names)

    def __getitem__(self, rows: Any) -> NDArray[np.float32]:
        """float32 `[rows, columns]` of a slice or of row numbers."""
        return self.columns.array(self.batch.take(rows))


@dataclass
class Columns:
    """Which columns there are, and how they are made.

    Numbers as they are, vectors and dates by part, text as a few directions of its bag of tokens and how many there
    are, small sets as one column a label, categories last as codes.

    Attributes:
        layout: What the batches hold.
        bags: Per token column how it is weighed, and the table `[size, width]` that turns it into columns.
        lengths: Whether the number of tokens of a text is a column: for trees, which ask it by itself. What
            measures distances would have to know how much it counts.
    """

    layout: Layout
    bags: list[tuple[Bag, NDArray[np.float64]]] = field(default_factory=list)
    lengths: bool = True

    @classmethod
    def fit(
        cls,
        layout: Layout,
        batch: Batch,
        *,
        text_components: int,
        seed: int,
        lengths: bool = True,
        ngram_size: int = 1,
    ) -> "Columns":
        """Learn what text needs from training rows; with `ngram_size` 2 its pairs of neighbours count, too."""
        columns = cls(layout, lengths=lengths)
        for tokens in layout.tokens:
            ids = batch.inputs[tokens.array]
            bag = Bag.fit(tokens, ids, ngram_size=ngram_size)
            if tokens.type not in WORDY and tokens.size <= SMALL_VOCABULARY:
                table = np.eye(tokens.size)[:, 1:]
            else:
                some = ids
                if len(ids) > ROWS_FOR_DIRECTIONS:
                    rng = np.random.default_rng(seed)
                    some = ids[np.sort(rng.choice(len(ids), ROWS_FOR_DIRECTIONS, replace=False))]
                table = directions(bag.matrix(some), text_components, seed=seed)
            columns.bags.append((bag, table))
        return columns

    @property
    def names(self) -> list[str]:
        """The input that each column comes from."""
        return list(self._names())

    @property
    def categorical(self) -> list[int]:
        """Which columns hold codes."""
        return list(range(len(self.names) - len(self.layout.categories), len(self.names)))

    def rows(self, batch: Batch) -> ColumnRows:
        """As `array`, made piece by piece as it is read."""
        return ColumnRows(self, batch)

    def array(self, batch: Batch) -> NDArray[np.float32]:
        """float32 `[rows, columns]`, NaN where missing."""
        layout, inputs = self.layout, batch.inputs
        parts: list[NDArray[Any]] = [inputs["numbers"]] if layout.numbers else []
        parts += [inputs[each.array] for each in self._wide]
        for bag, table in self.bags:
            ids = inputs[bag.tokens.array]
            parts.append((bag.matrix(ids) @ table).astype(np.float32))
            if self._counted(bag):
                parts.append(bag.count(ids))
        if layout.categories:
            parts.append(inputs["categories"].astype(np.float32))
        return np.concatenate(parts, axis=1, dtype=np.float32)

    def add(self, graph: GraphWriter) -> str:
        """The same in a graph.

        Text is summed in float64, so that the order of a sum cannot move a value across a threshold.
        """
        layout = self.layout
        parts = ["numbers"] if layout.numbers else []
        parts += [each.array for each in self._wide]
        for bag, table in self.bags:
            parts.append(graph.cast(bag.add(graph, table, np.float64), np.float32))
            if self._counted(bag):
                parts.append(bag.add_count(graph))
        if layout.categories:
            parts.append(graph.cast("categories", np.float32))
        return graph.concat(parts)

    @property
    def _wide(self) -> list[Vector | Date]:
        return [*self.layout.vectors, *self.layout.dates]

    def _counted(self, bag: Bag) -> bool:
        return self.lengths and bag.tokens.type in WORDY

    def _names(self) -> Iterator[str]:
        yield from self.layout.numbers
        for each in self._wide:
            yield from [each.name] * each.width
        for bag, table in self.bags:
            yield from [bag.tokens.name] * (table.shape[1] + self._counted(bag))
        yield from (each.name for each in self.layout.categories)
