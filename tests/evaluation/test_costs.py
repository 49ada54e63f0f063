import numpy as np
import pytest

from crosstie.evaluation.costs import Costs, judge_costs
from crosstie.evaluation.thresholds import tune


def test_costs_are_of_what_is_true_and_what_was_decided():
    costs = Costs(false_positive=1, false_negative=5, true_positive=0.5, true_negative=-2)

    found = costs.of(np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1]))

    assert found.tolist() == [-2, 1, 5, 0.5]


def test_the_cheapest_threshold_of_honest_probabilities_is_the_share_of_the_costs():
    rng = np.random.default_rng(0)
    p = rng.random(40_000)
    y = (rng.random(40_000) < p).astype(float)
    costs = Costs(false_positive=1, false_negative=4)

    found = tune("binary", y, p, costs=costs.table)

    assert found == pytest.approx(1 / (1 + 4), abs=0.03)


def test_the_mean_cost_stands_beside_what_deciding_otherwise_costs():
    y = np.array([0.0, 0, 0, 1])
    p = np.array([0.1, 0.4, 0.2, 0.3])

    found = judge_costs(Costs(false_positive=1, false_negative=8), y, p, threshold=0.25)

    assert found["mean"] == 0.25
    assert found["low"] <= 0.25 <= found["high"]
    assert (found["at_half"], found["always_negative"], found["always_positive"]) == (2, 2, 0.75)
    assert found["false_negative"] == 8


def test_rows_count_by_their_weights():
    y, p = np.array([0.0, 1.0]), np.array([0.9, 0.9])

    found = judge_costs(
        Costs(false_positive=1, false_negative=1), y, p, threshold=0.5, weights=np.array([1, 3])
    )

    assert found["mean"] == 0.25
