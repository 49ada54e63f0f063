"""A batch as columns that thresholds alone can ask: a category of few levels is a column each, one of many what its target was.

Numbers, vectors, dates and texts are as in `Columns`. Training rows get their statistics from other folds.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crosstie.data.batch import Batch, Categories, Layout, Output
from crosstie.learners.columns import Columns
from crosstie.learners.graph import GraphWriter
from crosstie.learners.target_statistics import TargetStatistics, add_statistics

Floats = NDArray[np.float64]

UNKNOWN = 0  # the code that no column is of
SPECIAL = 2  # codes that are no levels: unknown, missing


@dataclass(frozen=True)
class Levels:
    """Which columns there are: those of `Columns`, one for each level of small categories, statistics of the others.

    Attributes:
        layout: What the batches hold.
        others: All but the categories; None where there are no others.
        few: Which categories are a column a level.
        statistics: Of the other categories, in their order.
    """

    layout: Layout
    others: Columns | None
    few: tuple[int, ...]
    statistics: tuple[TargetStatistics, ...]

    @classmethod
    def fit(
        cls,
        layout: Layout,
        batch: Batch,
        output: Output,
        weights: NDArray[Any] | None,
        *,
        one_hot_max_size: int,
        text_components: int,
        seed: int,
    ) -> tuple["Levels", NDArray[np.float32]]:
        """Learn from training rows, and make the columns `[rows, columns]` that these same rows are fitted on."""
        rest = replace(layout, categories=())
        others = None
        if rest.inputs:
            others = Columns.fit(rest, batch, text_components=text_components, seed=seed)
        few = tuple(
            i for i, each in enumerate(layout.categories) if each.size - SPECIAL <= one_hot_max_size
        )
        plain = cls(layout, others, few, ())
        fitted = [
            TargetStatistics.fit(
                batch.inputs["categories"][:, i],
                batch.targets[output.name],
                weights,
                seed,
                levels=layout.categories[i].size,
                classes=output.size if output.type == "category" else 0,
            )
            for i in plain.many
        ]
        levels = replace(plain, statistics=tuple(each for each, _ in fitted))
        return levels, plain.array(batch, [columns for _, columns in fitted])

    @property
    def many(self) -> list[int]:
        """Which categories are statistics."""
        return [i for i in range(len(self.layout.categories)) if i not in self.few]

    @property
    def names(self) -> list[str]:
        """The input that each column comes from."""
        found = [] if self.others is None else self.others.names
        found = found + [each.name for each, _ in self._single]
        for i, each in zip(self.many, self.statistics, strict=True):
            found += [self.layout.categories[i].name] * each.table.shape[1]
        return found

    def array(
        self, batch: Batch, statistics: list[NDArray[np.float32]] | None = None
    ) -> NDArray[np.float32]:
        """float32 `[rows, columns]`, NaN where missing.

        Args:
            batch: Encoded rows.
            statistics: In place of those that the tables have for these rows.
        """
        parts = [] if self.others is None else [self.others.array(batch)]
        codes = batch.inputs.get("categories")
        if statistics is None and codes is not None:
            statistics = [
                each.columns(codes[:, i])
                for i, each in zip(self.many, self.statistics, strict=True)
            ]
        if codes is not None:
            parts += [(codes[:, i, None] == self._codes(i)) for i in self.few]
        return np.concatenate([*parts, *(statistics or ())], axis=1, dtype=np.float32)

    def add(self, graph: GraphWriter) -> str:
        """The same in a graph."""
        parts = [] if self.others is None else [self.others.add(graph)]
        if self.few:
            places = graph.constant(
                np.repeat(self.few, [len(self._codes(i)) for i in self.few]), np.int64
            )
            codes = graph.add("Gather", "categories", places, axis=1)
            wanted = graph.constant(np.concatenate([self._codes(i) for i in self.few]), np.int32)
            parts.append(graph.cast(graph.add("Equal", codes, wanted), np.float32))
        if self.statistics:
            codes = graph.add("Gather", "categories", graph.constant(self.many, np.int64), axis=1)
            parts.append(add_statistics(graph, self.statistics, codes))
        return graph.concat(parts)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """What was learned of the inputs, by name."""
        categories = self.layout.categories
        found: dict[str, NDArray[Any]] = {
            f"statistics.{categories[i].name}": each.table
            for i, each in zip(self.many, self.statistics, strict=True)
        }
        bags = [] if self.others is None else self.others.bags
        return found | {
            f"text.{bag.tokens.array}": bag.scale[:, None] * table for bag, table in bags
        }

    @property
    def _single(self) -> list[tuple[Categories, int]]:
        """The category and the code of each column that is of one level."""
        named = self.layout.categories
        return [(named[i], code) for i in self.few for code in self._codes(i).tolist()]

    def _codes(self, category: int) -> NDArray[np.int32]:
        return np.arange(UNKNOWN + 1, self.layout.categories[category].size, dtype=np.int32)
