import numpy as np
import pytest

from crosstie.config.options import fill
from crosstie.data.batch import Batch, Categories, Layout
from crosstie.errors import ConfigError
from crosstie.learners import forest
from crosstie.learners.decision_tree import DecisionTree
from crosstie.learners.extra_trees import ExtraTrees
from crosstie.learners.learner import learners
from crosstie.learners.random_forest import RandomForest
from crosstie.learners.ranks import Ranks
from crosstie.training.callbacks.callback import Callback

ENSEMBLES = (RandomForest, ExtraTrees)


def few(cls, **options):
    """One of a few trees."""
    return cls(**options) if cls is DecisionTree else cls(n_estimators=8, **options)


@pytest.mark.parametrize("of", ["number", "binary", "category"])
@pytest.mark.parametrize("cls", ENSEMBLES)
def test_the_graph_says_what_scikit_learns_own_forest_does(cls, of, job, raw, rows):
    from sklearn import ensemble

    learner, train = cls(n_estimators=12, min_samples_leaf=2), rows(300, of)
    learner.fit(job(of, train=train, seed=7))
    kind = "Regressor" if of == "number" else "Classifier"
    own = getattr(ensemble, cls.__name__ + kind)
    features = 0.5 if of == "number" else "sqrt"
    own = own(12, min_samples_leaf=2, max_features=features, random_state=7)
    values = learner.inputs_.array(train)
    assert np.isnan(values).any()
    own.fit(values, train.targets["y"])
    for batch in (train, rows(200, of, seed=3, missing=0.5)):
        values = learner.inputs_.array(batch)
        expected = own.predict(values) if of == "number" else own.predict_proba(values)
        expected = expected[:, 1] if of == "binary" else expected
        np.testing.assert_allclose(raw(learner, batch), expected, atol=2e-6)


@pytest.mark.parametrize("cls", [*ENSEMBLES, DecisionTree])
def test_a_value_on_a_threshold_goes_where_scikit_learn_sends_it(cls, job, raw, output):
    rng = np.random.default_rng(0)
    x = (rng.integers(0, 40, (300, 2)) / np.float32(3)).astype(np.float32)
    y = (x[:, 0] * x[:, 1]).astype(np.float32)
    layout = Layout(numbers=("a", "b"), outputs=(output("number"),))
    learner = few(cls, min_samples_leaf=1)
    train = Batch({"numbers": x}, {"y": y})
    learner.fit(job(layout=layout, train=train, validation=False))
    thresholds = np.unique(np.concatenate([each.threshold for each in learner.trees_]))
    near = thresholds.astype(np.float32)
    at = np.concatenate([near, np.nextafter(near, np.inf), np.nextafter(near, -np.inf)])
    test = Batch({"numbers": np.stack([at, at[::-1]], 1).astype(np.float32)})
    np.testing.assert_allclose(raw(learner, test), learner._predict(test), rtol=2e-6)


def test_missing_numbers_go_where_the_tree_learned_to_send_them(job, raw, output):
    x = np.array([[np.nan], [0.0], [1.0], [2.0]] * 50, np.float32)
    y = np.array([5.0, 0.0, 5.0, 1.0] * 50, np.float32)
    layout = Layout(numbers=("a",), outputs=(output("number"),))
    learner = DecisionTree()
    learner.fit(job(layout=layout, train=Batch({"numbers": x}, {"y": y}), validation=False))
    np.testing.assert_allclose(raw(learner, Batch({"numbers": x[:4]})), y[:4], atol=1e-6)


def test_levels_stand_in_the_order_of_their_rows_targets(output):
    codes = np.repeat(np.arange(2, 6), 100)[:, None].astype(np.int32)
    mean = {2: 3.0, 3: -1.0, 4: 9.0, 5: 1.0}
    target = np.array([mean[each] for each in codes[:, 0]], np.float32)
    layout = Layout(categories=(Categories("c", 6),), outputs=(output("number"),))
    batch = Batch({"categories": codes}, {"y": target})
    ranks = Ranks.fit(layout, batch, output("number"), None, text_components=4, seed=0)
    place = ranks.places[0]
    assert place[[3, 5, 2, 4]].tolist() == sorted(place[[3, 5, 2, 4]])
    assert place[2] == place[0] + 1 or place[0] + 2 == place[2]  # the unknown one is near the mean
    assert sorted(place) == list(range(6))


def test_levels_of_several_classes_stand_along_what_parts_them_most(output):
    rng = np.random.default_rng(0)
    codes = rng.integers(2, 6, (800, 1)).astype(np.int32)
    first = rng.random(800) < np.array([0, 0, 0.9, 0.1, 0.7, 0.2])[codes[:, 0]]
    target = np.where(first, 0, rng.integers(1, 4, 800))
    layout = Layout(categories=(Categories("c", 6),), outputs=(output("category"),))
    batch = Batch({"categories": codes}, {"y": target})
    ranks = Ranks.fit(layout, batch, output("category"), None, text_components=4, seed=0)
    order = np.argsort(ranks.places[0])
    seen = [each for each in order.tolist() if each > 1]
    assert seen in ([3, 5, 4, 2], [2, 4, 5, 3])


def test_a_forest_is_the_same_in_one_go(job):
    whole, steps = RandomForest(n_estimators=12), RandomForest(n_estimators=12)
    given = job("binary", n=200)
    steps.fit(given)
    forest_steps, forest.TREES_A_STEP = forest.TREES_A_STEP, 100
    try:
        whole.fit(given)
    finally:
        forest.TREES_A_STEP = forest_steps
    for one, other in zip(whole.trees_, steps.trees_, strict=True):
        np.testing.assert_array_equal(one.threshold, other.threshold)


@pytest.mark.parametrize("cls", ENSEMBLES)
def test_ctrl_c_keeps_the_trees_so_far(cls, job, raw, rows):
    class Impatient(Callback):
        stopped = ""

        def on_step_end(self, progress):
            if progress.step == 20:
                raise KeyboardInterrupt

        def on_train_end(self, progress):
            self.stopped = progress.stopped

    impatient, learner = Impatient(), cls(n_estimators=40)
    with pytest.raises(KeyboardInterrupt):
        learner.fit(job("category", n=200, callbacks=(impatient,)))
    assert impatient.stopped == "interrupted"
    assert learner.describe()["trees"] == 20
    assert raw(learner, rows(9, "category", seed=2)).shape == (9, 4)


def test_another_seed_gives_other_trees(job):
    one, other = RandomForest(n_estimators=3), RandomForest(n_estimators=3)
    one.fit(job("binary", n=200, seed=1))
    other.fit(job("binary", n=200, seed=2))
    assert one.trees_[0].threshold.tolist() != other.trees_[0].threshold.tolist()


@pytest.mark.parametrize("cls", [*ENSEMBLES, DecisionTree])
def test_a_monotone_input_only_raises_the_prediction(cls, job, raw, output):
    rng = np.random.default_rng(0)
    x = rng.uniform(-2, 2, (500, 2)).astype(np.float32)
    y = (np.sin(2 * x[:, 0]) + x[:, 0] + 0.3 * rng.normal(size=500)).astype(np.float32)
    layout = Layout(numbers=("a", "b"), outputs=(output("number"),))
    given = {"layout": layout, "train": Batch({"numbers": x}, {"y": y}), "validation": False}
    line = np.column_stack([np.linspace(-2, 2, 200), np.zeros(200)]).astype(np.float32)
    free, bound = few(cls), few(cls, monotone_constraints={"a": 1})
    free.fit(job(**given))
    bound.fit(job(**given))
    assert np.diff(raw(free, Batch({"numbers": line}))).min() < -0.01
    assert np.diff(raw(bound, Batch({"numbers": line}))).min() > -1e-6


def test_constraints_that_cannot_be_held_are_told(job, rows, inputs):
    with pytest.raises(ConfigError) as told:
        RandomForest(monotone_constraints={"few": 1}).fit(job("binary"))
    assert str(told.value) == (
        "trainer.monotone_constraints.few: only a number can rise or fall, and no number input has this name; "
        "choose one of 'a', 'b', 'c'"
    )
    with pytest.raises(ConfigError) as told:
        RandomForest(monotone_constraints={"a": 1}).fit(job("binary"))
    assert str(told.value) == (
        "trainer.monotone_constraints: scikit-learn's trees take no constraints where numbers are missing, as in "
        "'a', 'b', 'd', 'v'; write `missing_value_strategy: …` at them, one that fills, or set model_type: gbm"
    )
    with pytest.raises(ConfigError) as told:
        RandomForest(monotone_constraints={"a": 1}).fit(job("category"))
    assert str(told.value) == (
        "trainer.monotone_constraints: scikit-learn's trees hold them for a number or two classes only"
    )


def test_a_criterion_of_another_output_is_told(job):
    with pytest.raises(ConfigError) as told:
        DecisionTree(criterion="gini").fit(job("number"))
    assert str(told.value) == (
        "trainer.criterion: 'gini' is not for a number output; choose 'squared_error', or leave it out"
    )


def test_options_bound_the_trees(job):
    learner = RandomForest(n_estimators=5, max_leaf_nodes=7, max_depth=3, criterion="entropy")
    learner.fit(job("binary"))
    assert max(each.n_leaves for each in learner.trees_) <= 7
    assert max(each.max_depth for each in learner.trees_) <= 3
    assert learner.describe()["leaves"] == sum(each.n_leaves for each in learner.trees_)


def test_a_large_forest_has_leaves_that_fit_in_a_graph(job, monkeypatch):
    monkeypatch.setattr(forest, "MOST_LEAVES", 100)
    learner = ExtraTrees(n_estimators=10)
    learner.fit(job("number"))
    assert learner.describe()["leaves"] == 100
    monkeypatch.setattr(forest, "MOST_VALUES", 120)
    learner = ExtraTrees(n_estimators=10)
    learner.fit(job("category"))  # 4 classes
    assert learner.describe()["leaves"] == 30


def test_the_gain_names_the_inputs_that_mattered(job, output):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(500, 2)).astype(np.float32)
    codes = rng.integers(0, 5, (500, 1)).astype(np.int32)
    y = (x[:, 1] + (codes[:, 0] == 2) > 0).astype(np.float32)
    layout = Layout(("a", "b"), (Categories("c", 5),), outputs=(output("binary"),))
    learner = RandomForest(n_estimators=30)
    train = Batch({"numbers": x, "categories": codes}, {"y": y})
    learner.fit(job(layout=layout, train=train, validation=False))
    gain = learner.describe()["gain"]
    assert list(gain) == ["b", "c", "a"]
    assert sum(gain.values()) == pytest.approx(1)


def test_a_leaf_is_the_mean_of_its_weighted_rows(job, raw, output):
    x = np.array([[0.0], [1.0]] * 100, np.float32)
    y = np.array([0.0, 0.0] * 50 + [1.0, 1.0] * 50, np.float32)
    w = np.array([1.0, 3.0] * 50 + [3.0, 1.0] * 50, np.float32)
    layout = Layout(numbers=("a",), outputs=(output("number"),))
    train = Batch({"numbers": x}, {"y": y}, w)
    for learner in (DecisionTree(), ExtraTrees(n_estimators=10)):
        learner.fit(job(layout=layout, train=train, validation=False))
        np.testing.assert_allclose(raw(learner, Batch({"numbers": x[:2]})), [0.75, 0.25], atol=1e-6)


def test_forests_say_where_they_are_hopeless():
    assert RandomForest.hopeless(500_000, 14, 2) == ""
    assert RandomForest.hopeless(10_000_000, 200, 0) == (
        "random forests on 500,000 rows of 200 columns would take about 79 minutes of a processor; at most 10"
    )
    assert ExtraTrees.hopeless(1000, 5, 151) == (
        "extra trees of 151 classes would have too few leaves, for each holds a share of every class; at most 100"
    )
    assert DecisionTree.hopeless(10_000_000, 200, 0) == ""


def test_options_are_scikit_learns():
    assert learners.get("random_forest") is RandomForest
    assert fill(RandomForest, {"max_features": 0.25}, "trainer") == {
        "n_estimators": 100,
        "criterion": None,
        "max_depth": None,
        "min_samples_leaf": None,
        "max_leaf_nodes": None,
        "max_features": 0.25,
        "monotone_constraints": None,
        "class_weights": None,
        "text_components": 32,
    }
    assert "n_estimators" not in fill(DecisionTree, {}, "trainer")
    with pytest.raises(ConfigError) as told:
        fill(DecisionTree, {"n_estimators": 7, "splitter": "random"}, "trainer")
    assert str(told.value) == (
        "trainer.n_estimators: is of random_forest, extra_trees and gbm; this is one tree\n"
        "trainer.splitter: decision_tree takes the best split, extra_trees random ones; leave it out"
    )


def test_other_words_for_the_learners_are_known():
    assert "randomforest" in learners.elsewhere("random_forest")
    assert "cart" in learners.elsewhere("decision_tree")
    assert "et" in learners.elsewhere("extra_trees")
