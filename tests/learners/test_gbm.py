import json
from dataclasses import replace

import numpy as np
import pytest

from crosstie.config.options import fill
from crosstie.data.batch import Batch, Categories, Layout, Tokens, joined
from crosstie.errors import ConfigError, TrainingError
from crosstie.evaluation.score import score
from crosstie.learners import gbm
from crosstie.learners.booster import Booster, Dataset
from crosstie.learners.gbm import Gbm
from crosstie.learners.learner import learners
from crosstie.training.callbacks.callback import Callback


@pytest.mark.slow
@pytest.mark.parametrize("of", ["number", "binary", "category"])
def test_every_kind_of_input_is_learned_from(of, job, raw, rows):
    learner = Gbm(learning_rate=0.1)
    learner.fit(job(of, n=2000))
    test = rows(1000, of, seed=2)
    found = score(of, test.targets["y"], raw(learner, test))
    assert {
        "number": lambda: found["r2"] > 0.7,
        "binary": lambda: found["roc_auc"] > 0.92,
        "category": lambda: found["accuracy"] > 0.52,
    }[of](), found


def test_it_equals_lightgbms_own_training(job, raw, shared_data, rows, inputs):
    lightgbm = pytest.importorskip("lightgbm")
    train, test = rows(800, "binary"), rows(200, "binary", seed=2)
    layout = inputs("binary", tokens=(), vectors=(), dates=())
    learner = Gbm(n_estimators=40, feature_fraction=0.7, bagging_fraction=0.8)
    learner.fit(job(layout=layout, train=train, validation=False, seed=5))

    def features(batch):
        return np.column_stack([batch.inputs["numbers"], batch.inputs["categories"]])

    parameters = {
        "objective": "binary",
        "learning_rate": 0.05,
        "feature_fraction": 0.7,
        "bagging_fraction": 0.8,
        "bagging_freq": 1,
        "cat_smooth": 5,
        "cat_l2": 5,
        "min_data_per_group": 10,
        "seed": 5,
        "deterministic": True,
        "force_row_wise": True,
        "verbosity": -1,
    }
    data = lightgbm.Dataset(
        features(train).astype(np.float32), train.targets["y"], categorical_feature=[3, 4]
    )
    booster = lightgbm.train(parameters, data, 40)
    expected = booster.predict(features(test).astype(np.float32))
    np.testing.assert_allclose(raw(learner, test), expected, atol=1e-6)


def test_the_booster_is_saved_as_text_that_lightgbm_reads(job, tmp_path):
    lightgbm = pytest.importorskip("lightgbm")
    learner = Gbm(n_estimators=5)
    learner.fit(job("number"))
    learner.save(tmp_path / "network")
    booster = lightgbm.Booster(model_file=tmp_path / "network" / "booster.txt")
    columns = json.loads((tmp_path / "network" / "columns.json").read_text())
    assert booster.num_trees() == 5
    assert booster.num_feature() == len(columns["columns"])
    assert columns["columns"][-2:] == ["few", "many"]
    assert (tmp_path / "network" / "text.safetensors").exists()


def test_training_stops_where_validation_rows_gain_no_more(job, output):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(400, 2)).astype(np.float32)
    y = (x[:, 0] + rng.normal(size=400) > 0).astype(np.float32)
    layout = Layout(numbers=("a", "b"), outputs=(output("binary"),))
    given = {"layout": layout, "train": Batch({"numbers": x[:300]}, {"y": y[:300]})}
    held = Batch({"numbers": x[300:]}, {"y": y[300:]})
    learner = Gbm(early_stop=10, learning_rate=0.2)
    learner.fit(job(**given, validation=held, metrics={"y": "log_loss"}))
    trees = learner.about_["trees"]
    assert trees < 60
    every = []
    for n in (max(trees - 1, 1), trees, trees + 1, trees + 10):
        other = Gbm(n_estimators=n, learning_rate=0.2, early_stop=None)
        other.fit(job(**given, validation=False))
        booster_like = _predict(other, held)
        every.append(score("binary", held.targets["y"], booster_like)["log_loss"])
    assert min(every) == every[1]
    assert learner.about_["best"] == pytest.approx(every[1], abs=1e-6)


def _predict(learner, batch):
    import tempfile
    from pathlib import Path

    from crosstie.artifact.runtime import Graph

    with tempfile.TemporaryDirectory() as folder:
        learner.export(Path(folder) / "graph.onnx")
        return Graph(Path(folder) / "graph.onnx", threads=1).run(batch.inputs)["output_0"]


def test_a_monotone_input_only_raises_the_prediction(job, raw, output):
    rng = np.random.default_rng(0)
    x = rng.uniform(-2, 2, (1000, 2)).astype(np.float32)
    y = (np.sin(2 * x[:, 0]) + x[:, 0] + 0.3 * rng.normal(size=1000)).astype(np.float32)
    layout = Layout(numbers=("a", "b"), outputs=(output("number"),))
    given = {"layout": layout, "train": Batch({"numbers": x}, {"y": y}), "validation": False}
    line = np.column_stack([np.linspace(-2, 2, 200), np.zeros(200)]).astype(np.float32)
    free, bound = Gbm(n_estimators=80), Gbm(n_estimators=80, monotone_constraints={"a": 1})
    free.fit(job(**given))
    bound.fit(job(**given))
    assert np.diff(raw(free, Batch({"numbers": line}))).min() < -0.01
    assert np.diff(raw(bound, Batch({"numbers": line}))).min() >= 0


def test_only_numbers_can_be_monotone(job):
    with pytest.raises(ConfigError) as told:
        Gbm(monotone_constraints={"few": 1}).fit(job("binary"))
    assert str(told.value) == (
        "trainer.monotone_constraints.few: only a number can rise or fall, and no number input has this name; "
        "choose one of 'a', 'b', 'c'"
    )


def test_row_weights_count(job, raw, output):
    x = np.array([[0.0], [1.0]] * 100, np.float32)
    y = np.array([0.0, 0.0] * 50 + [1.0, 1.0] * 50, np.float32)
    w = np.array([1.0, 3.0] * 50 + [3.0, 1.0] * 50, np.float32)
    layout = Layout(numbers=("a",), outputs=(output("number"),))
    learner = Gbm(n_estimators=200, learning_rate=0.2, bagging_fraction=1.0)
    train = Batch({"numbers": x}, {"y": y}, w)
    learner.fit(job(layout=layout, train=train, validation=False))
    np.testing.assert_allclose(raw(learner, Batch({"numbers": x[:2]})), [0.75, 0.25], atol=1e-4)


def test_balanced_classes_move_the_mean_probability_to_a_half(job, raw, output):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(2000, 1)).astype(np.float32)
    y = (rng.random(2000) < 0.1).astype(np.float32)
    layout = Layout(numbers=("a",), outputs=(output("binary"),))
    learner = Gbm(n_estimators=5, class_weights="balanced")
    train = Batch({"numbers": x}, {"y": y})
    learner.fit(job(layout=layout, train=train, validation=False))
    assert raw(learner, train).mean() == pytest.approx(0.5, abs=0.05)


def test_the_same_seed_gives_the_same_booster(job):
    texts = []
    for seed in (1, 1, 2):
        learner = Gbm(n_estimators=10, feature_fraction=0.5)
        learner.fit(job("binary", seed=seed))
        texts.append(learner.text_)
    assert texts[0] == texts[1]
    assert texts[0] != texts[2]


def test_a_target_that_never_varies_is_predicted(job, raw, rows):
    train = rows(100, "number")
    train.targets["y"][:] = 3.0
    learner = Gbm(n_estimators=5)
    learner.fit(job("number", train=train, validation=False))
    np.testing.assert_allclose(raw(learner, rows(5, "number", seed=2)), 3.0, atol=1e-6)


def test_ctrl_c_keeps_the_best_trees_so_far(job, raw, rows):
    class Impatient(Callback):
        stopped = ""

        def on_step_end(self, progress):
            if progress.step == 7:
                raise KeyboardInterrupt

        def on_train_end(self, progress):
            self.stopped = progress.stopped

    impatient, learner = Impatient(), Gbm()
    with pytest.raises(KeyboardInterrupt):
        learner.fit(job("binary", callbacks=(impatient,)))
    assert impatient.stopped == "interrupted"
    assert learner.about_["trees"] == 7
    assert raw(learner, rows(9, "binary", seed=2)).shape == (9,)


def test_progress_is_told(job):
    class Notes(Callback):
        def __init__(self):
            self.steps, self.evaluated, self.last = [], [], None

        def on_step_end(self, progress):
            self.steps.append(progress.step)

        def on_evaluate(self, progress):
            self.evaluated.append(progress.step)
            self.last = progress

    notes = Notes()
    Gbm(n_estimators=25).fit(job("binary", callbacks=(notes,), metrics={"y": "roc_auc"}))
    assert notes.steps == list(range(1, 26))
    assert notes.evaluated == [10, 20, 25]
    assert notes.last.watched == "validation/y/loss"
    assert sorted(notes.last.metrics) == ["train", "validation"]
    assert sorted(notes.last.metrics["validation"]["y"]) == ["loss", "roc_auc"]
    assert notes.last.loss == notes.last.metrics["train"]["y"]["loss"]
    assert notes.last.stopped == "epochs"


@pytest.mark.slow
def test_a_refit_grows_as_many_trees_from_all_rows(job, inputs):
    learner, whole = Gbm(), job(layout=inputs("binary", tokens=()))
    learner.fit(whole)
    before = learner.text_
    assert learner.refit(whole)
    assert learner.text_ != before
    assert learner.about_["refit_rows"] == 800
    alone = Gbm(n_estimators=learner.about_["rounds"])
    alone.fit(replace(whole, train=joined(whole.train, whole.validation), validation=None))
    assert learner.text_ == alone.text_


def test_no_refit_when_none_is_wanted(job):
    learner, whole = Gbm(n_estimators=5, refit=False), job("binary")
    learner.fit(whole)
    text = learner.text_
    assert not learner.refit(whole)
    assert learner.text_ == text


def test_the_gain_names_the_inputs_that_mattered(job, output):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(500, 2)).astype(np.float32)
    codes = rng.integers(0, 5, (500, 1)).astype(np.int32)
    y = (x[:, 1] + (codes[:, 0] == 2) > 0).astype(np.float32)
    layout = Layout(("a", "b"), (Categories("c", 5),), outputs=(output("binary"),))
    learner = Gbm(n_estimators=30, feature_fraction=1.0)
    train = Batch({"numbers": x, "categories": codes}, {"y": y})
    learner.fit(job(layout=layout, train=train, validation=False))
    gain = learner.describe()["gain"]
    assert list(gain) == ["b", "c", "a"]
    assert sum(gain.values()) == pytest.approx(1)


def test_options_have_lightgbms_names_and_aliases():
    assert learners.get("gbm") is Gbm
    filled = fill(Gbm, {"num_boost_round": 7, "subsample": 0.5}, "trainer")
    assert (filled["n_estimators"], filled["bagging_fraction"]) == (7, 0.5)


def test_what_lightgbm_refuses_is_told():
    parameters = {"objective": "multiclass", "num_class": 2, "verbosity": -1}
    data = Dataset(np.zeros((10, 1), np.float32), np.full(10, 5.0), None, parameters)
    with pytest.raises(TrainingError) as told:
        Booster(data, parameters)
    assert str(told.value) == "LightGBM: Label must be in [0, 2), but found 5 in label"


def test_a_metric_of_the_targets_own_unit_is_not_shown_while_training(job):
    class Notes(Callback):
        shown = ()

        def on_evaluate(self, progress):
            self.shown = sorted(progress.metrics["validation"]["y"])

    for name, shown in (("mape", ["loss"]), ("mae", ["loss", "mae"])):
        notes = Notes()
        Gbm(n_estimators=3).fit(job("number", callbacks=(notes,), metrics={"y": name}))
        assert notes.shown == shown


def test_many_classes_end_in_fewer_rounds_unless_they_are_asked_for(job, monkeypatch):
    monkeypatch.setattr(gbm, "MOST_TREES", 20)
    usual, asked = Gbm(early_stop=None), Gbm(n_estimators=7, early_stop=None)
    usual.fit(job("category"))  # 4 classes
    asked.fit(job("category"))

    assert usual.describe()["rounds"] <= 5
    assert usual.text_.count("Tree=") == 4 * usual.describe()["rounds"]
    assert asked.describe()["rounds"] > 5


def test_how_long_a_text_is_tells_trees_something(job, raw, output):
    rng = np.random.default_rng(0)
    words = rng.integers(1, 11, 600)
    ids = np.where(np.arange(10) < words[:, None], 5, 0).astype(np.int32)  # one word, said again
    layout = Layout(
        tokens=(Tokens("said", "tokens_0", "text", 8, 10),), outputs=(output("number"),)
    )
    batch = Batch({"tokens_0": ids}, {"y": words.astype(np.float32)})
    learner = Gbm(n_estimators=60, early_stop=None)
    learner.fit(job(layout=layout, train=batch, validation=False))
    np.testing.assert_allclose(raw(learner, batch), words, atol=0.5)
    assert raw(learner, batch.take(np.arange(3))).tolist() == raw(learner, batch)[:3].tolist()
