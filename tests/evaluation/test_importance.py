import numpy as np
import pytest

from crosstie.evaluation.importance import importances


def test_importance_is_the_growth_of_the_mean_loss_the_greatest_first():
    base = np.array([1.0, 2.0, 3.0])
    shuffled = {
        "idle": np.array([[1.0, 2.0, 3.0]] * 2),
        "used": np.array([[2.0, 3.0, 4.0], [4.0, 5.0, 6.0]]),
    }

    used, idle = importances(base, shuffled)

    assert (used.column, used.value) == ("used", 2.0)
    assert 1.0 <= used.low <= 2.0 <= used.high <= 3.0
    assert (idle.column, idle.value, idle.low, idle.high) == ("idle", 0.0, 0.0, 0.0)
    assert (used.told, idle.told) == (True, False)


@pytest.mark.slow
def test_the_interval_is_that_of_a_mean_of_rows():
    grown = np.random.default_rng(1).normal(0.5, 2.0, 900)

    [found] = importances(np.zeros(900), {"a": grown[None]}, resamples=4000)

    half = 1.96 * grown.std() / 30
    assert found.value == pytest.approx(grown.mean())
    assert (found.low, found.high) == pytest.approx(
        (grown.mean() - half, grown.mean() + half), abs=half / 12
    )


def test_the_same_seed_gives_the_same_interval():
    grown = np.random.default_rng(1).normal(0.5, 2.0, (3, 50))

    one, same, other = (importances(np.zeros(50), {"a": grown}, seed=seed) for seed in (1, 1, 2))

    assert one == same
    assert one != other


def test_rows_count_by_their_weights():
    grown = np.array([[1.0, 100.0]])

    [found] = importances(np.zeros(2), {"a": grown}, weights=np.array([3.0, 0.0]))

    assert (found.value, found.low, found.high) == (1.0, 1.0, 1.0)


def test_nothing_is_said_of_no_rows_and_of_no_columns():
    assert importances(np.zeros(0), {"a": np.zeros((1, 0))}) == []
    assert importances(np.zeros(3), {}) == []
