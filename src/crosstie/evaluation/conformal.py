"""Intervals that hold a number with a stated probability, whatever the model: split conformal prediction (Vovk et al. 2005).

How far off a model was on rows it did not learn from says how far off it will be on others like them. Above and below
are told apart, for targets are skewed, and so are small predictions and large ones (groups by prediction: Mondrian, Vovk
2003), for errors grow with what is predicted. Where the rows are those of folds, each judged by the model that did not
learn from it, and the average of all predicts, intervals are a little wide (cross-conformal, Vovk 2015). What is promised is
of all rows together, not of each kind of row, and of rows drawn as those were.
"""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from crosstie.evaluation.metric import Array

COVERAGE = 0.9  # where nobody says otherwise
ROWS_A_GROUP = 200  # of fewer, ends would be guessed from a handful of rows
GROUPS = 10


@dataclass(frozen=True)
class Interval:
    """What makes an interval of a predicted number.

    Attributes:
        coverage: The share of rows whose true number it is to hold.
        edges: Predictions that part the groups, rising; one fewer than groups.
        below: By group, how far the lower end is from the prediction; rarely above 0.
        above: By group, how far the upper end is.
    """

    coverage: float
    edges: tuple[float, ...]
    below: tuple[float, ...]
    above: tuple[float, ...]

    def ends(self, prediction: Array) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """The lower and the upper end for each prediction, float64 `[rows]`.

        Examples:
            >>> Interval(0.9, (10.0,), (-1.0, -5.0), (2.0, 4.0)).ends(np.array([3.0, 20.0]))
            (array([ 2., 15.]), array([ 5., 24.]))
        """
        values = np.asarray(prediction, np.float64)
        group = np.searchsorted(self.edges, values, side="right")
        return values + np.asarray(self.below)[group], values + np.asarray(self.above)[group]

    def state(self) -> dict[str, Any]:
        """As JSON values."""
        return {
            name: list(each) if isinstance(each, tuple) else each
            for name, each in asdict(self).items()
        }

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Self:
        """The interval of a `state`.

        Raises:
            ValueError: It is no such state.
        """
        edges, below, above = (
            tuple(float(one) for one in state[name]) for name in ("edges", "below", "above")
        )
        numbers = (*edges, *below, *above)
        if not (len(below) == len(above) == len(edges) + 1 and all(map(math.isfinite, numbers))):
            raise ValueError("an interval has two ends for each group and an edge between groups")
        return cls(float(state["coverage"]), edges, below, above)


def fit_interval(
    prediction: Array, target: Array, *, coverage: float = COVERAGE
) -> Interval | None:
    """The interval of what a model said of rows that it did not learn from.

    Args:
        prediction: `[rows]`.
        target: `[rows]`; every row counts alike, whatever its weight, as it will where it is predicted.
        coverage: The share of rows to hold.

    Returns:
        None where rows are too few to say: below 19 for 0.9.
    """
    prediction, target = np.asarray(prediction, np.float64), np.asarray(target, np.float64)
    finite = np.isfinite(prediction) & np.isfinite(target)
    prediction, target = prediction[finite], target[finite]
    least = least_rows(coverage)
    if len(target) < least:
        return None
    groups = max(min(len(target) // max(ROWS_A_GROUP, least), GROUPS), 1)
    edges = np.unique(np.quantile(prediction, np.arange(1, groups) / groups))
    group = np.searchsorted(edges, prediction, side="right")
    if np.bincount(group, minlength=len(edges) + 1).min() < least:  # few different predictions
        edges, group = np.zeros(0), np.zeros(len(target), np.int64)
    off = target - prediction
    ends = [_ends(off[group == place], coverage) for place in range(len(edges) + 1)]
    return Interval(
        coverage,
        tuple(edges.tolist()),
        tuple(low for low, _ in ends),
        tuple(high for _, high in ends),
    )


def least_rows(coverage: float) -> int:
    """How many rows it takes to say where so few are outside, half of them on each side.

    Examples:
        >>> least_rows(0.9), least_rows(0.95)
        (19, 39)
    """
    return math.ceil(round(2 / (1 - coverage), 9)) - 1


def _ends(off: NDArray[np.float64], coverage: float) -> tuple[float, float]:
    """Of sorted errors the ones that another is between with probability `coverage` at least."""
    ordered = np.sort(off)
    # another error is equally likely to fall between any two of these
    outside = math.floor(round((len(off) + 1) * (1 - coverage) / 2, 9))
    return float(ordered[outside - 1]), float(ordered[len(off) - outside])


def judge_interval(interval: Interval, prediction: Array, target: Array) -> dict[str, float]:
    """The share of rows whose true number is inside, and how wide intervals are on average.

    Args:
        interval: Fitted on other rows.
        prediction: `[rows]`.
        target: `[rows]`.

    Returns:
        `measured`, with `measured_low` and `measured_high` of its 95 % interval, and `mean_width`.
    """
    low, high = interval.ends(prediction)
    inside = (np.asarray(target) >= low) & (np.asarray(target) <= high)
    least, most = wilson(float(inside.mean()), len(inside))
    return {
        "measured": float(inside.mean()),
        "measured_low": least,
        "measured_high": most,
        "mean_width": float((high - low).mean()),
    }


def wilson(share: float, rows: int) -> tuple[float, float]:
    """The 95 % interval of a share of rows (Wilson 1927).

    Examples:
        >>> [round(each, 3) for each in wilson(0.9, 100)]
        [0.826, 0.945]
    """
    z = 1.96
    middle = (share + z * z / (2 * rows)) / (1 + z * z / rows)
    half = z * math.sqrt(share * (1 - share) / rows + (z / (2 * rows)) ** 2) / (1 + z * z / rows)
    return max(middle - half, 0.0), min(middle + half, 1.0)
