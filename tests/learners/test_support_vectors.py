import numpy as np
import pytest

from crosstie.config.options import fill
from crosstie.data.batch import Batch, Layout, Output, Vector
from crosstie.errors import ConfigError
from crosstie.evaluation.score import score
from crosstie.learners import support_vectors
from crosstie.learners.kernel import Machine
from crosstie.learners.learner import learners
from crosstie.learners.support_vectors import SupportVectors


def test_a_number_is_what_scikit_learns_own_regression_says(job, raw, rows):
    from sklearn.svm import SVR

    train, test = rows(300, "number"), rows(100, "number", seed=2)
    learner = SupportVectors(C=3.0, epsilon=0.2)
    learner.fit(job("number", train=train))
    points = learner.points_.array(train).astype(np.float64)
    y = train.targets["y"]
    own = SVR(C=3.0, epsilon=0.2, gamma="scale").fit(points, (y - y.mean()) / y.std())
    expected = own.predict(learner.points_.array(test)) * y.std() + y.mean()
    np.testing.assert_allclose(raw(learner, test), expected, atol=2e-3)  # libsvm's own tolerance
    assert learner.describe()["gamma"] == pytest.approx(
        1 / points.shape[1] / points.var(), rel=0.01
    )


def test_probabilities_rise_with_scikit_learns_own_margins(job, raw, rows):
    from sklearn.svm import SVC

    train, test = rows(300, "binary"), rows(100, "binary", seed=2)
    learner = SupportVectors(C=2.0, gamma=0.02)
    learner.fit(job("binary", train=train))
    own = SVC(C=2.0, gamma=0.02).fit(learner.points_.array(train), train.targets["y"])
    margin = own.decision_function(learner.points_.array(test))
    odds = np.log(raw(learner, test) / (1 - raw(learner, test)))
    slope, constant = np.polyfit(margin, odds, 1)
    assert slope > 0.5
    np.testing.assert_allclose(odds, slope * margin + constant, atol=0.02)


def test_classes_are_told_apart_as_well_as_by_machines_for_all_pairs(job, raw):
    from sklearn.datasets import load_digits
    from sklearn.svm import SVC

    pixels, y = load_digits(return_X_y=True)
    batch = Batch({"vector_0": pixels.astype(np.float32)}, {"y": y})
    layout = Layout(
        vectors=(Vector("v", "vector_0", 64),), outputs=(Output("y", "output_0", "category", 10),)
    )
    train, test = batch.take(slice(400)), batch.take(slice(1000, 1500))
    learner = SupportVectors()
    learner.fit(job(layout=layout, train=train, validation=False))
    found = score("category", test.targets["y"], raw(learner, test))
    own = SVC(gamma=learner.gamma_).fit(learner.points_.array(train), train.targets["y"])
    own_accuracy = own.score(learner.points_.array(test), test.targets["y"])
    assert own_accuracy > 0.85
    assert found["accuracy"] > own_accuracy - 0.015
    assert found["log_loss"] < 0.6


def test_probabilities_come_from_rows_that_were_not_learned_from(job, output):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(300, 20)).astype(np.float32)
    y = (rng.random(300) < 0.5).astype(np.float32)  # nothing to learn, all to learn by heart
    layout = Layout(numbers=tuple(map(str, range(20))), outputs=(output("binary"),))
    train = Batch({"numbers": x}, {"y": y})
    learner = SupportVectors(C=100.0, gamma=1.0)
    learner.fit(job(layout=layout, train=train, validation=False))
    assert np.abs(learner._predict(train) - y.mean()).max() < 0.25


def test_enough_validation_rows_make_the_probabilities(job, rows, monkeypatch):
    given = job("binary", n=200)
    few = SupportVectors()
    few.fit(given)
    monkeypatch.setattr(support_vectors, "CALIBRATION_ROWS", 200)
    enough = SupportVectors()
    enough.fit(given)
    np.testing.assert_array_equal(few.machine_.vectors, enough.machine_.vectors)
    assert few.machine_.offset[0] != enough.machine_.offset[0]
    held = given.validation
    mean = enough._predict(held).mean()
    assert mean == pytest.approx(held.targets["y"].mean(), abs=1e-4)


def test_a_class_that_training_rows_lack_is_not_predicted(job, raw, rows):
    train = rows(200, "category")
    train = train.take(np.flatnonzero(train.targets["y"] != 2))
    learner = SupportVectors()
    learner.fit(job("category", train=train, validation=False))
    said = raw(learner, rows(50, "category", seed=2))
    assert said.shape == (50, 4)
    assert said[:, 2].max() < 0.01


def test_a_row_without_weight_is_no_support(job, rows):
    train = rows(200, "number")
    weights = np.ones(200, np.float32)
    weights[:100] = 0
    one, other = SupportVectors(), SupportVectors()
    weighted = Batch(train.inputs, train.targets, weights)
    one.fit(job("number", train=weighted, validation=False))
    assert one.describe()["rows"] == 100
    other.fit(job("number", train=train, validation=False))
    assert one.describe()["vectors"] < other.describe()["vectors"]


def test_a_linear_model_behind_a_machine_is_another_machine():
    rng = np.random.default_rng(0)
    machine = Machine(
        rng.normal(size=(7, 3)).astype(np.float32), rng.normal(size=(7, 2)), rng.normal(size=2), 0.3
    )
    rows, weights = rng.normal(size=(5, 3)).astype(np.float32), rng.normal(size=(3, 4))
    expected = machine.sums(rows) @ weights[:-1] + weights[-1]
    np.testing.assert_allclose(machine.then(weights).sums(rows), expected)
    apart = ((rows[:, None].astype(float) - machine.vectors[None]) ** 2).sum(2)
    by_hand = np.exp(-0.3 * apart) @ machine.shares + machine.offset
    np.testing.assert_allclose(machine.sums(rows), by_hand)


def test_hopeless_tables_are_said():
    assert SupportVectors.hopeless(10_000, 14, 2) == ""
    assert SupportVectors.hopeless(390_730, 14, 2) == (
        "support vectors on 390,730 rows would take about 267 minutes; at most 23,900 of such rows are worth it"
    )
    assert SupportVectors.hopeless(10_000, 14, 20) == (
        "support vectors on 10,000 rows would take about 3 minutes; at most 5,300 of such rows are worth it"
    )


def test_options_are_scikit_learns_and_other_words_are_answered():
    assert fill(SupportVectors, {"C": 2.0}, "trainer") == {
        "C": 2.0,
        "gamma": "scale",
        "epsilon": 0.1,
        "class_weights": None,
        "text_components": 32,
    }
    assert {"svc", "svr", "svm"} <= set(learners.elsewhere("support_vectors"))
    with pytest.raises(ConfigError) as told:
        fill(SupportVectors, {"kernel": "poly", "cost": 3, "probability": True}, "trainer")
    assert str(told.value) == (
        "trainer.kernel: is always Gaussian; a straight one is model_type linear\n"
        "trainer.cost: is called 'C' here"
    )
