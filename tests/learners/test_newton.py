import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression, Ridge

from crosstie.learners.newton import Design, Model, left_out_errors, solve


def problem(link, *, outputs=1, n=300, width=5, weighted=False, sparse=False, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, width)) * [1, 3, 0.2, 1, 1][:width]
    sums = x @ rng.normal(size=(width, outputs)) + rng.normal(size=(n, outputs))
    if link == "softmax":
        target = np.eye(outputs)[sums.argmax(1)]
    else:
        target = sums if link == "identity" else (sums > 0.3).astype(float)
    rows = rng.choice([0.5, 1, 2], n) if weighted else np.ones(n)
    design = Design(np.column_stack([x, np.ones(n)]))
    if sparse:
        from scipy.sparse import csr_matrix

        design = Design(np.ones((n, 1)), csr_matrix(x))
    return x, target, rows, Model(design, target, rows, link)


def optimum(model, l2):
    return solve(
        model, l2, model.start(), iterations=200, tolerance=1e-10, step_done=lambda *_: None
    )


@pytest.mark.parametrize("sparse", [False, True])
@pytest.mark.parametrize("weighted", [False, True])
def test_least_squares_equal_scikit_learns_ridge(weighted, sparse):
    x, target, rows, model = problem("identity", weighted=weighted, sparse=sparse)
    found = optimum(model, 3.0)
    ridge = Ridge(alpha=3.0).fit(x, target[:, 0], sample_weight=rows)
    np.testing.assert_allclose(found[:-1, 0], ridge.coef_, atol=1e-6)
    np.testing.assert_allclose(found[-1, 0], ridge.intercept_, atol=1e-6)


@pytest.mark.parametrize("sparse", [False, True])
@pytest.mark.parametrize("l2", [0.01, 1.0, 100.0])
@pytest.mark.parametrize("weighted", [False, True])
def test_logistic_regression_equals_scikit_learns(l2, weighted, sparse):
    x, target, rows, model = problem("sigmoid", weighted=weighted, sparse=sparse)
    found = optimum(model, l2)
    other = LogisticRegression(C=1 / l2, tol=1e-10, max_iter=10_000)
    other.fit(x, target[:, 0], sample_weight=rows)
    np.testing.assert_allclose(found[:-1, 0], other.coef_[0], atol=1e-4)
    np.testing.assert_allclose(found[-1, 0], other.intercept_[0], atol=1e-4)


@pytest.mark.parametrize("sparse", [False, True])
@pytest.mark.parametrize("l2", [0.1, 10.0])
def test_multinomial_regression_equals_scikit_learns(l2, sparse):
    x, target, rows, model = problem("softmax", outputs=4, weighted=True, sparse=sparse)
    found = optimum(model, l2)
    other = LogisticRegression(C=1 / l2, tol=1e-10, max_iter=10_000)
    other.fit(x, target.argmax(1), sample_weight=rows)
    np.testing.assert_allclose(found[:-1].T, other.coef_, atol=1e-4)
    constants = found[-1] - found[-1].mean()  # softmax leaves a common constant free
    np.testing.assert_allclose(constants, other.intercept_ - other.intercept_.mean(), atol=1e-4)


@pytest.mark.parametrize("sparse", [False, True])
def test_labels_of_a_set_are_fitted_apart(sparse):
    x, target, _, model = problem("sigmoid", outputs=3, sparse=sparse)
    found = optimum(model, 1.0)
    for k in range(3):
        other = LogisticRegression(C=1.0, tol=1e-10, max_iter=10_000).fit(x, target[:, k])
        np.testing.assert_allclose(found[:-1, k], other.coef_[0], atol=1e-4)


def test_separable_rows_converge_under_a_small_penalty():
    x = np.linspace(-1, 1, 20)
    design = Design(np.column_stack([x, np.ones(20)]))
    model = Model(design, (x > 0).astype(float)[:, None], np.ones(20), "sigmoid")
    found = optimum(model, 1e-3)
    other = LogisticRegression(C=1e3, tol=1e-12, max_iter=10_000).fit(x[:, None], x > 0)
    np.testing.assert_allclose(found[0, 0], other.coef_[0, 0], rtol=1e-4)


def test_errors_of_rows_left_out_are_those_of_fits_without_them():
    x, target, rows, model = problem("identity", n=25, weighted=True)
    penalties = np.array([0.1, 1.0, 30.0])
    expected = []
    for penalty in penalties:
        errors = []
        for i in range(25):
            keep = np.arange(25) != i
            ridge = Ridge(alpha=penalty).fit(x[keep], target[keep, 0], sample_weight=rows[keep])
            errors.append((ridge.predict(x[i : i + 1])[0] - target[i, 0]) ** 2)
        expected.append(np.average(errors, weights=rows))
    np.testing.assert_allclose(left_out_errors(model, penalties), expected, rtol=0.02)


def test_a_step_never_raises_the_loss():
    _, _, _, model = problem("softmax", outputs=3)
    losses = []
    solve(
        model,
        0.01,
        model.start() + 5.0,
        iterations=30,
        tolerance=1e-8,
        step_done=lambda _, loss: losses.append(loss),
    )
    assert losses == sorted(losses, reverse=True)
    assert len(losses) > 3
