"""How much a model goes by each column: what its loss grows by where the column's cells are shuffled (Breiman 2001).

The interval is a bootstrap's, of rows and of shuffles: another table of such rows, shuffled otherwise, would give a value
inside it as a rule. Columns that say the same share their importance or hide each other's: a model that can read
one where the other is shuffled loses little.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from crosstie.evaluation.metric import Array

RESAMPLES = 200


@dataclass(frozen=True)
class Importance:
    """What a model loses where it cannot read a column.

    Attributes:
        column: Its name.
        value: By how much the mean loss of a row grows; around 0, below it too, of a column that says nothing.
        low: Lower end of the interval.
        high: Its upper end.
    """

    column: str
    value: float
    low: float
    high: float

    @property
    def told(self) -> bool:
        """Whether its interval is above 0: the column is not of those that say nothing."""
        return self.low > 0


def importances(
    base: Array,
    shuffled: Mapping[str, Array],
    *,
    weights: Array | None = None,
    resamples: int = RESAMPLES,
    level: float = 0.95,
    seed: int = 0,
) -> list[Importance]:
    """The importance of each column, the greatest first.

    Args:
        base: Loss of each row, `[rows]`.
        shuffled: By column, losses of the same rows with its cells shuffled, `[shuffles, rows]`.
        weights: `[rows]`, or None for all equal.
        resamples: How many.
        level: Share of resamples inside an interval.
        seed: The same seed gives the same intervals.

    Examples:
        >>> base, worse = np.zeros(4), np.ones((2, 4))
        >>> importances(base, {"a": worse, "b": np.zeros((2, 4))})[0]
        Importance(column='a', value=1.0, low=1.0, high=1.0)
    """
    if not shuffled or not len(base):
        return []
    grown = np.stack(list(shuffled.values())) - base  # [columns, shuffles, rows]
    columns, shuffles, rows = grown.shape
    rng = np.random.default_rng(seed)
    w = np.ones(rows) if weights is None else np.asarray(weights, np.float64)
    counts = rng.multinomial(rows, np.full(rows, 1 / rows), size=resamples) * w
    total = counts.sum(1)
    counts, total = counts[total > 0], total[total > 0]  # none of the rows drawn may have weight
    drawn = rng.multinomial(shuffles, np.full(shuffles, 1 / shuffles), size=len(counts)) / shuffles
    by_shuffle = grown.reshape(columns * shuffles, rows) @ (counts / total[:, None]).T
    values = (by_shuffle.reshape(columns, shuffles, -1) * drawn.T).sum(1)  # [columns, resamples]
    point = grown.mean(1) @ (w / w.sum())
    ends = np.percentile(values, [50 * (1 - level), 50 * (1 + level)], axis=1)
    found = [
        Importance(name, float(value), float(low), float(high))
        for name, value, low, high in zip(shuffled, point, *ends, strict=True)
    ]
    return sorted(found, key=lambda each: -each.value)
