import numpy as np
import pytest

from crosstie.evaluation.bootstrap import changes, intervals
from crosstie.evaluation.score import score


def data(n, seed=0):
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 2, n)
    return y, np.clip(0.3 * y + 0.7 * rng.random(n), 0, 1)


def test_an_interval_of_a_share_is_the_binomial_one():
    y = np.ones(400, int)
    p = np.where(np.arange(400) < 300, 0.9, 0.1)
    low, high = intervals("binary", y, p, names=["accuracy"], resamples=2000)["accuracy"]
    half = 1.96 * np.sqrt(0.75 * 0.25 / 400)
    assert (low, high) == pytest.approx((0.75 - half, 0.75 + half), abs=0.006)


@pytest.mark.slow
def test_intervals_hold_the_value_and_are_seeded():
    y, p = data(300)
    found = intervals("binary", y, p, seed=3)
    values = score("binary", y, p)
    assert sorted(found) == sorted(values)
    for name in ("roc_auc", "accuracy", "f1", "log_loss", "brier", "mcc"):
        assert found[name][0] < values[name] < found[name][1]
    assert found == intervals("binary", y, p, seed=3)
    assert found != intervals("binary", y, p, seed=4)


def test_large_sets_are_resampled_small_and_scaled_back():
    y, p = data(80_000)
    low, high = intervals("binary", y, p, names=["accuracy"], resamples=1000)["accuracy"]
    value = score("binary", y, p, names=["accuracy"])["accuracy"]
    half = 1.96 * np.sqrt(value * (1 - value) / 80_000)
    assert (low, high) == pytest.approx((value - half, value + half), abs=half / 5)


def test_one_row_has_no_interval():
    assert intervals("number", np.zeros(1), np.ones(1)) == {}


def test_weights_count_in_intervals():
    y = np.tile([0, 1], 100)
    p = np.full(200, 0.9)
    w = np.tile([0.0, 1.0], 100)
    assert intervals("binary", y, p, weights=w, names=["accuracy"])["accuracy"] == [1.0, 1.0]


def test_what_resampling_cannot_bound_or_afford_is_left_out():
    rng = np.random.default_rng(0)
    assert "max_error" not in intervals("number", rng.normal(size=50), rng.normal(size=50))
    many = intervals("category", np.arange(60) % 30, rng.dirichlet(np.ones(30), 60))
    assert "roc_auc" not in many
    assert "log_loss" in many


def test_the_change_of_a_share_is_the_paired_one():
    # of 400 rows 30 become right and 10 become wrong: McNemar's variance of a difference
    y = np.ones(400, int)
    before = np.where(np.arange(400) < 300, 0.9, 0.1)
    after = before.copy()
    after[300:330], after[:10] = 0.9, 0.1
    found = changes("binary", y, before, after, names=["accuracy"], resamples=2000)["accuracy"]
    assert (found.before, found.after) == (0.75, 0.8)
    half = 1.96 * np.sqrt((40 / 400 - 0.05**2) / 400)
    assert (found.low, found.high) == pytest.approx((0.05 - half, 0.05 + half), abs=0.004)


def test_equal_predictions_do_not_change_and_the_interval_has_no_width():
    y, p = data(300)
    found = changes("binary", y, p, p)
    assert {(each.low, each.high) for each in found.values()} == {(0.0, 0.0)}
    assert sorted(found) == sorted(score("binary", y, p))


def test_each_model_is_judged_by_its_own_threshold():
    y, p = data(300)
    found = changes("binary", y, p, p / 2, thresholds=(0.5, 0.25), names=["accuracy"])["accuracy"]
    assert found.before == found.after


def test_the_change_in_a_large_set_is_scaled_back():
    y, p = data(80_000)
    rng = np.random.default_rng(1)
    after = np.clip(p + rng.normal(0, 0.2, len(p)), 0, 1)
    found = changes("binary", y, p, after, names=["accuracy"], resamples=1000)["accuracy"]
    right = ((after >= 0.5) == y).astype(float) - ((p >= 0.5) == y)
    half = 1.96 * right.std() / np.sqrt(len(p))
    assert (found.low, found.high) == pytest.approx(
        (right.mean() - half, right.mean() + half), abs=half / 5
    )


def test_one_row_has_no_change():
    assert changes("number", np.zeros(1), np.ones(1), np.ones(1)) == {}
