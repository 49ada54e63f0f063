import json

import numpy as np
import pytest

from crosstie.errors import ConfigError
from crosstie.evaluation.metric import Metric, metrics
from crosstie.evaluation.score import details, score


def test_a_ranking_of_one_class_is_left_out():
    found = score("binary", np.ones(3), np.array([0.2, 0.6, 0.9]))
    assert "roc_auc" not in found
    assert found["accuracy"] == pytest.approx(2 / 3)
    assert found["average_precision"] == 1.0


def test_every_value_is_a_plain_number_that_json_can_hold():
    found = score("number", np.array([0.0]), np.array([1.0]))
    assert "r2" not in found
    assert json.loads(json.dumps(found)) == found
    assert {type(value) for value in found.values()} == {float}


def test_no_rows_give_no_metrics():
    assert score("number", np.zeros(0), np.zeros(0)) == {}
    assert score("binary", np.zeros(0), np.zeros(0)) == {}
    assert score("category", np.zeros(0, int), np.zeros((0, 3))) == {}
    assert score("set", np.zeros((0, 3)), np.zeros((0, 3))) == {}


def test_the_threshold_moves_decisions_but_not_probabilities():
    y, p = np.array([0, 1, 1]), np.array([0.1, 0.3, 0.4])
    strict, loose = score("binary", y, p), score("binary", y, p, threshold=0.2)
    assert (strict["recall"], loose["recall"]) == (0.0, 1.0)
    assert strict["log_loss"] == loose["log_loss"]


def test_a_set_may_have_a_threshold_for_each_label():
    y, p = np.array([[1, 0], [1, 1]]), np.array([[0.3, 0.6], [0.4, 0.8]])
    assert score("set", y, p, threshold=[0.2, 0.7])["subset_accuracy"] == 1.0


def test_an_unknown_metric_is_told_its_nearest_name():
    with pytest.raises(ConfigError) as told:
        score("binary", np.ones(2), np.ones(2), names=["roc_acu"])
    assert str(told.value) == (
        "'roc_acu' is no metric of a binary feature; did you mean 'roc_auc'?"
    )


def test_a_metric_of_ones_own_is_measured_too():
    class Share(Metric):
        def __call__(self, target, prediction, weights=None):
            return float((prediction >= self.threshold).mean())

    metrics("share_predicted", of=("binary",))(Share)
    try:
        found = score("binary", np.array([0, 1]), np.array([0.2, 0.9]))
        assert found["share_predicted"] == 0.5
    finally:
        del metrics._classes["binary", "share_predicted"]


def test_details_of_a_binary_output():
    found = details(
        "binary", np.array([0, 0, 1, 1]), np.array([0.05, 0.85, 0.85, 0.35]), ("no", "yes")
    )
    assert found == {
        "per_class": [
            {"label": "no", "precision": 0.5, "recall": 0.5, "f1": 0.5, "support": 2.0},
            {"label": "yes", "precision": 0.5, "recall": 0.5, "f1": 0.5, "support": 2.0},
        ],
        "confusion": {"labels": ["no", "yes"], "rows": [[1.0, 1.0], [1.0, 1.0]]},
        "calibration": [
            {"rows": 1.0, "predicted": 0.05, "observed": 0.0},
            {"rows": 1.0, "predicted": 0.35, "observed": 1.0},
            {"rows": 2.0, "predicted": 0.85, "observed": 0.5},
        ],
    }


def test_details_of_a_category_name_the_most_frequent_mistakes():
    p = np.eye(3)[[0, 1, 1, 1, 2]]
    found = details("category", np.array([0, 0, 0, 1, 1]), p, ("a", "b", "c"))
    assert found["confused"] == [
        {"true": "a", "predicted": "b", "rows": 2.0},
        {"true": "b", "predicted": "c", "rows": 1.0},
    ]
    assert found["confusion"]["rows"] == [[1, 2, 0], [0, 1, 1], [0, 0, 0]]
    assert found["per_class"][2] == {
        "label": "c",
        "precision": 0.0,
        "recall": 0.0,
        "f1": 0.0,
        "support": 0.0,
    }


def test_details_of_many_classes_have_no_matrix():
    labels = [str(i) for i in range(101)]
    found = details("category", np.arange(101), np.eye(101), labels)
    assert sorted(found) == ["calibration", "confused", "per_class"]
    assert found["confused"] == []


def test_details_of_a_set_leave_out_what_is_not_defined():
    y, p = np.array([[1, 0], [0, 0]]), np.array([[0.9, 0.1], [0.2, 0.7]])
    assert details("set", y, p, ("x", "y"))["per_label"] == [
        {
            "label": "x",
            "precision": 1.0,
            "recall": 1.0,
            "f1": 1.0,
            "support": 1.0,
            "roc_auc": 1.0,
            "average_precision": 1.0,
        },
        {"label": "y", "precision": 0.0, "recall": 0.0, "f1": 0.0, "support": 0.0},
    ]


def test_details_of_a_number_are_quantiles():
    found = details("number", np.zeros(5), np.arange(5.0))
    assert found["residuals"] == {
        "0": 0.0,
        "5": 0.2,
        "25": 1.0,
        "50": 2.0,
        "75": 3.0,
        "95": 3.8,
        "100": 4.0,
    }
    assert json.loads(json.dumps(found)) == found
