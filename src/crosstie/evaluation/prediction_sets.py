"""Sets of classes that hold the true one with a stated probability, whatever the model (LAC: Sadinle, Lei and Wasserman 2019).

What a model gave the true class of rows that it did not learn from says how little it may give that of another row. All classes
that get as much make the set: one where it is sure, several where it is not. Of all sets that hold as much these are the
smallest on average where probabilities are right; rare classes may be held less often, for the promise is of all rows together.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np

from crosstie.evaluation.conformal import COVERAGE, wilson
from crosstie.evaluation.metric import Array


@dataclass(frozen=True)
class PredictionSet:
    """What makes a set of classes of their probabilities.

    Attributes:
        coverage: The share of rows whose true class it is to hold.
        least: The probability from which on a class is in it. The most probable one always is.
    """

    coverage: float
    least: float

    def of(self, probability: Array) -> list[list[int]]:
        """The classes of each row, the most probable first.

        Args:
            probability: `[rows, classes]`.

        Examples:
            >>> PredictionSet(0.9, 0.3).of(np.array([[0.2, 0.5, 0.3], [0.9, 0.05, 0.05], [0.29, 0.29, 0.42]]))
            [[1, 2], [0], [2]]
        """
        values = np.asarray(probability, np.float64)
        order = np.argsort(-values, axis=1, kind="stable")
        inside = np.maximum((values >= self.least).sum(1), 1)
        return [row[:many] for row, many in zip(order.tolist(), inside.tolist(), strict=True)]

    def named(self, probability: Array, labels: Sequence[str]) -> list[list[str]]:
        """As `of`, by name."""
        return [[labels[place] for place in row] for row in self.of(probability)]

    def state(self) -> dict[str, Any]:
        """As JSON values."""
        return asdict(self)

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Self:
        """The set of a `state`.

        Raises:
            ValueError: It is no such state.
        """
        coverage, least = float(state["coverage"]), float(state["least"])
        if not 0 <= least <= 1:
            raise ValueError("a set has classes from a probability on, which is from 0 to 1")
        return cls(coverage, least)


def fit_prediction_set(
    probability: Array, target: Array, *, coverage: float = COVERAGE
) -> PredictionSet | None:
    """The set of what a model said of rows that it did not learn from.

    Args:
        probability: `[rows, classes]`.
        target: Codes `[rows]`; every row counts alike, whatever its weight.
        coverage: The share of rows to hold.

    Returns:
        None where rows are too few to say: below 9 for 0.9.
    """
    given = np.sort(np.asarray(probability, np.float64)[np.arange(len(target)), target])
    # another row's is equally likely to fall between any two of these
    outside = math.floor(round((len(given) + 1) * (1 - coverage), 9))
    return PredictionSet(coverage, float(given[outside - 1])) if outside else None


def judge_prediction_set(
    found: PredictionSet, probability: Array, target: Array
) -> dict[str, float]:
    """The share of rows whose true class is inside, and how large sets are.

    Args:
        found: Fitted on other rows.
        probability: `[rows, classes]`.
        target: Codes `[rows]`.

    Returns:
        `measured`, with `measured_low` and `measured_high` of its 95 % interval, `mean_size`, and `alone`, the share of rows whose
        set is of one class.
    """
    sets = found.of(probability)
    inside = [int(code) in each for code, each in zip(target, sets, strict=True)]
    sizes = np.array([len(each) for each in sets])
    low, high = wilson(float(np.mean(inside)), len(sets))
    return {
        "measured": float(np.mean(inside)),
        "measured_low": low,
        "measured_high": high,
        "mean_size": float(sizes.mean()),
        "alone": float((sizes == 1).mean()),
    }
