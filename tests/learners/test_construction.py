import json

import numpy as np
import pytest

from crosstie.artifact.runtime import Graph
from crosstie.data.batch import Batch, Categories, Layout, Output
from crosstie.learners.columns import Columns
from crosstie.learners.construction import Constructed
from crosstie.learners.gbm import Gbm
from crosstie.learners.graph import GraphWriter

REGRESSION = {"objective": "regression"}
OUTPUT = Output("y", "output_0", "number", 1)
LAYOUT = Layout(
    numbers=("a", "b", "c"),
    units=((3.0, 2.0), (5.0, 0.5), (0.0, 1.0)),
    categories=(Categories("f", 6), Categories("g", 8)),
    outputs=(OUTPUT,),
)


def batch(n, target, *, seed=0):
    """Scaled numbers of a table in which all are above 0, and two categories."""
    rng = np.random.default_rng(seed)
    raw = rng.uniform(1, 9, (n, 3))
    codes = np.column_stack([rng.integers(2, 6, n), rng.integers(2, 8, n)]).astype(np.int32)
    y = target(raw, codes) + rng.normal(0, 0.01, n)
    shift, scale = np.array(LAYOUT.units).T
    inputs = {"numbers": ((raw - shift) / scale).astype(np.float32), "categories": codes}
    return Batch(inputs, {"y": y.astype(np.float32)})


def constructed(rows, *, most=5, without=()):
    plain = Columns.fit(LAYOUT, rows, text_components=2, seed=0)
    return Constructed.fit(
        plain, rows, OUTPUT, None, most=most, seed=0, objective=REGRESSION, without=without
    )


@pytest.mark.parametrize(
    ("target", "name"),
    [
        (lambda raw, codes: raw[:, 0] * raw[:, 1], "a x b"),
        (lambda raw, codes: raw[:, 0] - raw[:, 1], "a - b"),
        (lambda raw, codes: raw[:, 1] / raw[:, 0], "b / a"),
        (lambda raw, codes: (codes[:, 0] * 5 + codes[:, 1] * 3) % 7, "f x g"),
    ],
)
def test_what_the_target_depends_on_is_made_of_the_units_of_the_table(target, name):
    rows = batch(2000, target)
    found = constructed(rows, most=3)
    assert name in found.names[5:]
    if name == "a x b":
        made = found.array(rows)[:, found.names.index(name)]
        np.testing.assert_allclose(made * 2.0 * 0.5, rows.targets["y"], atol=0.1)


def test_nothing_is_kept_that_says_no_more_than_chance():
    rng = np.random.default_rng(1)
    noise = batch(1500, lambda raw, codes: rng.normal(size=len(raw)))
    assert constructed(noise, most=100).names == ["a", "b", "c", "f", "g"]


def test_an_input_that_may_only_rise_is_made_into_nothing():
    rows = batch(1500, lambda raw, codes: raw[:, 0] * raw[:, 1])
    assert not any("a" in name for name in constructed(rows, without=["a"]).names[5:])


def test_training_rows_see_what_other_folds_say_of_categories():
    rows = batch(600, lambda raw, codes: (codes[:, 0] * 5 + codes[:, 1] * 3) % 7)
    found, own = constructed(rows, most=1).learned(rows, OUTPUT, None, seed=0)
    some = own[np.array([5, 7])]
    np.testing.assert_array_equal(own[slice(0, 600)][[5, 7]], some)
    assert (some[:, -1] != found.array(rows)[[5, 7], -1]).all()
    np.testing.assert_array_equal(some[:, :5], found.array(rows)[[5, 7], :5])


def test_the_graph_makes_the_same_columns_to_the_last_bit(tmp_path):
    def target(raw, codes):
        return raw[:, 0] * raw[:, 1] + raw[:, 2] / raw[:, 0] - raw[:, 1] + codes.prod(1)

    rows = batch(1500, target)
    found, _ = constructed(rows, most=12).learned(rows, OUTPUT, None, seed=0)
    assert {each.kind for each in found.pairs} == {"linear", "product", "ratio"}
    assert found.crossed
    asked = batch(40, target, seed=1)
    asked.inputs["numbers"][0] = -np.array([1.5, 10.0, 0.0], np.float32)  # raw zeros
    asked.inputs["numbers"][1, 1] = np.nan
    asked.inputs["categories"][:3] = [[0, 0], [1, 3], [5, 1]]
    graph = GraphWriter(LAYOUT)
    graph.output("columns", found.add(graph), width=len(found.names))
    graph.write(tmp_path / "columns.onnx")
    given = Graph(tmp_path / "columns.onnx").run(asked.inputs)["columns"]
    expected = found.array(asked)
    assert np.isnan(expected[0]).any()
    np.testing.assert_array_equal(given, expected)


@pytest.mark.slow
@pytest.mark.parametrize("of", ["number", "binary", "category"])
def test_trees_of_made_columns_predict_by_their_graph_what_they_predicted_in_training(
    of, job, raw, rows, tmp_path
):
    learner = Gbm(n_estimators=20, constructed_columns=8, early_stop=None, refit=False)
    learner.fit(job(of, n=2000))
    learner.save(tmp_path)
    about = json.loads((tmp_path / "columns.json").read_text())
    assert 1 <= len(about["constructed"]) <= 8
    assert len(about["columns"]) == learner.describe()["columns"]
    test = rows(100, of, seed=2)
    columns = learner.columns_.array(test)
    lightgbm = pytest.importorskip("lightgbm")
    booster = lightgbm.Booster(model_file=tmp_path / "booster.txt")
    np.testing.assert_allclose(raw(learner, test), booster.predict(columns), atol=1e-5)


@pytest.mark.slow
def test_rows_to_refit_on_teach_what_is_said_of_categories_anew(job):
    one = job("number", n=800)
    learner = Gbm(n_estimators=10, constructed_columns=8)
    learner.fit(one)
    before = learner.columns_
    assert learner.refit(one)
    after = learner.columns_
    assert (after.pairs, [each.of for each in after.crossed]) == (
        before.pairs,
        [each.of for each in before.crossed],
    )
    for new, old in zip(after.crossed, before.crossed, strict=True):
        assert (new.fitted.table != old.fitted.table).any()
