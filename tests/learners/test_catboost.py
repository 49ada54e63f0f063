import json
from dataclasses import replace
from importlib.util import find_spec

import numpy as np
import onnx
import pytest
from safetensors.numpy import load_file

from crosstie.artifact.runtime import Graph
from crosstie.config.options import fill
from crosstie.data.batch import Batch, Layout, joined
from crosstie.errors import ConfigError, MissingExtra, TrainingError
from crosstie.evaluation.metric import metrics
from crosstie.evaluation.score import score
from crosstie.learners.cat_booster import CatBooster, Rows
from crosstie.learners.catboost import Catboost
from crosstie.learners.learner import learners
from crosstie.training.callbacks.callback import Callback

needs_catboost = pytest.mark.skipif(find_spec("catboost") is None, reason="catboost is optional")
TYPES = ("number", "binary", "category")


def small(**options):
    given = {"iterations": 15, "depth": 4, "learning_rate": 0.2} | options
    return Catboost(**given)


def said_by_catboost(learner, batch, tmp_path):
    """What CatBoost itself says of rows, from the file that is saved."""
    from catboost import CatBoost

    learner.save(tmp_path / "network")
    model = CatBoost().load_model(str(tmp_path / "network" / "booster.json"), format="json")
    fitted = learner.fitted_
    return fitted.predicted(
        np.asarray(model.predict(fitted.levels.array(batch), prediction_type="RawFormulaVal"))
    )


@pytest.mark.slow
@needs_catboost
@pytest.mark.parametrize("of", TYPES)
def test_every_kind_of_input_is_learned_from(of, job, raw, rows):
    learner = Catboost(iterations=150, learning_rate=0.15, depth=4)
    learner.fit(job(of, n=1500))
    test = rows(1000, of, seed=2)
    found = score(of, test.targets["y"], raw(learner, test))
    assert {
        "number": lambda: found["r2"] > 0.7,
        "binary": lambda: found["roc_auc"] > 0.92,
        "category": lambda: found["accuracy"] > 0.52,
    }[of](), found


@pytest.mark.slow
@needs_catboost
@pytest.mark.parametrize("of", TYPES)
def test_the_graph_says_what_catboost_does_alone_and_in_a_batch(of, job, rows, tmp_path):
    train = rows(400, of)
    learner = small(iterations=60, one_hot_max_size=6)
    learner.fit(job(of, train=train, validation=False))
    learner.export(tmp_path / "graph.onnx")
    graph = Graph(tmp_path / "graph.onnx", threads=1)
    unseen = rows(60, of, seed=3, missing=0.4)
    unseen.inputs["categories"][::3] = 0
    unseen.inputs["categories"][1::3] = 1
    unseen.inputs["numbers"][::7, 2] = np.nan  # never missing in training
    unseen.inputs["numbers"][1::7, 0] = [np.inf]
    unseen.inputs["numbers"][2::7, 0] = [-np.inf]
    for batch in (train, unseen):
        together = graph.run(batch.inputs)["output_0"]
        alone = [graph.run(batch.take(slice(i, i + 1)).inputs)["output_0"] for i in range(60)]
        expected = said_by_catboost(learner, batch, tmp_path)
        np.testing.assert_allclose(together, expected, atol=1e-6)
        np.testing.assert_array_equal(together[:60], np.concatenate(alone))


@needs_catboost
def test_a_value_on_a_border_goes_where_catboost_sends_it(job, raw, tmp_path, output):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(400, 2)).astype(np.float32)
    y = (np.sin(3 * x[:, 0]) + x[:, 1]).astype(np.float32)
    layout = Layout(numbers=("a", "b"), outputs=(output("number"),))
    learner = small(iterations=40)
    learner.fit(job(layout=layout, train=Batch({"numbers": x}, {"y": y}), validation=False))
    trees, _ = learner.fitted_.trees()
    border = np.array([each.border[0] for each in trees], np.float32)
    near = [border, np.nextafter(border, np.float32(9)), np.nextafter(border, np.float32(-9))]
    line = np.concatenate(near)
    for other in (x[: len(line), 0], line):
        batch = Batch({"numbers": np.column_stack([line, np.resize(other, len(line))])})
        said = said_by_catboost(learner, batch, tmp_path)
        np.testing.assert_allclose(raw(learner, batch), said, atol=1e-6)


@needs_catboost
def test_columns_of_categories_are_a_level_or_a_statistic_each(job, rows, inputs, tmp_path):
    learner = small(one_hot_max_size=4)
    train = rows(300, "category")
    layout = inputs("category", tokens=(), vectors=(), dates=())
    learner.fit(job(layout=layout, train=train, validation=False))
    names = learner.fitted_.levels.names
    assert names == ["a", "b", "c", *["few"] * 5, *["many"] * 4]
    learner.save(tmp_path / "network")
    tables = load_file(tmp_path / "network" / "columns.safetensors")
    assert {name: table.shape for name, table in tables.items()} == {"statistics.many": (40, 4)}
    array = learner.fitted_.levels.array(train)
    codes = train.inputs["categories"]
    np.testing.assert_array_equal(array[:, 3:8], np.eye(6)[codes[:, 0]][:, 1:])
    np.testing.assert_array_equal(array[:, 8:], tables["statistics.many"][codes[:, 1]])


@needs_catboost
def test_categories_alone_are_enough(job, raw, inputs):
    layout = inputs("binary", numbers=(), tokens=(), vectors=(), dates=())
    codes = np.random.default_rng(0).integers(0, 6, (200, 2)).astype(np.int32)
    train = Batch({"categories": codes}, {"y": (codes[:, 0] > 2).astype(np.float32)})
    learner = small()
    learner.fit(job(layout=layout, train=train, validation=False))
    assert ((raw(learner, train) > 0.5) == (codes[:, 0] > 2)).mean() > 0.95


@needs_catboost
def test_a_row_of_nothing_known_is_predicted(job, raw, rows):
    learner = small()
    learner.fit(job("binary", train=rows(300, "binary", missing=0.0)))
    nothing = rows(1, "binary", seed=5)
    for array in nothing.inputs.values():
        array[:] = np.nan if array.dtype == np.float32 else 0
    assert 0 <= raw(learner, nothing)[0] <= 1


@needs_catboost
@pytest.mark.parametrize("present", [(0, 2, 3), (1,)])
def test_a_class_without_training_rows_is_never_predicted(present, job, raw, rows):
    train = rows(200, "category")
    train.targets["y"][:] = np.array(present)[train.targets["y"] % len(present)]
    learner = small()
    learner.fit(job("category", train=train))
    shares = raw(learner, rows(50, "category", seed=2))
    np.testing.assert_allclose(shares.sum(1), 1, atol=1e-5)
    absent = [each for each in range(4) if each not in present]
    assert shares[:, absent].max() < 0.5
    assert set(shares.argmax(1)) <= set(present)


@needs_catboost
def test_training_stops_where_validation_rows_gain_no_more(job, raw, output):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(400, 2)).astype(np.float32)
    y = (x[:, 0] + rng.normal(size=400) > 0).astype(np.float32)
    weights = rng.uniform(0.5, 2, 400).astype(np.float32)
    layout = Layout(numbers=("a", "b"), outputs=(output("binary"),))
    train = Batch({"numbers": x[:300]}, {"y": y[:300]}, weights[:300])
    held = Batch({"numbers": x[300:]}, {"y": y[300:]}, weights[300:])
    learner = Catboost(early_stop=10, learning_rate=0.2)
    learner.fit(job(layout=layout, train=train, validation=held))
    trees = learner.describe()["trees"]
    assert trees < 60
    every = []
    for n in (max(trees - 1, 1), trees, trees + 1, trees + 9):
        other = Catboost(iterations=n, learning_rate=0.2, early_stop=None)
        other.fit(job(layout=layout, train=train, validation=held))
        loss = metrics.get("log_loss", of="binary")()
        every.append(loss(held.targets["y"], raw(other, held), held.weights))
    assert min(every) == every[1]
    assert learner.describe()["best"] == pytest.approx(every[1], abs=1e-6)


@needs_catboost
def test_the_loss_of_a_number_is_its_squared_error(job, raw):
    given = job("number", n=200)
    learner = small(early_stop=None)
    learner.fit(given)
    said = raw(learner, given.validation)
    loss = ((said - given.validation.targets["y"]) ** 2).mean()
    assert learner.describe()["best"] == pytest.approx(loss, rel=1e-5)


@needs_catboost
def test_a_monotone_input_only_raises_the_prediction(job, raw, output):
    rng = np.random.default_rng(0)
    x = rng.uniform(-2, 2, (600, 2)).astype(np.float32)
    y = (np.sin(2 * x[:, 0]) + x[:, 0] + 0.3 * rng.normal(size=600)).astype(np.float32)
    layout = Layout(numbers=("a", "b"), outputs=(output("number"),))
    given = {"layout": layout, "train": Batch({"numbers": x}, {"y": y}), "validation": False}
    line = np.column_stack([np.linspace(-2, 2, 200), np.zeros(200)]).astype(np.float32)
    free, bound = small(iterations=60), small(iterations=60, monotone_constraints={"a": 1})
    free.fit(job(**given))
    bound.fit(job(**given))
    assert np.diff(raw(free, Batch({"numbers": line}))).min() < -0.01
    assert np.diff(raw(bound, Batch({"numbers": line}))).min() >= 0


@needs_catboost
def test_constraints_that_cannot_be_are_told(job):
    with pytest.raises(ConfigError) as told:
        small(monotone_constraints={"few": 1}).fit(job("binary", n=50))
    assert str(told.value) == (
        "trainer.monotone_constraints.few: only a number can rise or fall, and no number input has this name; "
        "choose one of 'a', 'b', 'c'"
    )
    with pytest.raises(ConfigError) as told:
        small(monotone_constraints={"a": 1}).fit(job("category", n=50))
    assert str(told.value) == (
        "trainer.monotone_constraints: CatBoost holds them for a number or two classes only; set model_type: gbm"
    )


@needs_catboost
def test_row_weights_count(job, raw, output):
    x = np.array([[0.0], [1.0]] * 100, np.float32)
    y = np.array([0.0, 0.0] * 50 + [1.0, 1.0] * 50, np.float32)
    w = np.array([1.0, 3.0] * 50 + [3.0, 1.0] * 50, np.float32)
    layout = Layout(numbers=("a",), outputs=(output("number"),))
    learner = Catboost(iterations=100, learning_rate=0.3, l2_leaf_reg=0, subsample=1.0)
    train = Batch({"numbers": x}, {"y": y}, w)
    learner.fit(job(layout=layout, train=train, validation=False))
    np.testing.assert_allclose(raw(learner, Batch({"numbers": x[:2]})), [0.75, 0.25], atol=1e-4)


@needs_catboost
def test_balanced_classes_move_the_mean_probability_to_a_half(job, raw, output):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(2000, 1)).astype(np.float32)
    y = (rng.random(2000) < 0.1).astype(np.float32)
    layout = Layout(numbers=("a",), outputs=(output("binary"),))
    train = Batch({"numbers": x}, {"y": y})
    learner = small(class_weights="balanced")
    learner.fit(job(layout=layout, train=train, validation=False))
    assert raw(learner, train).mean() == pytest.approx(0.5, abs=0.05)


@pytest.mark.slow
@needs_catboost
def test_the_same_seed_gives_the_same_files(job, tmp_path):
    graphs, texts = [], []
    for seed in (1, 1, 2):
        learner = small(colsample_bylevel=0.5)
        learner.fit(job("category", n=300, seed=seed))
        learner.export(tmp_path / "graph.onnx")
        graphs.append((tmp_path / "graph.onnx").read_bytes())
        learner.save(tmp_path / "network")
        texts.append((tmp_path / "network" / "booster.json").read_text())
    assert (graphs[0], texts[0]) == (graphs[1], texts[1])
    assert graphs[0] != graphs[2]
    model = onnx.load(tmp_path / "graph.onnx")
    assert not model.metadata_props
    assert str(tmp_path) not in texts[0]


@needs_catboost
@pytest.mark.parametrize("of", TYPES)
def test_a_target_that_never_varies_is_predicted(of, job, raw, rows):
    train = rows(100, of)
    train.targets["y"][:] = 1
    learner = small(iterations=30)
    learner.fit(job(of, train=train, validation=False))
    found = raw(learner, rows(5, of, seed=2))
    np.testing.assert_allclose(found[:, 1] if of == "category" else found, 1.0, atol=0.2)


@needs_catboost
def test_columns_that_never_vary_are_told(job, output):
    layout = Layout(numbers=("a",), outputs=(output("binary"),))
    train = Batch({"numbers": np.ones((50, 1), np.float32)}, {"y": np.arange(50.0) % 2})
    with pytest.raises(TrainingError) as told:
        small().fit(job(layout=layout, train=train, validation=False))
    assert str(told.value) == "CatBoost: All features are either constant or ignored."


@needs_catboost
def test_ctrl_c_keeps_the_best_trees_so_far(job, raw, rows):
    class Impatient(Callback):
        stopped = ""

        def on_step_end(self, progress):
            if progress.step == 7:
                raise KeyboardInterrupt

        def on_train_end(self, progress):
            self.stopped = progress.stopped

    impatient, learner = Impatient(), Catboost()
    with pytest.raises(KeyboardInterrupt):
        learner.fit(job("binary", callbacks=(impatient,)))
    assert impatient.stopped == "interrupted"
    assert learner.describe()["trees"] == 7
    assert raw(learner, rows(9, "binary", seed=2)).shape == (9,)


@pytest.mark.slow
@needs_catboost
def test_training_ends_at_the_tree_at_which_a_listener_wants_it(job):
    class Clock(Callback):
        stopped = ""

        def on_step_end(self, progress):
            progress.ends_here = progress.step == 12

        def on_train_end(self, progress):
            self.stopped = progress.stopped

    clock, learner = Clock(), Catboost()
    learner.fit(job("binary", callbacks=(clock,)))
    alone = Catboost(iterations=12)
    alone.fit(job("binary"))
    assert clock.stopped == "time_limit"
    assert learner.fitted_.text == alone.fitted_.text


@needs_catboost
def test_progress_is_told(job, raw):
    class Notes(Callback):
        def __init__(self):
            self.steps, self.evaluated, self.last = [], [], None

        def on_step_end(self, progress):
            self.steps.append(progress.step)

        def on_evaluate(self, progress):
            self.evaluated.append(progress.step)
            self.last = progress

    notes, learner = Notes(), small(iterations=25)
    given = job("binary", callbacks=(notes,), metrics={"y": "roc_auc"})
    learner.fit(given)
    assert notes.steps == list(range(1, 26))
    assert notes.evaluated == [10, 20, 25]
    assert notes.last.learner == "catboost"
    assert notes.last.watched == "validation/y/loss"
    shown = notes.last.metrics["validation"]["y"]
    assert sorted(notes.last.metrics) == ["train", "validation"]
    assert sorted(shown) == ["loss", "roc_auc"]
    assert notes.last.loss == notes.last.metrics["train"]["y"]["loss"]
    assert notes.last.stopped == "epochs"
    if notes.last.best_step == 25:
        said = score("binary", given.validation.targets["y"], raw(learner, given.validation))
        assert shown["roc_auc"] == pytest.approx(said["roc_auc"])


@needs_catboost
def test_a_refit_grows_as_many_trees_from_all_rows(job, inputs):
    learner, whole = small(), job(layout=inputs("binary", tokens=()))
    learner.fit(whole)
    before = learner.fitted_.text
    assert learner.refit(whole)
    assert learner.fitted_.text != before
    assert learner.describe()["refit_rows"] == 800
    alone = small(iterations=learner.describe()["rounds"])
    alone.fit(replace(whole, train=joined(whole.train, whole.validation), validation=None))
    assert learner.fitted_.text == alone.fitted_.text


@needs_catboost
def test_no_refit_when_none_is_wanted(job):
    learner, whole = small(refit=False), job("binary", n=100)
    learner.fit(whole)
    text = learner.fitted_.text
    assert not learner.refit(whole)
    assert learner.fitted_.text == text


@needs_catboost
def test_the_gain_names_the_inputs_that_mattered(job, output):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(500, 3)).astype(np.float32)
    y = (2 * x[:, 1] + x[:, 2] > 0).astype(np.float32)
    layout = Layout(("a", "b", "c"), outputs=(output("binary"),))
    learner = small()
    train = Batch({"numbers": x}, {"y": y})
    learner.fit(job(layout=layout, train=train, validation=False))
    gain = learner.describe()["gain"]
    assert list(gain) == ["b", "c", "a"]
    assert sum(gain.values()) == pytest.approx(1)


@needs_catboost
def test_what_catboost_refuses_is_told():
    rows = Rows(np.zeros((10, 1), np.float32), np.full(10, 5.0), None)
    with pytest.raises(TrainingError) as told:
        CatBooster(rows, {"loss_function": "MultiClass", "depth": 99})
    assert str(told.value).startswith("CatBoost: ")
    assert ".cpp" not in str(told.value)


def test_options_have_catboosts_names_and_aliases():
    assert learners.get("catboost") is Catboost
    given = {"n_estimators": 7, "rsm": 0.5, "max_depth": 3, "od_wait": 9, "reg_lambda": 1.0}
    filled = fill(Catboost, given, "trainer")
    assert (filled["iterations"], filled["colsample_bylevel"], filled["depth"]) == (7, 0.5, 3)
    assert (filled["early_stop"], filled["l2_leaf_reg"]) == (9, 1.0)


def test_words_of_catboost_that_are_no_options_are_answered():
    with pytest.raises(ConfigError) as told:
        fill(Catboost, {"grow_policy": "Lossguide", "auto_class_weights": "Balanced"}, "trainer")
    assert str(told.value).splitlines() == [
        "trainer.grow_policy: trees are symmetric: all nodes of a level ask the same; leave it out",
        "trainer.auto_class_weights: is called 'class_weights' here",
    ]


def test_without_catboost_what_to_install_is_told(job, monkeypatch):
    monkeypatch.setattr("crosstie.learners.cat_booster.find_spec", lambda module: None)
    assert not Catboost.installed()
    for attempt in (lambda: Catboost().fit(job("binary", n=50)), lambda: Catboost.check({})):
        with pytest.raises(MissingExtra) as told:
            attempt()
        assert str(told.value) == (
            "model_type catboost needs catboost, which is not installed. Type: pip install 'crosstie[catboost]'"
        )


def test_before_it_is_fitted_there_is_no_model(tmp_path):
    with pytest.raises(TrainingError) as told:
        Catboost().export(tmp_path / "graph.onnx")
    assert str(told.value) == (
        "catboost: stopped before its first tree, so there is no model to keep"
    )


def test_a_learner_of_the_train_extra_counts_as_installed():
    assert learners.get("gbm").installed()


@needs_catboost
def test_the_columns_are_named_beside_the_booster(job, tmp_path):
    learner = small()
    learner.fit(job("number", n=100))
    learner.save(tmp_path / "network")
    columns = json.loads((tmp_path / "network" / "columns.json").read_text())["columns"]
    model = json.loads((tmp_path / "network" / "booster.json").read_text())
    assert len(columns) == len(model["features_info"]["float_features"])
    assert model["model_info"] == {}  # neither when nor how it was trained
    assert columns[-1] == "many"
    assert sorted(load_file(tmp_path / "network" / "columns.safetensors")) == [
        "statistics.many",
        "text.tokens_0",
        "text.tokens_1",
        "text.tokens_2",
    ]
