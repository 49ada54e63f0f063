"""Every metric against scikit-learn's, on ties, weights and absent classes."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as sk

from crosstie.evaluation.metric import metrics
from crosstie.evaluation.score import REPORTED, score

CLOSE = {"rel": 1e-9, "abs": 1e-9}


def measure(of, name, target, prediction, weights=None):
    return metrics.get(name, of=of)()(target, prediction, weights)


@st.composite
def rows(draw):
    """A seed's worth of rows: few or many, with ties or without, weighted or not."""
    rng = np.random.default_rng(draw(st.integers(0, 10_000)))
    n = draw(st.integers(2, 60))
    steps = draw(st.sampled_from([3, 10, 1_000_000]))
    weights = rng.choice([0.5, 1.0, 2.0, 3.75], n) if draw(st.booleans()) else None
    return rng, n, steps, weights


def tied(rng, shape, steps):
    return rng.integers(0, steps + 1, shape) / steps


BINARY = {
    "accuracy": lambda y, p, w: sk.accuracy_score(y, p >= 0.5, sample_weight=w),
    "balanced_accuracy": lambda y, p, w: sk.balanced_accuracy_score(y, p >= 0.5, sample_weight=w),
    "precision": lambda y, p, w: sk.precision_score(y, p >= 0.5, sample_weight=w, zero_division=0),
    "recall": lambda y, p, w: sk.recall_score(y, p >= 0.5, sample_weight=w, zero_division=0),
    "specificity": lambda y, p, w: sk.recall_score(
        y, p >= 0.5, sample_weight=w, zero_division=0, pos_label=0
    ),
    "f1": lambda y, p, w: sk.f1_score(y, p >= 0.5, sample_weight=w, zero_division=0),
    "mcc": lambda y, p, w: sk.matthews_corrcoef(y, p >= 0.5, sample_weight=w),
    "log_loss": lambda y, p, w: sk.log_loss(y, p, sample_weight=w, labels=[0, 1]),
    "brier": lambda y, p, w: sk.brier_score_loss(y, p, sample_weight=w, labels=[0, 1]),
    "roc_auc": lambda y, p, w: sk.roc_auc_score(y, p, sample_weight=w),
    "average_precision": lambda y, p, w: sk.average_precision_score(y, p, sample_weight=w),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", BINARY)
@given(rows())
@settings(max_examples=60, deadline=None)
def test_binary_equals_scikit_learn(name, case):
    rng, n, steps, weights = case
    y = rng.integers(0, 2, n)
    if name in ("roc_auc", "average_precision"):
        y[:2] = [0, 1]
    p = tied(rng, n, steps)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = BINARY[name](y, p, weights)
    assert measure("binary", name, y, p, weights) == pytest.approx(expected, **CLOSE)


def macro_auc(y, p, w):
    present = [c for c in range(p.shape[1]) if 0 < (y == c).sum() < len(y)]
    if not present:
        return np.nan
    return np.mean([sk.roc_auc_score(y == c, p[:, c], sample_weight=w) for c in present])


CATEGORY = {
    "accuracy": lambda y, p, w: sk.accuracy_score(y, p.argmax(1), sample_weight=w),
    "balanced_accuracy": lambda y, p, w: sk.balanced_accuracy_score(
        y, p.argmax(1), sample_weight=w
    ),
    "f1": lambda y, p, w: sk.f1_score(
        y, p.argmax(1), sample_weight=w, average="macro", zero_division=0
    ),
    "f1_weighted": lambda y, p, w: sk.f1_score(
        y, p.argmax(1), sample_weight=w, average="weighted", zero_division=0
    ),
    "mcc": lambda y, p, w: sk.matthews_corrcoef(y, p.argmax(1), sample_weight=w),
    "log_loss": lambda y, p, w: sk.log_loss(y, p, sample_weight=w, labels=range(p.shape[1])),
    "hits_at_k": lambda y, p, w: sk.top_k_accuracy_score(
        y, p, k=3, sample_weight=w, labels=range(p.shape[1])
    ),
    "brier": lambda y, p, w: sk.brier_score_loss(y, p, sample_weight=w, labels=range(p.shape[1])),
    "roc_auc": macro_auc,
}


@pytest.mark.slow
@pytest.mark.parametrize("name", CATEGORY)
@given(rows(), st.integers(3, 6), st.integers(2, 6))
@settings(max_examples=60, deadline=None)
def test_category_equals_scikit_learn_also_with_absent_classes(name, case, classes, occurring):
    rng, n, steps, weights = case
    y = rng.integers(0, min(classes, occurring), n)
    p = tied(rng, (n, classes), steps) + 0.1
    p /= p.sum(1, keepdims=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = CATEGORY[name](y, p, weights)
    assert measure("category", name, y, p, weights) == pytest.approx(expected, nan_ok=True, **CLOSE)


NUMBER = {
    "rmse": sk.root_mean_squared_error,
    "mse": sk.mean_squared_error,
    "mae": sk.mean_absolute_error,
    "median_absolute_error": sk.median_absolute_error,
    "mape": sk.mean_absolute_percentage_error,
    "r2": sk.r2_score,
    "explained_variance": sk.explained_variance_score,
}


@pytest.mark.slow
@pytest.mark.parametrize("name", NUMBER)
@given(rows())
@settings(max_examples=60, deadline=None)
def test_number_equals_scikit_learn(name, case):
    rng, n, steps, weights = case
    y, p = tied(rng, n, steps) * 7 - 3, tied(rng, n, steps) * 7 - 3
    expected = NUMBER[name](y, p, sample_weight=weights)
    assert measure("number", name, y, p, weights) == pytest.approx(expected, **CLOSE)


@given(rows())
@settings(max_examples=20, deadline=None)
def test_largest_error_equals_scikit_learn(case):
    rng, n, steps, _ = case
    y, p = tied(rng, n, steps), tied(rng, n, steps)
    assert measure("number", "max_error", y, p) == sk.max_error(y, p)


def over_labels(metric, needs_negatives):
    def macro(y, p, w):
        some = [
            j
            for j in range(y.shape[1])
            if y[:, j].any() and not (needs_negatives and y[:, j].all())
        ]
        return (
            np.mean([metric(y[:, j], p[:, j], sample_weight=w) for j in some]) if some else np.nan
        )

    return macro


SET = {
    "f1_micro": lambda y, p, w: sk.f1_score(
        y, p >= 0.5, average="micro", sample_weight=w, zero_division=0
    ),
    "f1_macro": lambda y, p, w: sk.f1_score(
        y, p >= 0.5, average="macro", sample_weight=w, zero_division=0
    ),
    "f1_samples": lambda y, p, w: sk.f1_score(
        y, p >= 0.5, average="samples", sample_weight=w, zero_division=1.0
    ),
    "jaccard": lambda y, p, w: sk.jaccard_score(
        y, p >= 0.5, average="samples", sample_weight=w, zero_division=1.0
    ),
    "hamming_loss": lambda y, p, w: sk.hamming_loss(y, p >= 0.5, sample_weight=w),
    "subset_accuracy": lambda y, p, w: sk.accuracy_score(y, p >= 0.5, sample_weight=w),
    "roc_auc": over_labels(sk.roc_auc_score, needs_negatives=True),
    "average_precision": over_labels(sk.average_precision_score, needs_negatives=False),
    "log_loss": lambda y, p, w: np.mean(
        [sk.log_loss(y[:, j], p[:, j], sample_weight=w, labels=[0, 1]) for j in range(y.shape[1])]
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", SET)
@given(rows(), st.integers(2, 5), st.sampled_from([0.1, 0.5]))
@settings(max_examples=40, deadline=None)
def test_set_equals_scikit_learn_also_with_empty_rows_and_labels(name, case, labels, share):
    rng, n, steps, weights = case
    y = (rng.random((n, labels)) < share).astype(int)
    p = tied(rng, (n, labels), steps)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = SET[name](y, p, weights)
    assert measure("set", name, y, p, weights) == pytest.approx(expected, nan_ok=True, **CLOSE)


def test_every_reported_metric_but_those_of_ours_alone_is_compared_above():
    compared = {"binary": BINARY, "category": CATEGORY, "number": NUMBER, "set": SET}
    by_hand = {"sequence", "timeseries"}  # in test_spans.py and test_series_metrics.py
    of_rows = [
        of for of in REPORTED if of not in {*by_hand, "text"}
    ]  # test_text.py asks the libraries
    alone = {(of, name) for of in of_rows for name in REPORTED[of].split()} - {
        (of, name) for of, names in compared.items() for name in names
    }
    assert alone == {
        ("binary", "ece"),
        ("category", "ece"),
        ("number", "wape"),
        ("number", "max_error"),
    }


def test_calibration_error_of_a_hand_computed_case():
    # two bins of fifteen: said 0.5 three times and came once; said 1.0 once and came
    y, p = np.array([1, 0, 0, 1]), np.array([0.5, 0.5, 0.5, 1.0])
    assert measure("binary", "ece", y, p) == pytest.approx(0.75 * (0.5 - 1 / 3))


def test_calibration_error_of_categories_judges_the_winner():
    p = np.array([[0.6, 0.4, 0.0], [0.6, 0.2, 0.2]])
    assert measure("category", "ece", np.array([0, 1]), p) == pytest.approx(0.1)


def test_calibration_error_weighs_rows():
    y, p = np.array([1, 0]), np.array([0.5, 0.5])
    assert measure("binary", "ece", y, p, np.array([3.0, 1.0])) == pytest.approx(0.25)


def test_wape_is_total_error_over_total_size():
    y, p = np.array([0.0, 10.0, -10.0]), np.array([1.0, 8.0, -9.0])
    assert measure("number", "wape", y, p) == pytest.approx(4 / 20)


def test_doubling_a_row_is_giving_it_twice_the_weight():
    rng = np.random.default_rng(0)
    twice = np.array([0, 0, 1, 2, 2, 3, *range(4, 40)])
    weights = np.bincount(twice).astype(float)
    n, cases = len(weights), {}
    cases["number"] = (rng.normal(size=n), rng.normal(size=n))
    cases["binary"] = (rng.integers(0, 2, n), rng.random(n))
    cases["category"] = (rng.integers(0, 4, n), rng.dirichlet(np.ones(4), n))
    cases["set"] = (rng.integers(0, 2, (n, 3)), rng.random((n, 3)))
    for of, (target, prediction) in cases.items():
        weighted = score(of, target, prediction, weights=weights)
        assert weighted == pytest.approx(score(of, target[twice], prediction[twice]), rel=1e-12)


def test_ludwigs_names_mean_the_same():
    rng = np.random.default_rng(0)
    y, p = rng.normal(size=9), rng.normal(size=9)
    for ours, theirs in (
        ("rmse", "root_mean_squared_error"),
        ("mse", "mean_squared_error"),
        ("mae", "mean_absolute_error"),
        ("mape", "mean_absolute_percentage_error"),
        ("mse", "loss"),
    ):
        assert metrics.get(ours, of="number") is metrics.get(theirs, of="number")
        assert measure("number", ours, y, p) == measure("number", theirs, y, p)


def test_a_perfect_prediction_reaches_what_each_metric_calls_perfect():
    y = np.arange(1.0, 8)
    codes = np.array([0, 1, 2, 1, 0])
    labels = np.array([[1, 0], [0, 1], [1, 1]])
    cases = {
        "number": (y, y),
        "binary": (labels[:, 0], labels[:, 0] * 1.0),
        "category": (codes, np.eye(3)[codes]),
        "set": (labels[:2], labels[:2] * 1.0),
    }
    for of, (target, prediction) in cases.items():
        for name in metrics.names(of=of):
            metric = metrics.get(name, of=of)()
            assert metric(target, prediction) == pytest.approx(metric.perfect, abs=1e-12), (
                of,
                name,
            )


def test_float32_probabilities_bound_the_log_loss_by_their_precision():
    assert measure(
        "binary", "log_loss", np.array([0]), np.array([1.0], np.float32)
    ) == pytest.approx(-np.log(np.finfo(np.float32).eps))
