import json
from dataclasses import replace

import numpy as np
import pytest
from safetensors.numpy import load_file

from crosstie.config.options import fill
from crosstie.data.batch import Batch, Layout, Output
from crosstie.errors import ConfigError, TrainingError
from crosstie.evaluation.score import score
from crosstie.learners import linear
from crosstie.learners.learner import learners
from crosstie.learners.linear import Linear
from crosstie.training.callbacks.callback import Callback


@pytest.mark.slow
@pytest.mark.parametrize("of", ["number", "binary", "category", "set"])
def test_every_kind_of_input_is_learned_from(of, job, raw, rows):
    learner = Linear()
    learner.fit(job(of, n=2000))
    test = rows(1000, of, seed=2)
    found = score(of, test.targets["y"], raw(learner, test))
    assert {
        "number": lambda: found["r2"] > 0.75,
        "binary": lambda: found["roc_auc"] > 0.93,
        "category": lambda: found["accuracy"] > 0.6,
        "set": lambda: found["roc_auc"] > 0.93,
    }[of](), found


@pytest.mark.parametrize("of", ["number", "binary", "category", "set"])
def test_the_graph_says_what_the_fit_does(of, job, raw, rows):
    learner = Linear()
    learner.fit(job(of))
    test = rows(300, of, seed=3, missing=0.3)
    sums = learner.inputs_.design(test).times(learner.weights_["y"])
    if of == "category":
        expected = np.exp(sums) / np.exp(sums).sum(1, keepdims=True)
    else:
        expected = sums if of == "number" else 1 / (1 + np.exp(-sums))
    if of in ("number", "binary"):
        expected = expected[:, 0]
    np.testing.assert_allclose(raw(learner, test), expected, atol=1e-5)


def test_wide_categories_say_the_same_as_narrow_ones(job, raw, monkeypatch, rows):
    test = rows(100, "binary", seed=3)
    given = job("binary")
    narrow = Linear(l2=1.0, tolerance=1e-9)
    narrow.fit(given)
    monkeypatch.setattr("crosstie.learners.linear_inputs.DENSE_ONE_HOT", 10)
    wide = Linear(l2=1.0, tolerance=1e-9)
    wide.fit(given)
    assert wide.inputs_.sparse_categories
    assert not narrow.inputs_.sparse_categories
    np.testing.assert_allclose(raw(wide, test), raw(narrow, test), atol=1e-5)


def test_what_stands_behind_ids_is_not_looked_at(job, raw, rows, inputs):
    plain = Linear(l2=1.0)
    plain.fit(job("binary"))

    def beside(batch):
        ids = batch.inputs["tokens_0"]
        places = np.where(ids != 0, np.arange(1, 13, dtype=np.int32), 0)
        return Batch({**batch.inputs, "tokens_0": np.stack([ids, places], 2)}, batch.targets)

    first, *others = inputs("binary").tokens
    layout = inputs("binary", tokens=(replace(first, words=12), *others))
    given = beside(rows(600, "binary")), beside(rows(200, "binary", seed=1))
    wide = Linear(l2=1.0)
    wide.fit(job(layout=layout, train=given[0], validation=given[1]))
    test = rows(100, "binary", seed=2)
    np.testing.assert_allclose(raw(wide, beside(test)), raw(plain, test), atol=1e-6)


def test_a_category_that_training_never_saw_weighs_nothing(job, raw, rows):
    train = rows(400, "binary")
    train.inputs["categories"][:] = np.maximum(train.inputs["categories"], 1)
    learner = Linear(l2=1.0)
    learner.fit(job("binary", train=train))
    at = learner.inputs_.names.index("few[0]")
    assert abs(learner.weights_["y"][at, 0]) < 1e-9


def test_missing_numbers_count_only_where_training_missed_some(job):
    learner = Linear()
    learner.fit(job("binary"))
    marks = [name for name in learner.inputs_.names if name.endswith("missing")]
    assert marks == ["a missing", "b missing", "v[0] missing", "d[time] missing"]


def test_names_are_as_many_as_weights(job):
    learner = Linear()
    learner.fit(job("category"))
    assert len(learner.inputs_.names) == len(learner.weights_["y"])
    assert learner.about_["columns"] == len(learner.inputs_.names)


def test_a_row_with_weight_two_counts_as_two_rows(job, raw, rows, inputs):
    train, test = rows(200, "binary"), rows(50, "binary", seed=2)
    twice = np.concatenate([np.arange(200), np.arange(50)])
    weights = np.where(np.arange(200) < 50, 2, 1).astype(np.float32)
    layout = inputs("binary", tokens=())  # idf counts rows
    doubled, weighted = Linear(l2=1.0, tolerance=1e-9), Linear(l2=1.0, tolerance=1e-9)
    doubled.fit(job(layout=layout, train=train.take(twice)))
    weighted.fit(job(layout=layout, train=replace(train, weights=weights)))
    # means and spreads are those of the rows, so weights of the two are close and not equal
    np.testing.assert_allclose(raw(weighted, test), raw(doubled, test), atol=0.02)


def test_without_validation_rows_l2_is_one(job):
    learner = Linear()
    learner.fit(job("binary", validation=False))
    assert learner.about_["l2"] == {"y": 1.0}


def test_a_number_needs_no_validation_rows_to_choose_its_l2(job, output):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(60, 40)).astype(np.float32)
    noise = Batch({"numbers": x}, {"y": rng.normal(size=60).astype(np.float32)})
    layout = Layout(numbers=tuple(map(str, range(40))), outputs=(output("number"),))
    learner = Linear()
    learner.fit(job(layout=layout, train=noise, validation=False))
    assert learner.about_["l2"]["y"] > 100  # nothing to learn: hold it down


def test_balanced_classes_move_the_mean_probability_to_a_half(job, raw, output):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(1000, 1)).astype(np.float32)
    y = (rng.random(1000) < 0.1).astype(np.float32)
    layout = Layout(numbers=("a",), outputs=(output("binary"),))
    learner = Linear(class_weights="balanced")
    train = Batch({"numbers": x}, {"y": y})
    learner.fit(job(layout=layout, train=train, validation=False))
    assert raw(learner, train).mean() == pytest.approx(0.5, abs=0.02)


def test_a_list_of_class_weights_needs_one_a_class(job):
    with pytest.raises(ConfigError) as told:
        Linear(class_weights=(1.0, 2.0)).fit(job("category"))
    assert str(told.value) == (
        "trainer.class_weights: has 2 weights, but there are 4 classes. "
        "Write one for each, in their order, or each under the name of its class"
    )


def test_numbers_have_no_class_weights(job):
    with pytest.raises(ConfigError) as told:
        Linear(class_weights="balanced").fit(job("number"))
    assert str(told.value) == (
        "trainer.class_weights: a number output has no classes. Take it out."
    )


def test_several_outputs_are_fitted_side_by_side(job, tmp_path, rows, output, inputs):
    from crosstie.artifact.runtime import Graph

    batch, other = rows(300, "binary"), rows(300, "number")
    train = Batch(batch.inputs, {"y": batch.targets["y"], "z": other.targets["y"]})
    layout = replace(
        inputs("category"), outputs=(output("binary"), Output("z", "output_1", "number", 1))
    )
    learner = Linear()
    learner.fit(job(layout=layout, train=train, validation=train))
    learner.export(tmp_path / "graph.onnx")
    found = Graph(tmp_path / "graph.onnx").run(train.inputs)
    assert score("binary", train.targets["y"], found["output_0"])["roc_auc"] > 0.9
    assert score("number", train.targets["z"], found["output_1"])["r2"] > 0.7


def test_one_class_is_told(job, rows, inputs):
    train = rows(50, "category")
    layout = replace(inputs("category"), outputs=(Output("y", "output_0", "category", 1),))
    with pytest.raises(TrainingError) as told:
        Linear().fit(job(layout=layout, train=train))
    assert str(told.value) == "y: training rows have one class only, so there is nothing to learn"


def test_the_same_rows_give_the_same_weights(job):
    first, second = Linear(), Linear()
    first.fit(job("category"))
    second.fit(job("category"))
    np.testing.assert_array_equal(first.weights_["y"], second.weights_["y"])


def test_ctrl_c_keeps_what_is_learned_so_far(job, raw, rows):
    class Impatient(Callback):
        stopped = ""

        def on_step_end(self, progress):
            if progress.step == 3:
                raise KeyboardInterrupt

        def on_train_end(self, progress):
            self.stopped = progress.stopped

    impatient, learner = Impatient(), Linear()
    with pytest.raises(KeyboardInterrupt):
        learner.fit(job("binary", callbacks=(impatient,)))
    test = rows(50, "binary", seed=2)
    assert impatient.stopped == "interrupted"
    assert np.isfinite(raw(learner, test)).all()


def test_progress_is_told(job):
    class Notes(Callback):
        def __init__(self):
            self.calls, self.metrics = [], {}

        def on_train_start(self, progress):
            self.calls.append("start")

        def on_step_end(self, progress):
            self.calls.append("step")

        def on_evaluate(self, progress):
            self.calls.append("evaluate")
            self.metrics = progress.metrics

        def on_train_end(self, progress):
            self.calls.append("end")

    notes, learner = Notes(), Linear()
    learner.fit(job("binary", callbacks=(notes,), metrics={"y": "roc_auc"}))
    assert (notes.calls[0], notes.calls[-1]) == ("start", "end")
    assert notes.calls.count("step") == learner.about_["iterations"]
    assert sorted(notes.metrics["validation"]["y"]) == ["loss", "roc_auc"]


def test_weights_are_saved_with_their_names(job, tmp_path):
    learner = Linear()
    learner.fit(job("binary"))
    learner.save(tmp_path / "network")
    saved = load_file(tmp_path / "network" / "linear.safetensors")
    names = json.loads((tmp_path / "network" / "columns.json").read_text())["columns"]
    np.testing.assert_array_equal(saved["y"], learner.weights_["y"])
    assert len(names) == len(saved["y"])


def test_options_are_read_from_the_file():
    assert learners.get("linear") is Linear
    assert fill(Linear, {"l2": 0.5}, "trainer") == {
        "l2": 0.5,
        "max_iterations": 100,
        "tolerance": 1e-5,
        "class_weights": None,
        "ngram_size": 2,
    }


def test_of_many_classes_fewer_rows_are_learned_from(job, monkeypatch):
    monkeypatch.setattr(linear, "CELLS", 1200)
    learner = Linear()
    learner.fit(job("category"))  # 4 classes

    assert learner.describe()["rows"] == 300
