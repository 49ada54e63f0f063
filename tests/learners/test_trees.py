"""Graphs against what they come from: trees against the booster, on odd values and real data."""

import csv
import gzip

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crosstie.artifact.runtime import Graph
from crosstie.data.batch import Batch, Categories, Layout
from crosstie.learners.booster import Booster, Dataset
from crosstie.learners.gbm import Gbm
from crosstie.learners.graph import GraphWriter
from crosstie.learners.linear import Linear
from crosstie.learners.trees import add_trees, read_trees, round_down

PARAMETERS = {
    "verbosity": -1,
    "deterministic": True,
    "force_row_wise": True,
    "min_data_in_leaf": 2,
    "min_data_per_group": 2,
    "cat_smooth": 0,
}


def graph_of(booster, layout, path, outputs=1):
    graph = GraphWriter(layout)
    parts = (["numbers"] if layout.numbers else []) + (
        [graph.cast("categories", np.float32)] if layout.categories else []
    )
    sums = add_trees(graph, read_trees(booster.text()), graph.concat(parts), outputs=outputs)
    graph.output("output_0", sums, width=outputs)
    graph.write(path)
    return Graph(path, threads=1)


@pytest.mark.slow
@given(
    st.integers(0, 10_000),
    st.sampled_from([3, 33, 70, 1000]),
    st.sampled_from([0.0, 0.2]),
    st.sampled_from(["tenths", "whole", "wide"]),
)
@settings(max_examples=40, deadline=None)
def test_trees_equal_the_booster_on_any_value(tmp_path_factory, seed, levels, missing, scale):
    rng = np.random.default_rng(seed)
    n = 300
    numbers = rng.normal(size=(n, 2))
    numbers = {
        "tenths": np.round(numbers, 1),
        "whole": np.round(3 * numbers),
        "wide": np.exp(10 * numbers),
    }[scale].astype(np.float32)
    numbers[rng.random((n, 2)) < missing] = np.nan
    codes = rng.integers(0, levels, (n, 1))
    y = np.nan_to_num(numbers[:, 0]) / 3 + (codes[:, 0] % 3 == 0) + rng.normal(size=n)
    parameters = PARAMETERS | {"objective": "regression", "categorical_feature": [2]}
    data = Dataset(np.column_stack([numbers, codes]), y, None, parameters)
    booster = Booster(data, parameters)
    for _ in range(12):
        booster.add_tree()
    layout = Layout(("a", "b"), (Categories("c", levels),))
    graph = graph_of(booster, layout, tmp_path_factory.mktemp("graph") / "graph.onnx")

    asked = numbers[rng.integers(0, n, 400)]
    thresholds = np.concatenate([tree.threshold for tree in read_trees(booster.text())])
    near = (
        round_down(thresholds)[rng.integers(0, len(thresholds), 400)]
        if len(thresholds)
        else asked[:, 0]
    )
    asked[:200, 0] = np.nextafter(near, np.float32(np.inf))[:200]
    asked[100:300, 1] = near[100:300]
    asked[::17] = np.nan
    asked[1::50], asked[2::50], asked[3::50] = np.inf, -np.inf, 0.0
    codes = rng.integers(-3, levels + 40, (400, 1)).astype(np.int32)
    found = graph.run({"numbers": asked, "categories": codes})["output_0"][:, 0]
    expected = booster.predict(np.column_stack([asked, codes]))
    np.testing.assert_allclose(found, expected, atol=1e-5, rtol=1e-5)


def test_a_threshold_is_rounded_to_the_same_question():
    rng = np.random.default_rng(0)
    thresholds = np.concatenate([rng.normal(size=1000), [0.0, 1e-40, 1e30, -1e30]])
    rounded = round_down(thresholds)
    assert (rounded <= thresholds).all()
    assert (np.nextafter(rounded, np.float32(np.inf)).astype(np.float64) > thresholds).all()
    assert round_down(np.array([1e300, -1e300])).tolist() == [
        float(np.finfo(np.float32).max),
        -np.inf,
    ]


def test_several_classes_take_turns(tmp_path):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(200, 2)).astype(np.float32)
    parameters = PARAMETERS | {"objective": "multiclass", "num_class": 3}
    booster = Booster(Dataset(x, rng.integers(0, 3, 200), None, parameters), parameters)
    for _ in range(5):
        booster.add_tree()
    graph = graph_of(booster, Layout(("a", "b")), tmp_path / "graph.onnx", outputs=3)
    sums = graph.run({"numbers": x})["output_0"]
    shares = np.exp(sums) / np.exp(sums).sum(1, keepdims=True)
    np.testing.assert_allclose(shares, booster.predict(x), atol=1e-6)
    np.testing.assert_allclose(booster.fitted(0), booster.predict(x), atol=1e-6)


ADULT = [
    "age",
    "workclass",
    "fnlwgt",
    "education",
    "education_num",
    "marital_status",
    "occupation",
    "relationship",
    "race",
    "sex",
    "capital_gain",
    "capital_loss",
    "hours_per_week",
    "native_country",
    "income",
]
NUMBERS = ("age", "fnlwgt", "education_num", "capital_gain", "capital_loss", "hours_per_week")


@pytest.fixture
def adult(shared_data, output):
    def cells(part):
        path = shared_data / "tab_adult" / f"adult-{part}.csv.gz"
        with gzip.open(path, "rt") as file:
            lines = [[cell.strip() for cell in line] for line in csv.reader(file)]
        return {
            name: [line[i] for line in lines if len(line) == 15] for i, name in enumerate(ADULT)
        }

    train, test = cells("train"), cells("test")
    categories = [name for name in ADULT[:-1] if name not in NUMBERS]
    levels = {
        name: {text: i + 2 for i, text in enumerate(sorted(set(train[name]) - {"?"}))}
        for name in categories
    }

    def batch(table):
        numbers = np.column_stack([np.array(table[name], np.float32) for name in NUMBERS])
        numbers[::13, 0] = np.nan
        codes = np.column_stack(
            [
                [1 if text == "?" else levels[name].get(text, 0) for text in table[name]]
                for name in categories
            ]
        )
        target = np.array([text.startswith(">") for text in table["income"]], np.float32)
        return Batch({"numbers": numbers, "categories": codes.astype(np.int32)}, {"y": target})

    layout = Layout(
        NUMBERS,
        tuple(Categories(name, len(levels[name]) + 2) for name in categories),
        outputs=(output("binary"),),
    )
    return layout, batch(train), batch(test)


@pytest.mark.slow
def test_adults_graph_equals_its_booster(adult, job, raw):
    layout, train, test = adult
    test.inputs["categories"][::7, 1] = 0
    test.inputs["categories"][3::7, 2] = -1
    learner = Gbm(n_estimators=150, learning_rate=0.1)
    learner.fit(job(layout=layout, train=train, validation=False))
    features = learner.columns_.array(test)
    import lightgbm

    expected = lightgbm.Booster(model_str=learner.text_).predict(features)
    np.testing.assert_allclose(raw(learner, test), expected, atol=1e-5)


@pytest.mark.parametrize("learner", [Gbm(n_estimators=20), Linear()])
def test_one_row_says_what_it_says_among_others(learner, job, tmp_path, rows):
    learner.fit(job("category"))
    learner.export(tmp_path / "graph.onnx")
    graph = Graph(tmp_path / "graph.onnx", threads=1)
    test = rows(64, "category", seed=3)
    together = graph.run(test.inputs)["output_0"]
    alone = np.concatenate(
        [graph.run(test.take(slice(i, i + 1)).inputs)["output_0"] for i in range(64)]
    )
    assert together.shape == (64, 4)
    np.testing.assert_allclose(alone, together, atol=1e-6)


@pytest.mark.parametrize("learner", [Gbm(n_estimators=3), Linear()])
def test_the_file_holds_no_trace_of_where_it_was_made(learner, job, tmp_path):
    learner.fit(job("binary"))
    learner.export(tmp_path / "first.onnx")
    learner.export(tmp_path / "second.onnx")
    model = onnx.load(tmp_path / "first.onnx")
    assert (tmp_path / "first.onnx").read_bytes() == (tmp_path / "second.onnx").read_bytes()
    assert b"/" not in b"".join(
        text.encode() for text in (model.producer_name, model.producer_version, model.doc_string)
    )
    assert not model.metadata_props
    assert not any(node.doc_string or node.metadata_props for node in model.graph.node)
    assert [each.type.tensor_type.shape.dim[0].dim_param for each in model.graph.input] == [
        "rows"
    ] * len(model.graph.input)


def test_long_texts_with_many_classes_are_summed_in_pieces(job, raw, monkeypatch, rows):
    monkeypatch.setattr("crosstie.learners.bags.GATHERED", 8)
    learner, test = Linear(l2=1.0), rows(40, "category", seed=2)
    learner.fit(job("category"))
    pieces = raw(learner, test)
    monkeypatch.undo()
    np.testing.assert_allclose(pieces, raw(learner, test), atol=1e-6)
