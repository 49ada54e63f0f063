import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crosstie.errors import ConfigError
from crosstie.evaluation.metric import metrics
from crosstie.evaluation.score import score
from crosstie.evaluation.thresholds import tunable, tune


@given(
    st.integers(0, 1000),
    st.sampled_from(["f1", "mcc", "balanced_accuracy", "accuracy"]),
    st.booleans(),
)
@settings(max_examples=80, deadline=None)
def test_no_other_threshold_is_better(seed, metric, weighted):
    rng = np.random.default_rng(seed)
    y, p = rng.integers(0, 2, 30), rng.integers(0, 12, 30) / 12
    weights = rng.choice([0.5, 2.0], 30) if weighted else None

    def value(threshold):
        return score("binary", y, p, weights=weights, names=[metric], threshold=threshold)[metric]

    found = tune("binary", y, p, metric=metric, weights=weights)
    if len(np.unique(y)) == 2:
        assert value(found) == pytest.approx(max(value(t) for t in np.arange(0, 25) / 24), abs=1e-9)


def test_costs_decide_where_misses_are_dear():
    y, p = np.array([0, 0, 1, 0, 1]), np.array([0.1, 0.2, 0.3, 0.6, 0.9])
    assert tune("binary", y, p, costs=[[0, 1], [100, 0]]) == pytest.approx(0.25)
    assert tune("binary", y, p, costs=[[0, 100], [1, 0]]) == pytest.approx(0.75)


def test_a_set_gets_a_threshold_for_each_label():
    y = np.array([[1, 0], [1, 0], [0, 1], [0, 1]])
    p = np.array([[0.4, 0.6], [0.3, 0.7], [0.2, 0.8], [0.1, 0.9]])
    assert tune("set", y, p, metric="f1_micro") == pytest.approx([0.25, 0.75])


def test_among_equals_the_one_nearest_to_a_half():
    y, p = np.array([0, 0, 1, 1]), np.array([0.0, 0.1, 0.7, 1.0])
    assert tune("binary", y, p, metric="accuracy") == pytest.approx(0.4)


def test_one_class_keeps_a_half():
    assert tune("binary", np.ones(3), np.array([0.1, 0.2, 0.3])) == 0.5
    assert tune("set", np.zeros((3, 1)), np.ones((3, 1))) == [0.5]
    assert tune("binary", np.zeros(0), np.zeros(0)) == 0.5


def test_a_metric_without_a_threshold_is_refused():
    with pytest.raises(ConfigError) as told:
        tune("binary", np.ones(2), np.ones(2), metric="roc_auc")
    assert str(told.value) == (
        "'roc_auc' does not depend on a threshold; choose one of 'accuracy', 'balanced_accuracy', 'f1', 'mcc', "
        "'precision', 'recall', 'specificity'"
    )


def test_a_number_has_no_threshold():
    with pytest.raises(ConfigError, match="a number output has no threshold"):
        tune("number", np.ones(2), np.ones(2))


@pytest.mark.parametrize("of", ["binary", "set"])
def test_everything_said_to_be_tunable_is(of):
    rng = np.random.default_rng(0)
    shape = 40 if of == "binary" else (40, 2)
    y, p = rng.integers(0, 2, shape), rng.random(shape)
    assert set(tunable(of)) <= set(metrics.names(of=of))
    assert {"f1", "accuracy"} <= set(tunable(of))
    by_label = {"f1", "f1_macro", "hamming_loss"}  # those that are best where each label's are
    for metric in tunable(of) if of == "binary" else by_label:
        better = 1 if metrics.get(metric, of=of).greater_is_better else -1
        tuned = score(of, y, p, names=[metric], threshold=tune(of, y, p, metric=metric))[metric]
        assert better * tuned >= better * score(of, y, p, names=[metric])[metric], metric


def test_a_number_has_nothing_to_tune():
    assert tunable("number") == []
