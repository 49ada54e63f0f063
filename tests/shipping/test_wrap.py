"""Estimators of a live process, and ONNX graphs made of them: what they say here is what they say there."""

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pandas as pd
import pytest
from onnx import TensorProto, helper
from sklearn.cluster import DBSCAN
from sklearn.compose import ColumnTransformer
from sklearn.datasets import load_iris
from sklearn.ensemble import GradientBoostingRegressor, RandomForestClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler
from sklearn.svm import LinearSVC

from crosstie import import_model, load, wrap
from crosstie.errors import ArtifactError, ConfigError, DataError
from crosstie.shipping.onnx_graph import read_onnx

skl2onnx = pytest.importorskip("skl2onnx")
lightgbm = pytest.importorskip("lightgbm")
xgboost = pytest.importorskip("xgboost")

NUMBERS, WORDS = ["Age", "Fare", "Pclass"], ["Sex", "Embarked"]


@pytest.fixture(scope="module")
def titanic(shared_data: Path) -> pd.DataFrame:
    return pd.read_csv(shared_data / "tab_titanic" / "train.csv")[:400]


@pytest.fixture(scope="module")
def flowers() -> pd.DataFrame:
    return load_iris(as_frame=True).data


@pytest.fixture(scope="module")
def species() -> np.ndarray:
    found = load_iris()
    return found.target_names[found.target]


def pipeline(encoder: Any, model: Any) -> Any:
    numbers = make_pipeline(SimpleImputer(), StandardScaler())
    columns = ColumnTransformer([("numbers", numbers, NUMBERS), ("words", encoder, WORDS)])
    return make_pipeline(columns, model)


@pytest.mark.parametrize(
    "encoder",
    [
        OneHotEncoder(handle_unknown="ignore"),
        OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1),
    ],
    ids=["onehot", "ordinal"],
)
def test_a_pipeline_with_words_says_the_same(
    encoder: Any, titanic: pd.DataFrame, tmp_path: Path
) -> None:
    rows, target = titanic[NUMBERS + WORDS], np.where(titanic["Survived"], "lived", "died")
    if isinstance(encoder, OrdinalEncoder):
        rows = rows.assign(Embarked=rows["Embarked"].fillna("S"))
    there = pipeline(encoder, LogisticRegression()).fit(rows, target)
    model = wrap(there, example=rows, target="Survived", name="titanic")
    model.save(tmp_path / "model")
    found = load(tmp_path / "model").predict(rows)
    np.testing.assert_allclose(
        found[["Survived_probability_died", "Survived_probability_lived"]].to_numpy(),
        there.predict_proba(rows),
        atol=1e-5,
    )
    unseen = rows[:1].assign(Embarked="Z")
    assert model.predict(unseen)["Survived_probability_lived"].iloc[0] == pytest.approx(
        there.predict_proba(unseen)[0, 1], abs=1e-5
    )
    assert repr(model) == "Model('titanic': Survived (binary) from 5 columns)"
    facts = model.artifact.manifest["imported"]
    assert (facts["tool"], facts["class"]) == (
        "skl2onnx",
        "Pipeline(ColumnTransformer, LogisticRegression)",
    )


@pytest.mark.parametrize(
    "there",
    [
        RandomForestClassifier(5, max_depth=3, random_state=1),
        LogisticRegression(max_iter=1000),
        LinearSVC(),
        lightgbm.LGBMClassifier(n_estimators=5, verbose=-1, n_jobs=1),
    ],
    ids=lambda each: type(each).__name__,
)
def test_a_classifier_says_the_same(there: Any, flowers: pd.DataFrame, species: np.ndarray) -> None:
    rows = flowers.rename(columns=lambda name: name.replace(" ", "_").strip("_(cm)"))
    there.fit(rows, species)
    model = wrap(there, example=rows, target="species")
    assert list(model.predict(rows)["species_prediction"]) == there.predict(rows).tolist()
    assert model.artifact.outputs[0].labels == ("setosa", "versicolor", "virginica")


@pytest.mark.parametrize(
    "there",
    [
        LinearRegression(),
        GradientBoostingRegressor(n_estimators=5, random_state=1),
        xgboost.XGBRegressor(n_estimators=5, n_jobs=1),
    ],
    ids=lambda each: type(each).__name__,
)
def test_a_regressor_of_an_array_says_the_same(there: Any, flowers: pd.DataFrame) -> None:
    rows = flowers.to_numpy()
    there.fit(rows[:, :3], rows[:, 3])
    model = wrap(there, example=rows[:, :3])
    named = pd.DataFrame(rows[:, :3], columns=["x0", "x1", "x2"])
    np.testing.assert_allclose(
        model.predict(named)["target_prediction"], there.predict(rows[:, :3]), rtol=1e-5, atol=1e-5
    )


def test_a_booster_of_its_own_interface_says_the_same(flowers: pd.DataFrame) -> None:
    rows, target = flowers.set_axis(["a", "b", "c", "d"], axis=1), np.arange(150) // 75
    options = {"objective": "binary", "verbose": -1, "num_threads": 1}
    trees = lightgbm.train(options, lightgbm.Dataset(rows, target), 5)
    model = wrap(trees, example=rows, labels=["no", "yes"])
    assert model.notes == ["answers the example's 150 rows as lightgbm does"]
    found = model.predict(rows)["target_probability_yes"]
    np.testing.assert_allclose(found, trees.predict(rows), atol=1e-5)
    matrix = xgboost.DMatrix(rows, target)
    other = xgboost.train({"objective": "binary:logistic", "nthread": 1}, matrix, 5)
    found = wrap(other, example=rows).predict(rows)["target_probability_1"]
    np.testing.assert_allclose(found, other.predict(matrix), atol=1e-5)


def test_what_cannot_be_wrapped_says_why(flowers: pd.DataFrame, species: np.ndarray) -> None:
    with pytest.raises(ConfigError) as caught:
        wrap(DBSCAN().fit(flowers), example=flowers)
    assert str(caught.value) == "DBSCAN: has no predict; wrap a fitted classifier or regressor"
    fitted = LogisticRegression(max_iter=1000).fit(flowers, species)
    with pytest.raises(DataError) as caught_data:
        wrap(fitted, example=flowers.iloc[:, :2])
    assert str(caught_data.value).startswith(
        "example: LogisticRegression itself cannot predict it: The feature names should match"
    )
    with pytest.raises(ConfigError) as caught:
        wrap(fitted, example=flowers, task="number")
    assert str(caught.value) == "task number: LogisticRegression is a classifier; leave it out"
    with pytest.raises(DataError) as caught_data:
        wrap(fitted, example="flowers.csv")
    assert str(caught_data.value) == (
        "example: is a str; give the DataFrame or array that the model was fitted on, or some rows of it"
    )


def test_texts_that_are_cut_into_words_are_refused(titanic: pd.DataFrame) -> None:
    columns = ColumnTransformer([("name", TfidfVectorizer(), "Name")])
    there = make_pipeline(columns, LogisticRegression()).fit(titanic, titanic["Survived"])
    with pytest.raises(ArtifactError) as caught:
        wrap(there, example=titanic[["Name"]])
    assert "only words that are compared as a whole can be read here" in str(caught.value)


def graph(nodes: list[Any], inputs: list[Any], outputs: list[Any], constants: Any = ()) -> bytes:
    made = helper.make_graph(nodes, "some", inputs, outputs, initializer=list(constants))
    opsets = [helper.make_opsetid("", 18), helper.make_opsetid("ai.onnx.ml", 3)]
    model = helper.make_model(made, opset_imports=opsets, ir_version=9)
    model.doc_string = "/home/somebody/train.py"
    return bytes(model.SerializeToString())


def value(name: str, dtype: int, *shape: Any) -> Any:
    return helper.make_tensor_value_info(name, dtype, shape)


FLOAT, INT = TensorProto.FLOAT, TensorProto.INT64


def test_names_of_a_graph_may_be_those_of_ours(tmp_path: Path) -> None:
    content = graph(
        [helper.make_node("MatMul", ["numbers", "weights"], ["output_0"])],
        [value("numbers", FLOAT, None, 2)],
        [value("output_0", FLOAT, None, 1)],
        [onnx.numpy_helper.from_array(np.array([[2], [3]], np.float32), "weights")],
    )
    (tmp_path / "sum.onnx").write_bytes(content)
    rows = [{"a": 1, "b": 10}, {"a": 2, "b": 20}]
    model = import_model(tmp_path / "sum.onnx", tmp_path / "model", example=rows, task="number")
    assert [row["target_prediction"] for row in model.predict(rows)] == [32.0, 64.0]
    assert b"somebody" not in (tmp_path / "model" / "graph" / "0.onnx").read_bytes()


def test_a_missing_whole_number_has_no_answer(tmp_path: Path) -> None:
    nodes = [
        helper.make_node("Cast", ["a"], ["a_"], to=FLOAT),
        helper.make_node("Add", ["a_", "b"], ["sum"]),
    ]
    content = graph(
        nodes,
        [value("a", INT, None, 1), value("b", FLOAT, None, 1)],
        [value("sum", FLOAT, None, 1)],
    )
    (tmp_path / "sum.onnx").write_bytes(content)
    rows = [{"a": 1, "b": 0.5}, {"a": 2, "b": 1.5}]
    model = import_model(tmp_path / "sum.onnx", tmp_path / "model", example=rows, task="number")
    found = [row["target_prediction"] for row in model.predict([*rows, {"a": None, "b": 1}])]
    assert found[:2] == [1.5, 3.5]
    assert np.isnan(found[2])
    with pytest.raises(ArtifactError) as caught:
        import_model(
            tmp_path / "sum.onnx",
            tmp_path / "more",
            example=[*rows, {"a": None, "b": 1}],
            task="number",
        )
    assert str(caught.value) == (
        "the model has no answer (NaN) to row 3 of the example. Leave out rows with empty cells if it was not made for "
        "them"
    )


def test_logits_become_probabilities_where_that_is_said(tmp_path: Path) -> None:
    content = graph(
        [helper.make_node("Identity", ["x"], ["scores"])],
        [value("x", FLOAT, None, 3)],
        [value("scores", FLOAT, None, 3)],
    )
    (tmp_path / "three.onnx").write_bytes(content)
    rows = [{"a": 1, "b": -4, "c": 2}]
    options: dict[str, Any] = {"example": rows, "task": "category", "labels": ["a", "b", "c"]}
    with pytest.raises(ArtifactError) as caught:
        import_model(tmp_path / "three.onnx", tmp_path / "model", **options)
    assert str(caught.value) == (
        "output 'scores' says [1.0, -4.0, 2.0] of row 1 of the example, which are no probabilities. If they are logits, "
        "say --logits (in Python logits=True)"
    )
    model = import_model(tmp_path / "three.onnx", tmp_path / "model", logits=True, **options)
    assert model.predict(rows)[0]["target_probability_c"] == pytest.approx(
        np.exp(2) / (np.exp(1) + np.exp(-4) + np.exp(2)), abs=1e-6
    )


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        (
            (None, 3, 8, 8),
            "some.onnx: its input 'x' is float32 [rows, 3, 8, 8]; only columns of a table can be read: ",
        ),
        (
            (1, 3),
            "some.onnx: its input 'x' takes 1 rows at once, no more and no less. Export it with a first axis of ",
        ),
    ],
)
def test_a_graph_that_reads_no_rows_says_what_it_reads(shape: Any, message: str) -> None:
    content = graph(
        [helper.make_node("Identity", ["x"], ["y"])],
        [value("x", FLOAT, *shape)],
        [value("y", FLOAT, *shape)],
    )
    with pytest.raises(ArtifactError) as caught:
        read_onnx(content, "some.onnx")
    assert str(caught.value).startswith(message)


def test_a_graph_that_is_cut_short_is_refused() -> None:
    with pytest.raises(ArtifactError, match=r"^some.onnx: is no ONNX graph that can be read"):
        read_onnx(b"\x08\x09garbage", "some.onnx")


def test_several_outputs_have_to_be_told_apart(tmp_path: Path) -> None:
    content = graph(
        [helper.make_node("Identity", ["x"], ["y"]), helper.make_node("Neg", ["x"], ["z"])],
        [value("x", FLOAT, None, 1)],
        [value("y", FLOAT, None, 1), value("z", FLOAT, None, 1)],
    )
    (tmp_path / "two.onnx").write_bytes(content)
    options: dict[str, Any] = {"example": [{"x": 2}], "task": "number"}
    with pytest.raises(ConfigError) as caught:
        import_model(tmp_path / "two.onnx", tmp_path / "model", **options)
    assert str(caught.value) == (
        "several outputs of the graph may hold one number a row: y float32 [rows, 1], z float32 [rows, 1]. Say which: "
        "--graph-output y"
    )
    with pytest.raises(ConfigError) as caught:
        import_model(tmp_path / "two.onnx", tmp_path / "model", graph_output="scores", **options)
    assert str(caught.value) == (
        "--graph-output scores: the graph has no such output; choose one of 'y', 'z'"
    )
    model = import_model(tmp_path / "two.onnx", tmp_path / "model", graph_output="z", **options)
    assert model.predict({"x": 2}) == {"target_prediction": -2.0}
