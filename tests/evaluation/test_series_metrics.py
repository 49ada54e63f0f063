"""Metrics of predicted series, counted by hand."""

import numpy as np
import pytest

from crosstie.evaluation.baseline import constant
from crosstie.evaluation.score import details, score

TRUE = np.array([[1.0, 2.0], [3.0, -1.0]])
SAID = np.array([[1.0, 4.0], [0.0, -1.0]])  # errors 0, 2, 3, 0


def test_errors_are_means_over_rows_and_steps():
    found = score("timeseries", TRUE, SAID, scale=2.5)
    assert found == {
        "mase": pytest.approx(1.25 / 2.5),
        "smape": pytest.approx((0 + 2 * 2 / 6 + 2 * 3 / 3 + 0) / 4),
        "rmse": pytest.approx(np.sqrt(13 / 4)),
        "mae": pytest.approx(5 / 4),
        "mse": pytest.approx(13 / 4),
    }


def test_weights_count_rows():
    found = score("timeseries", TRUE, SAID, weights=np.array([3.0, 1.0]), names=["mae"])
    assert found == {"mae": pytest.approx((3 * 1.0 + 1.5) / 4)}


def test_without_a_season_in_training_there_is_no_scaled_error():
    assert "mase" not in score("timeseries", TRUE, SAID)
    assert "mase" not in score("timeseries", TRUE, SAID, scale=0.0)


def test_nothing_against_nothing_is_no_error():
    assert score("timeseries", np.zeros((1, 2)), np.zeros((1, 2)), names=["smape"]) == {"smape": 0}


def test_the_error_of_each_step_is_told():
    assert details("timeseries", TRUE, SAID)["mae_by_step"] == [1.5, 1.0]


def test_the_baseline_is_the_mean_of_each_step():
    found = constant("timeseries", rows=2, mean=np.array([1.0, 2.0]))
    np.testing.assert_array_equal(found, [[1, 2], [1, 2]])
