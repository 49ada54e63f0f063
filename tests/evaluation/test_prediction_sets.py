import numpy as np
import pytest

from crosstie.evaluation.prediction_sets import (
    PredictionSet,
    fit_prediction_set,
    judge_prediction_set,
)


def worlds(rng, rows, classes=4):
    """What is so, and what a model says that knows it but for some noise."""
    logits = rng.normal(0, 2, (rows, classes))
    target = (logits + rng.gumbel(size=logits.shape)).argmax(1)
    said = np.exp(logits + rng.normal(0, 1, logits.shape))
    return said / said.sum(1, keepdims=True), target


def test_classes_are_in_from_what_the_least_sure_tenth_of_true_ones_got():
    given = np.arange(1.0, 20.0) / 20  # of 19 rows one is to be outside, at 0.95
    said = np.stack([given, 1 - given], 1)

    found = fit_prediction_set(said, np.zeros(19, int), coverage=0.95)

    assert found == PredictionSet(0.95, 0.05)


@pytest.mark.parametrize("coverage", [0.5, 0.8, 0.9, 0.95])
def test_of_other_rows_the_promised_share_is_held(coverage):
    rng = np.random.default_rng(3)
    shares = []
    for _ in range(100):
        said, target = worlds(rng, 460)
        found = fit_prediction_set(said[:260], target[:260], coverage=coverage)
        assert found is not None
        shares.append(judge_prediction_set(found, said[260:], target[260:])["measured"])
    assert np.mean(shares) >= coverage - 0.01
    if coverage > 0.7:  # below that the most probable class alone holds more
        assert np.mean(shares) <= coverage + 0.02


def test_a_set_is_never_empty_and_begins_with_the_most_probable():
    found = PredictionSet(0.5, 0.95)

    assert found.named(np.array([[0.5, 0.1, 0.4]]), ["a", "b", "c"]) == [["a"]]
    assert PredictionSet(0.9, 0.1).named(np.array([[0.5, 0.1, 0.4]]), ["a", "b", "c"]) == [
        ["a", "c", "b"]
    ]


def test_too_few_rows_say_nothing():
    said = np.full((9, 2), 0.5)

    assert fit_prediction_set(said[:8], np.zeros(8, int)) is None
    assert fit_prediction_set(said, np.zeros(9, int)) == PredictionSet(0.9, 0.5)


def test_what_was_held_is_counted_with_its_own_interval_and_size():
    said = np.array([[0.6, 0.3, 0.1], [0.9, 0.05, 0.05]])

    found = judge_prediction_set(PredictionSet(0.9, 0.2), said, np.array([2, 0]))

    assert (found["measured"], found["mean_size"], found["alone"]) == (0.5, 1.5, 0.5)
    assert 0 < found["measured_low"] < 0.5 < found["measured_high"] < 1


def test_a_state_gives_the_set_back_and_an_odd_one_is_refused():
    own = PredictionSet(0.9, 0.25)

    assert PredictionSet.from_state(own.state()) == own
    with pytest.raises(ValueError, match="which is from 0 to 1"):
        PredictionSet.from_state({"coverage": 0.9, "least": 1.5})
