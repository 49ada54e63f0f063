import numpy as np
import pytest

from crosstie.evaluation.conformal import Interval, fit_interval, judge_interval, least_rows


def test_the_ends_are_those_errors_that_another_is_between_often_enough():
    off = np.arange(1.0, 100.0)  # of 99 errors, five are to be below and five above
    found = fit_interval(np.zeros(99), off)

    assert found == Interval(0.9, (), (5.0,), (95.0,))


def test_errors_above_and_below_are_told_apart():
    rng = np.random.default_rng(0)
    found = fit_interval(np.zeros(199), rng.exponential(1.0, 199) - 0.1)

    assert found is not None
    assert -0.1 < found.below[0] < 0
    assert found.above[0] > 2


def test_intervals_are_wide_where_errors_are_large():
    rng = np.random.default_rng(0)
    prediction = rng.uniform(1, 100, 2000)
    found = fit_interval(prediction, prediction * rng.normal(1, 0.1, 2000))

    assert found is not None
    assert len(found.edges) == 9
    low, high = found.ends(np.array([5.0, 95.0]))
    small, large = high - low
    assert 5 * small < large


@pytest.mark.parametrize("coverage", [0.5, 0.8, 0.9, 0.95])
def test_of_other_rows_the_promised_share_is_held(coverage):
    rng = np.random.default_rng(3)
    shares = []
    for _ in range(200):
        prediction = rng.normal(size=460)
        target = prediction + rng.gumbel(size=460) * (1 + np.abs(prediction))
        found = fit_interval(prediction[:260], target[:260], coverage=coverage)
        assert found is not None
        shares.append(judge_interval(found, prediction[260:], target[260:])["measured"])
    assert np.mean(shares) == pytest.approx(coverage, abs=0.015)


def test_too_few_rows_say_nothing():
    assert fit_interval(np.zeros(18), np.arange(18.0)) is None
    assert fit_interval(np.zeros(19), np.arange(19.0)) is not None
    assert fit_interval(np.zeros(1000), np.full(1000, np.nan)) is None
    assert (least_rows(0.5), least_rows(0.99)) == (3, 199)


def test_predictions_that_are_all_alike_make_one_group():
    found = fit_interval(np.repeat([1.0, 2.0], [990, 10]), np.arange(1000.0))

    assert found is not None
    assert found.edges == ()


def test_what_was_held_is_counted_with_its_own_interval():
    held = judge_interval(
        Interval(0.9, (), (-1.0,), (2.0,)), np.zeros(4), np.array([-1.0, 2, 0, 5])
    )

    assert (held["measured"], held["mean_width"]) == (0.75, 3.0)
    assert 0.2 < held["measured_low"] < 0.75 < held["measured_high"] < 1.0


def test_a_state_gives_the_interval_back_and_an_odd_one_is_refused():
    own = Interval(0.9, (10.0,), (-1.0, -5.0), (2.0, 4.0))

    assert Interval.from_state(own.state()) == own
    with pytest.raises(ValueError, match="an edge between groups"):
        Interval.from_state({**own.state(), "edges": []})
    with pytest.raises(ValueError, match="an edge between groups"):
        Interval.from_state({**own.state(), "below": [float("inf"), 0]})
