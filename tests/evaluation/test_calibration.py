import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crosstie.evaluation import calibration
from crosstie.evaluation.calibration import apply_temperature, fit_temperature
from crosstie.evaluation.score import score


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def loss(of, target, probability, weights=None):
    return score(of, target, probability, weights=weights, names=["log_loss"])["log_loss"]


def test_the_temperature_that_spoiled_probabilities_is_found():
    rng = np.random.default_rng(0)
    z = rng.normal(0, 2, 200_000)
    y = (rng.random(len(z)) < sigmoid(z)).astype(int)
    assert fit_temperature(sigmoid(3 * z), y) == pytest.approx(3, rel=0.02)


def test_of_a_category_too():
    rng = np.random.default_rng(0)
    z = rng.normal(0, 1.5, (100_000, 4))
    p = np.exp(z) / np.exp(z).sum(1, keepdims=True)
    y = (p.cumsum(1) < rng.random((len(p), 1))).sum(1)
    sharp = np.exp(2 * z) / np.exp(2 * z).sum(1, keepdims=True)
    found = fit_temperature(sharp, y)
    assert found == pytest.approx(2, rel=0.02)
    np.testing.assert_allclose(apply_temperature(sharp, 2.0), p, atol=1e-6)


def test_of_a_set_each_label_keeps_its_own_odds():
    rng = np.random.default_rng(0)
    z = rng.normal(0, 2, (50_000, 3))
    y = (rng.random(z.shape) < sigmoid(z)).astype(int)
    assert fit_temperature(sigmoid(2 * z), y) == pytest.approx(2, rel=0.02)
    np.testing.assert_allclose(
        apply_temperature(sigmoid(2 * z[:9]), 2.0, output_type="set"), sigmoid(z[:9]), atol=1e-5
    )


@given(
    st.integers(0, 1000),
    st.integers(1, 40),
    st.booleans(),
    st.sampled_from(["binary", "category", "set"]),
)
@settings(max_examples=150, deadline=None)
def test_never_worse_than_leaving_probabilities_alone(seed, n, weighted, of):
    rng = np.random.default_rng(seed)
    weights = rng.random(n) + 0.1 if weighted else None
    if of == "binary":
        y, p = rng.integers(0, 2, n), rng.random(n)
    elif of == "category":
        y, p = rng.integers(0, 3, n), rng.dirichlet(np.full(3, 0.5), n)
    else:
        y, p = rng.integers(0, 2, (n, 3)), rng.random((n, 3))
    temperature = fit_temperature(p, y, weights=weights, output_type=of)
    scaled = apply_temperature(p, temperature, output_type=of)
    assert loss(of, y, scaled, weights) <= loss(of, y, p, weights) + 1e-5
    for other in (temperature * 0.9, temperature * 1.1):
        if 0.05 <= other <= 20 and temperature > 1:
            worse = loss(of, y, apply_temperature(p, other, output_type=of), weights)
            assert loss(of, y, scaled, weights) <= worse + 1e-7


@pytest.mark.parametrize("of", ["binary", "category", "set"])
def test_a_few_rows_told_rightly_are_no_proof(of):
    y = np.array([0, 1, 1, 0])
    p = np.where(y == 1, 0.6, 0.4)
    if of == "category":
        p = np.stack([1 - p, p], axis=1)
    if of == "set":
        y, p = y[:, None], p[:, None]
    found = fit_temperature(p, y, output_type=of)
    # One row in six is imagined to be otherwise, so a probability of 5 / 6 is right: log(1.5) / log(5).
    assert found == pytest.approx(np.log(1.5) / np.log(5), rel=1e-6)


def test_to_know_much_more_from_a_few_rows_is_left_alone():
    y = np.array([0, 1, 1, 0])
    assert fit_temperature(np.where(y == 1, 0.99, 0.01), y) == 1.0


def test_extreme_probabilities_stay_finite():
    y, p = np.array([0, 1, 1]), np.array([1.0, 0.0, 1.0], np.float32)
    found = fit_temperature(p, y)
    assert 1 < found <= 20
    assert np.isfinite(apply_temperature(p, found)).all()


def test_no_rows_leave_probabilities_alone():
    assert fit_temperature(np.zeros(0), np.zeros(0)) == 1.0


def test_of_very_many_probabilities_some_tell_the_temperature_too(monkeypatch):
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(4000, 5))
    target = np.array(
        [rng.choice(5, p=row) for row in np.exp(logits) / np.exp(logits).sum(1)[:, None]]
    )
    sharp = np.exp(3 * logits) / np.exp(3 * logits).sum(1, keepdims=True)
    whole = fit_temperature(sharp, target)
    monkeypatch.setattr(calibration, "CELLS", 5000)

    some = fit_temperature(sharp, target)

    assert some != whole
    assert abs(some - whole) < 0.3
    assert abs(whole - 3) < 0.15
