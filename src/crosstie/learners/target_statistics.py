"""Levels of a category as what the target was beside them: numbers that trees can part with a threshold.

A level's number is the mean target of its training rows, drawn towards the mean of all rows by as much as the level is
rare (Micci-Barreca 2001). Of several classes it is one number a class, the share of the level's rows.

A training row must not see its own target in its column, or what is learned trusts the column too much (Prokhorenkova et al.
2018 call it prediction shift). So training rows get numbers from the other folds; rows that come later, from all.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crosstie.learners.graph import GraphWriter

Floats = NDArray[np.float64]

FOLDS = 5
PRIOR_ROWS = 10.0  # of the mean row beside each level's own
MOST_CLASSES = (
    10  # of more a column each would outweigh all others: the level's share of rows is one
)


@dataclass(frozen=True)
class TargetStatistics:
    """What the target was beside each level of one category.

    Attributes:
        table: float32 `[levels, width]` of each code; of a code without training rows, what the mean row has.

    Examples:
        >>> codes, target = np.array([2, 2, 3, 3]), np.array([1.0, 1.0, 0.0, 0.0])
        >>> fitted, columns = TargetStatistics.fit(codes, target, None, seed=0, levels=4, prior_rows=2)
        >>> fitted.table[:, 0].tolist()
        [0.5, 0.5, 0.75, 0.25]
        >>> columns.shape
        (4, 1)
    """

    table: NDArray[np.float32]

    @classmethod
    def fit(
        cls,
        codes: NDArray[Any],
        target: NDArray[Any],
        weights: NDArray[Any] | None,
        seed: int,
        *,
        levels: int,
        classes: int = 0,
        folds: int = FOLDS,
        prior_rows: float = PRIOR_ROWS,
    ) -> tuple["TargetStatistics", NDArray[np.float32]]:
        """Learn from training rows, and make the columns that these same rows are to be fitted on.

        Args:
            codes: `[rows]`, from 0 to `levels - 1`.
            target: `[rows]` numbers, of two classes 0 and 1; of several classes their codes.
            weights: `[rows]`, or None for all equal.
            seed: Of the folds.
            levels: How many codes there may be.
            classes: Of a target of classes; 0 of a number. Up to two are one column, up to ten a column each; of more
                the column is the level's share of all rows, which looks at no target.
            folds: How often rows are left out in turn.
            prior_rows: Of the mean row beside each level's own, above 0: a level of one row then says little.

        Returns:
            What was learned, and float32 `[rows, width]`, each row from the folds that it is not in.
        """
        rows = np.ones(len(codes)) if weights is None else np.asarray(weights, np.float64)
        if classes > MOST_CLASSES:
            share = np.bincount(codes, rows, levels) / max(rows.sum(), 1e-300)
            table = share[:, None].astype(np.float32)
            return cls(table), table[codes]

        def sums(some: NDArray[np.int64] | slice) -> tuple[Floats, Floats]:
            """Rows of each level `[levels, 1]`, and the sum of their targets `[levels, width]`."""
            own, mass = codes[some], rows[some]
            count: Floats = np.bincount(own, mass, levels)[:, None].astype(np.float64)
            width = classes if classes > 2 else 1
            if width > 1:
                own = own.astype(np.int64) * width + target[some]
            else:
                mass = mass * target[some]
            total: Floats = np.bincount(own, mass, levels * width).astype(np.float64)
            return count, total.reshape(levels, width)

        def means(count: Floats, total: Floats) -> NDArray[np.float32]:
            mean = total.sum(0) / max(count.sum(), 1e-300)
            drawn: Floats = (total + prior_rows * mean) / (count + prior_rows)
            return drawn.astype(np.float32)

        count, total = sums(slice(None))
        fitted = cls(means(count, total))
        columns = np.empty((len(codes), total.shape[1]), np.float32)
        for fold in np.array_split(np.random.default_rng(seed).permutation(len(codes)), folds):
            own_count, own_total = sums(fold)
            columns[fold] = means(count - own_count, total - own_total)[codes[fold]]
        return fitted, columns

    def columns(self, codes: NDArray[Any]) -> NDArray[np.float32]:
        """float32 `[rows, width]` of rows that nothing was learned from."""
        found: NDArray[np.float32] = self.table[codes]
        return found


def add_statistics(graph: GraphWriter, fitted: Sequence[TargetStatistics], codes: str) -> str:
    """The columns of several categories side by side `[rows, categories * width]`.

    Args:
        graph: Where to add it.
        fitted: One for each category, of the same target.
        codes: Name of the codes `[rows, categories]`.
    """
    sizes = [len(each.table) for each in fitted]
    starts = graph.constant(np.cumsum(sizes) - sizes, np.int64)
    places = graph.add("Add", graph.cast(codes, np.int64), starts)
    table = graph.constant(np.concatenate([each.table for each in fitted]))
    found = graph.add("Gather", table, places)
    width = len(fitted) * fitted[0].table.shape[1]
    return graph.add("Reshape", found, graph.constant([-1, width], np.int64))
