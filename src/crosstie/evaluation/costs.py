"""What decisions cost, where a wrong yes and a wrong no are not equally bad."""

from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from crosstie.evaluation.metric import Array

RESAMPLES = 200


@dataclass(frozen=True)
class Costs:
    """What a row costs by what it is and what was decided; what is below 0 is earned.

    Attributes:
        false_positive: It was said to be of the positive class and is not.
        false_negative: It is, and was not said to be.
        true_positive: It is, and was said to be: what acting costs, even rightly.
        true_negative: Neither.
    """

    false_positive: float = 0.0
    false_negative: float = 0.0
    true_positive: float = 0.0
    true_negative: float = 0.0

    @property
    def table(self) -> tuple[tuple[float, float], tuple[float, float]]:
        """As `thresholds.tune` takes it: rows are what is true, columns what was decided, the negative first."""
        return (
            (self.true_negative, self.false_positive),
            (self.false_negative, self.true_positive),
        )

    def of(self, target: Array, decided: Array) -> NDArray[np.float64]:
        """The cost of each row, float64 `[rows]`.

        Examples:
            >>> Costs(false_positive=1, false_negative=5).of(np.array([0, 0, 1]), np.array([0, 1, 0]))
            array([0., 1., 5.])
        """
        found: NDArray[np.float64] = np.array(self.table, np.float64)[
            np.asarray(target).astype(int), np.asarray(decided).astype(int)
        ]
        return found


def judge_costs(
    costs: Costs,
    target: Array,
    probability: Array,
    *,
    threshold: float | Array,
    weights: Array | None = None,
    seed: int = 0,
) -> dict[str, float]:
    """The mean cost of a row, with a 95 % bootstrap interval, and what deciding otherwise would cost.

    Args:
        costs: Of each kind of row.
        target: 0 and 1, `[rows]`.
        probability: Of 1, `[rows]`.
        threshold: From which probability on a row is said to be positive, or an array of one for each row.
        weights: `[rows]`, or None for all equal.
        seed: Of resamples.

    Returns:
        The costs, and `mean`, `low`, `high`; `at_half` with the threshold 0.5, `always_negative`, `always_positive`.
    """
    rows = len(target)
    w = np.ones(rows) if weights is None else np.asarray(weights, np.float64)
    own = costs.of(target, np.asarray(probability) >= threshold)
    rng = np.random.default_rng(seed)
    counts = rng.multinomial(rows, np.full(rows, 1 / rows), size=RESAMPLES) * w
    counts = counts[counts.sum(1) > 0]
    low, high = np.percentile((counts @ own) / counts.sum(1), [2.5, 97.5])

    def mean(found: Array) -> float:
        return float(np.average(found, weights=w))

    return {
        **asdict(costs),
        "mean": mean(own),
        "low": float(low),
        "high": float(high),
        "at_half": mean(costs.of(target, np.asarray(probability) >= 0.5)),
        "always_negative": mean(costs.of(target, np.zeros(rows))),
        "always_positive": mean(costs.of(target, np.ones(rows))),
    }
