import numpy as np
from sklearn.dummy import DummyClassifier, DummyRegressor

from crosstie.evaluation.baseline import centre, constant


def test_constants_equal_scikit_learns_dummies():
    rng = np.random.default_rng(0)
    y = rng.choice(4, 50, p=[0.1, 0.2, 0.3, 0.4])
    x = np.zeros((50, 1))
    prior = np.bincount(y) / 50
    dummy = DummyClassifier(strategy="prior").fit(x, y)
    np.testing.assert_allclose(constant("category", rows=50, prior=prior), dummy.predict_proba(x))
    target, weights = rng.normal(size=50), rng.random(50)
    for strategy in ("mean", "median"):
        dummy = DummyRegressor(strategy=strategy).fit(x, target, sample_weight=weights)
        mine = constant("number", rows=50, mean=centre(target, weights, strategy=strategy))
        np.testing.assert_allclose(mine, dummy.predict(x))


def test_binary_and_set_say_the_training_share():
    np.testing.assert_array_equal(constant("binary", rows=2, prior=(0.3,)), [0.3, 0.3])
    np.testing.assert_array_equal(constant("set", rows=2, prior=(0.3, 0.9)), [[0.3, 0.9]] * 2)
