"""What all learners that scikit-learn fits have in common, over each of them."""

import json
from dataclasses import replace

import numpy as np
import onnx
import pytest
from safetensors.numpy import load_file

from crosstie.artifact.runtime import Graph
from crosstie.config.document import Document
from crosstie.config.options import build, fill
from crosstie.data.batch import Batch, Layout, Output
from crosstie.errors import ConfigError, MissingExtra, TrainingError
from crosstie.evaluation.score import score
from crosstie.learners.classic import sample
from crosstie.learners.learner import learners
from crosstie.learners.linear import Linear
from crosstie.pipeline.check import make_plan
from crosstie.pipeline.prepare import assign, prepare
from crosstie.training.callbacks.callback import Callback

# small enough for a test; the score that a model of every kind of input has on new rows at least
SMALL = {
    "decision_tree": ({}, {"number": 0.2, "binary": 0.75, "category": 0.4}),
    "extra_trees": ({"n_estimators": 20}, {"number": 0.35, "binary": 0.82, "category": 0.38}),
    "nearest_neighbors": ({}, {"number": 0.15, "binary": 0.75, "category": 0.35}),
    "random_forest": ({"n_estimators": 20}, {"number": 0.35, "binary": 0.82, "category": 0.4}),
    "support_vectors": ({}, {"number": 0.5, "binary": 0.88, "category": 0.5}),
}
NAMES = sorted(SMALL)
# by how much its area under the curve on Titanic may be less than the linear model's
GOLDEN = {
    "decision_tree": 0.06,
    "extra_trees": 0.02,
    "nearest_neighbors": 0.03,
    "random_forest": 0.02,
    "support_vectors": 0.06,
}
TYPES = ("number", "binary", "category")


def small(name, **options):
    return build(
        learners.get(name), **fill(learners.get(name), SMALL[name][0] | options, "trainer")
    )


@pytest.mark.slow
@pytest.mark.parametrize("of", TYPES)
@pytest.mark.parametrize("name", NAMES)
def test_every_kind_of_input_is_learned_from(name, of, job, raw, rows):
    learner = small(name)
    learner.fit(job(of, n=1000))
    test = rows(500, of, seed=2)
    found = score(of, test.targets["y"], raw(learner, test))
    metric = {"number": "r2", "binary": "roc_auc", "category": "accuracy"}[of]
    assert found[metric] > SMALL[name][1][of], found


@pytest.mark.parametrize("of", TYPES)
@pytest.mark.parametrize("name", NAMES)
def test_the_graph_says_what_the_fit_does_alone_and_in_a_batch(name, of, job, rows, tmp_path):
    learner = small(name)
    train = rows(400, of)
    learner.fit(job(of, train=train))
    learner.export(tmp_path / "graph.onnx")
    graph = Graph(tmp_path / "graph.onnx", threads=1)
    for batch in (train, rows(60, of, seed=3, missing=0.4)):
        together = graph.run(batch.inputs)["output_0"]
        alone = [graph.run(batch.take(slice(i, i + 1)).inputs)["output_0"] for i in range(60)]
        assert together.dtype == np.float32
        np.testing.assert_allclose(together, learner._predict(batch), atol=1e-5)
        np.testing.assert_allclose(together[:60], np.concatenate(alone), atol=1e-5)
    if of == "category":
        np.testing.assert_allclose(together.sum(1), 1, atol=1e-5)


@pytest.mark.parametrize("name", NAMES)
def test_a_row_of_nothing_known_is_predicted(name, job, raw, rows):
    learner = small(name)
    train = rows(300, "binary", missing=0.0)
    learner.fit(job("binary", train=train))
    nothing = rows(1, "binary", seed=5)
    for array in nothing.inputs.values():
        array[:] = np.nan if array.dtype == np.float32 else 0
    assert 0 <= raw(learner, nothing)[0] <= 1


@pytest.mark.parametrize("name", NAMES)
def test_the_same_seed_gives_the_same_graph(name, job, tmp_path):
    graphs = []
    for _ in range(2):
        learner = small(name)
        learner.fit(job("category", n=300, seed=4))
        learner.export(tmp_path / "graph.onnx")
        graphs.append((tmp_path / "graph.onnx").read_bytes())
    assert graphs[0] == graphs[1]


@pytest.mark.parametrize("name", NAMES)
def test_a_graph_tells_nothing_of_where_it_was_made(name, job, tmp_path):
    learner = small(name)
    learner.fit(job("binary", n=200))
    learner.export(tmp_path / "graph.onnx")
    model = onnx.load(tmp_path / "graph.onnx")
    assert not model.metadata_props
    assert not any(node.doc_string or node.metadata_props for node in model.graph.node)
    written = (tmp_path / "graph.onnx").read_bytes()
    assert str(tmp_path).encode() not in written
    assert b".py" not in written


@pytest.mark.parametrize("name", NAMES)
def test_what_is_saved_is_arrays_and_the_names_of_columns(name, job, tmp_path):
    learner = small(name)
    learner.fit(job("binary", n=200))
    learner.save(tmp_path / "network")
    assert sorted(each.name for each in (tmp_path / "network").iterdir()) == [
        "columns.json",
        "model.safetensors",
    ]
    assert load_file(tmp_path / "network" / "model.safetensors")
    columns = json.loads((tmp_path / "network" / "columns.json").read_text())["columns"]
    assert {"a", "b", "c", "words", "few", "many"} <= set(columns)
    assert len(columns) == learner.describe()["columns"]


@pytest.mark.parametrize("name", NAMES)
def test_heavy_rows_pull_the_prediction_to_them(name, job, raw, output):
    x = np.array([[0.0], [1.0]] * 100, np.float32)
    y = np.array([0.0, 0.0] * 50 + [1.0, 1.0] * 50, np.float32)
    w = np.array([1.0, 9.0] * 50 + [9.0, 1.0] * 50, np.float32)
    layout = Layout(numbers=("a",), outputs=(output("binary"),))
    learner = small(name)
    train = Batch({"numbers": x}, {"y": y}, w)
    learner.fit(job(layout=layout, train=train, validation=False))
    zero, one = raw(learner, Batch({"numbers": x[:2]}))
    assert zero > 0.8
    assert one < 0.2


@pytest.mark.parametrize("name", NAMES)
def test_balanced_classes_raise_the_rare_one(name, job, raw, output):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(600, 1)).astype(np.float32)
    y = (rng.random(600) < 0.1).astype(np.float32)
    layout = Layout(numbers=("a",), outputs=(output("binary"),))
    plain, balanced = small(name), small(name, class_weights="balanced")
    train = Batch({"numbers": x}, {"y": y})
    for each in (plain, balanced):
        each.fit(job(layout=layout, train=train, validation=False))
    assert raw(balanced, train).mean() > raw(plain, train).mean() + 0.1


@pytest.mark.parametrize("name", NAMES)
def test_numbers_have_no_class_weights(name, job):
    with pytest.raises(ConfigError) as told:
        small(name, class_weights="balanced").fit(job("number", n=50))
    assert str(told.value) == (
        "trainer.class_weights: a number output has no classes. Take it out."
    )


@pytest.mark.parametrize("name", NAMES)
def test_one_class_is_told(name, job, rows, inputs):
    layout = replace(inputs("category"), outputs=(Output("y", "output_0", "category", 1),))
    with pytest.raises(TrainingError) as told:
        small(name).fit(job(layout=layout, train=rows(50, "category")))
    assert str(told.value) == "y: training rows have one class only, so there is nothing to learn"


@pytest.mark.parametrize("name", NAMES)
def test_categories_alone_are_enough(name, job, raw, inputs, rows):
    layout = inputs("binary", numbers=(), tokens=(), vectors=(), dates=())
    codes = np.random.default_rng(0).integers(0, 6, (200, 2)).astype(np.int32)
    train = Batch({"categories": codes}, {"y": (codes[:, 0] > 2).astype(np.float32)})
    learner = small(name)
    learner.fit(job(layout=layout, train=train, validation=False))
    assert ((raw(learner, train) > 0.5) == (codes[:, 0] > 2)).mean() > 0.95


@pytest.mark.parametrize("name", NAMES)
def test_a_target_that_never_varies_is_predicted(name, job, raw, rows):
    train = rows(60, "number")
    train.targets["y"][:] = 3.0
    learner = small(name)
    learner.fit(job("number", train=train, validation=False))
    np.testing.assert_allclose(raw(learner, rows(5, "number", seed=2)), 3.0, atol=1e-5)


@pytest.mark.parametrize("name", NAMES)
def test_progress_and_figures_on_validation_rows_are_told(name, job, rows):
    class Notes(Callback):
        def __init__(self):
            self.calls, self.last = [], None

        def on_train_start(self, progress):
            self.calls.append("start")

        def on_step_end(self, progress):
            self.calls.append("step")

        def on_evaluate(self, progress):
            self.calls.append("evaluate")

        def on_train_end(self, progress):
            self.calls.append("end")
            self.last = progress

    notes, learner = Notes(), small(name)
    given = job("binary", n=200, callbacks=(notes,), metrics={"y": "roc_auc"})
    learner.fit(given)
    shown = notes.last.metrics["validation"]["y"]
    truth = given.validation.targets["y"]
    found = score("binary", truth, learner._predict(given.validation))
    assert (notes.calls[0], notes.calls[-2:]) == ("start", ["evaluate", "end"])
    assert (notes.last.learner, notes.last.stopped) == (name, "epochs")
    assert notes.last.step == notes.last.total_steps
    assert sorted(shown) == ["loss", "roc_auc"]
    assert shown["roc_auc"] == pytest.approx(found["roc_auc"])
    assert notes.last.best == shown["loss"]


@pytest.mark.parametrize("name", NAMES)
def test_before_it_is_fitted_there_is_no_model(name, tmp_path):
    with pytest.raises(TrainingError) as told:
        small(name).export(tmp_path / "graph.onnx")
    assert str(told.value) == f"{name}: stopped before its end, so there is no model to keep"


@pytest.mark.parametrize("name", NAMES)
def test_what_is_hopeless_is_said_and_done_all_the_same(name, job, monkeypatch):
    said = []
    told = classmethod(lambda cls, rows, inputs, classes: f"{rows} {inputs} {classes}")
    monkeypatch.setattr(learners.get(name), "hopeless", told)
    learner = small(name)
    learner.fit(job("category", n=100, say=said.append))
    assert said[0] == "100 20 4"
    assert learner.describe()["rows"] == 100


@pytest.fixture(scope="module")
def passengers(shared_data):
    """Titanic, prepared: its layout, and its parts."""
    document = Document({"exclude": ["PassengerId", "Name", "Ticket"]})
    table = str(shared_data / "tab_titanic" / "train.csv")
    plan = make_plan(document, source=table, target="Survived", overrides=["model_type=linear"])
    prepared = prepare(plan, assign(plan), folder=None)
    return prepared.layout, prepared.batches


@pytest.mark.parametrize("name", NAMES)
def test_a_real_table_is_predicted_nearly_as_well_as_by_a_linear_model(
    name, passengers, job, tmp_path
):
    layout, parts = passengers
    found = []
    for learner in (small(name), Linear()):
        learner.fit(job(layout=layout, train=parts["train"], validation=parts["validation"]))
        learner.export(tmp_path / "graph.onnx")
        said = Graph(tmp_path / "graph.onnx").run(parts["test"].inputs)["output_0"]
        found.append(score("binary", parts["test"].targets["Survived"], said))
    own, linear = found
    assert linear["roc_auc"] > 0.83
    assert own["roc_auc"] > linear["roc_auc"] - GOLDEN[name]
    assert own["accuracy"] > 0.75


@pytest.mark.parametrize("name", NAMES)
def test_a_model_that_holds_training_rows_says_so(name, job):
    said = []
    learner = small(name)
    learner.fit(job("binary", n=100, say=said.append))
    held = learner.describe().get("vectors", 100)
    line = f"{name}: the model holds {held} training rows, as numbers; who has it can read them"
    assert said == ([line] if name in ("nearest_neighbors", "support_vectors") else [])


@pytest.mark.parametrize("name", NAMES)
def test_without_scikit_learn_what_to_install_is_told(name, job, monkeypatch):
    monkeypatch.setattr("crosstie.learners.classic.find_spec", lambda module: None)
    with pytest.raises(MissingExtra) as told:
        small(name).fit(job("binary", n=50))
    assert str(told.value) == (
        f"model_type {name} needs scikit-learn, which is not installed. Type: pip install 'crosstie[train]'"
    )


def test_other_learners_are_never_hopeless():
    for name in ("linear", "gbm", "ecd"):
        assert learners.get(name).hopeless(10**9, 10**5, 10**4) == ""


def test_a_sample_holds_every_class_by_its_share():
    codes = np.repeat([0, 1, 2], [900, 97, 3])
    batch = Batch({"numbers": np.zeros((1000, 1), np.float32)}, {"y": codes})
    output = Output("y", "output_0", "category", 3)
    drawn = sample(batch, output, 100, seed=0)
    assert np.bincount(codes[drawn]).tolist() == [88, 10, 2]
    assert (np.diff(drawn) > 0).all()
    np.testing.assert_array_equal(drawn, sample(batch, output, 100, seed=0))
    assert (drawn != sample(batch, output, 100, seed=1)).any()
    assert len(sample(batch, output, 1000, seed=0)) == 1000
