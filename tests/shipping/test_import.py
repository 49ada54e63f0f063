"""Models of other tools: what they say here is what they say there."""

import json
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from crosstie import import_model, load
from crosstie.artifact.example import check_skew
from crosstie.errors import ArtifactError, ConfigError, CrosstieError, DataError
from crosstie.serving.model import Model
from crosstie.shipping.bring_in import read

lightgbm = pytest.importorskip("lightgbm")
xgboost = pytest.importorskip("xgboost")

COLUMNS = ["Pclass", "Sex", "Age", "SibSp", "Fare", "Embarked"]
QUICK: dict[str, Any] = {"n_estimators": 12, "random_state": 1, "n_jobs": 1}


@pytest.fixture(scope="module")
def titanic(shared_data: Path) -> pd.DataFrame:
    return pd.read_csv(shared_data / "tab_titanic" / "train.csv")


@pytest.fixture(scope="module")
def passengers(titanic: pd.DataFrame) -> pd.DataFrame:
    """Numbers with missing ones, and two columns of words as a DataFrame's categories."""
    rows = titanic[COLUMNS].copy()
    return rows.assign(**{name: rows[name].astype("category") for name in ("Sex", "Embarked")})


def imported(file: Path, rows: Any, **options: Any) -> Model:
    return import_model(file, file.with_name("model"), example=rows, **options)


def probabilities(model: Model, rows: pd.DataFrame) -> np.ndarray:
    found = model.predict(rows)
    return found[[name for name in found if "_probability_" in name]].to_numpy(float)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"boosting_type": "dart"},
        {"boosting_type": "rf", "subsample": 0.6, "subsample_freq": 1},
        {"sigmoid": 2.0},
        {"zero_as_missing": True},
        {"use_missing": False},
    ],
    ids=str,
)
def test_lightgbm_says_the_same_of_two_classes(
    options: dict[str, Any], titanic: pd.DataFrame, passengers: pd.DataFrame, tmp_path: Path
) -> None:
    there = lightgbm.LGBMClassifier(**QUICK, verbose=-1, **options)
    there.fit(passengers, titanic["Survived"])
    there.booster_.save_model(tmp_path / "model.txt")
    model = imported(tmp_path / "model.txt", titanic, labels=["died", "lived"], target="Survived")
    assert model.notes == ["answers the example's 891 rows as lightgbm does"]
    expected = there.predict_proba(passengers)
    np.testing.assert_allclose(probabilities(model, titanic), expected, rtol=1e-5, atol=1e-5)
    assert [each.type for each in model.artifact.inputs] == [
        *("number", "category", "number", "number", "number", "category")
    ]
    assert check_skew(model.artifact) == []


@pytest.mark.parametrize("objective", ["multiclass", "multiclassova"])
def test_lightgbm_says_the_same_of_several_classes(
    objective: str, titanic: pd.DataFrame, passengers: pd.DataFrame, tmp_path: Path
) -> None:
    there = lightgbm.LGBMClassifier(**QUICK, verbose=-1, objective=objective)
    rows = passengers.drop(columns="Embarked")
    there.fit(rows, titanic["Embarked"].fillna("S"))
    there.booster_.save_model(tmp_path / "model.txt")
    model = imported(tmp_path / "model.txt", rows, labels=["C", "Q", "S"], target="Embarked")
    expected = there.predict_proba(rows)
    np.testing.assert_allclose(probabilities(model, titanic), expected, rtol=1e-5, atol=1e-5)
    assert list(model.predict(rows)["Embarked_prediction"]) == list(there.predict(rows))


@pytest.mark.parametrize(
    "options",
    [
        {"objective": name}
        for name in ("regression", "l1", "poisson", "gamma", "tweedie", "quantile")
    ]
    + [{"reg_sqrt": True}],
    ids=str,
)
def test_lightgbm_says_the_same_of_a_number(
    options: dict[str, Any], passengers: pd.DataFrame, tmp_path: Path
) -> None:
    rows = passengers.drop(columns="Fare")
    there = lightgbm.LGBMRegressor(**QUICK, verbose=-1, **options)
    there.fit(rows, passengers["Fare"] + 1)
    there.booster_.save_model(tmp_path / "model.txt")
    model = imported(tmp_path / "model.txt", rows, target="Fare")
    found = model.predict(rows)["Fare_prediction"]
    np.testing.assert_allclose(found, there.predict(rows), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"booster": "dart", "rate_drop": 0.3},
        {"num_parallel_tree": 3, "subsample": 0.5},
        {"max_cat_to_onehot": 100},
        {"objective": "binary:hinge"},
    ],
    ids=str,
)
def test_xgboost_says_the_same_of_two_classes(
    options: dict[str, Any], titanic: pd.DataFrame, passengers: pd.DataFrame, tmp_path: Path
) -> None:
    there = xgboost.XGBClassifier(**QUICK, enable_categorical=True, **options)
    there.fit(passengers, titanic["Survived"])
    there.save_model(tmp_path / "model.json")
    model = imported(tmp_path / "model.json", titanic, target="Survived")
    assert model.notes == ["answers the example's 891 rows as xgboost does"]
    expected = there.predict_proba(passengers)
    np.testing.assert_allclose(probabilities(model, titanic), expected, rtol=1e-5, atol=1e-5)


def test_xgboost_that_stopped_early_says_what_its_best_round_says(
    titanic: pd.DataFrame, passengers: pd.DataFrame, tmp_path: Path
) -> None:
    rows, target = passengers.drop(columns="Embarked"), titanic["Embarked"].map({"C": 0, "Q": 1})
    target = target.fillna(2).astype(int)
    there = xgboost.XGBClassifier(
        **{**QUICK, "n_estimators": 60},
        enable_categorical=True,
        learning_rate=1.0,
        num_parallel_tree=2,
        early_stopping_rounds=3,
    )
    there.fit(rows[:600], target[:600], eval_set=[(rows[600:], target[600:])], verbose=False)
    assert there.best_iteration + 1 < len(there.get_booster().get_dump()) // 6
    there.save_model(tmp_path / "model.json")
    model = imported(tmp_path / "model.json", rows, labels=["C", "Q", "S"])
    expected = there.predict_proba(rows)
    np.testing.assert_allclose(probabilities(model, rows), expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(
    "objective",
    ["reg:squarederror", "reg:absoluteerror", "count:poisson", "reg:gamma", "reg:tweedie"],
)
def test_xgboost_says_the_same_of_a_number(
    objective: str, passengers: pd.DataFrame, tmp_path: Path
) -> None:
    rows = passengers.drop(columns="Fare")
    there = xgboost.XGBRegressor(**QUICK, enable_categorical=True, objective=objective)
    there.fit(rows, passengers["Fare"] + 1)
    there.save_model(tmp_path / "model.json")
    model = imported(tmp_path / "model.json", rows, target="Fare")
    found = model.predict(rows)["Fare_prediction"]
    np.testing.assert_allclose(found, there.predict(rows), rtol=1e-5, atol=1e-5)


@pytest.fixture(scope="module")
def survived(
    titanic: pd.DataFrame, passengers: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """LightGBM's text of a small model."""
    file = tmp_path_factory.mktemp("lightgbm") / "survived.txt"
    there = lightgbm.LGBMClassifier(**QUICK, verbose=-1).fit(passengers, titanic["Survived"])
    there.booster_.save_model(file)
    return file


def test_an_imported_model_is_one_like_any_other(
    survived: Path, titanic: pd.DataFrame, tmp_path: Path
) -> None:
    made = import_model(survived, tmp_path / "model", example=titanic, target="Survived")
    model = load(tmp_path / "model")
    assert repr(model) == "Model('survived': Survived (binary) from 6 columns)"
    row = {"Pclass": "3", "Sex": "male", "Age": None, "SibSp": 0, "Fare": 8.05, "Embarked": "S"}
    assert model.predict(row) == made.predict(row)
    assert model.check_example() == []
    facts = dict(model.artifact.manifest["imported"])
    assert len(facts.pop("sha256")) == 64
    assert facts == {"tool": "lightgbm", "version": "v4", "file": "survived.txt"}
    assert model.evaluate(titanic)["Survived"]["roc_auc"] > 0.85


def test_what_may_be_empty_is_empty_in_the_example(
    survived: Path, titanic: pd.DataFrame, tmp_path: Path
) -> None:
    model = import_model(survived, tmp_path / "model", example=titanic)
    row = {"Pclass": 3, "Sex": "male", "SibSp": 0, "Embarked": "Z"}
    assert [str(each) for each in model.check_rows([row])] == [
        "column 'Fare': the model needs it and the table has none; no other column is there instead"
    ]
    model.predict({**row, "Fare": 8})
    assert model.notes[-1] == (
        "column 'Embarked': 1 of 1 rows hold a value that training never saw or too rarely to keep; they count as "
        "unknown"
    )


def test_a_word_that_usually_means_missing_is_a_category_where_the_model_knows_it(
    titanic: pd.DataFrame, tmp_path: Path
) -> None:
    rows = titanic[["Fare", "Embarked"]].assign(Embarked=titanic["Embarked"].replace("Q", "?"))
    rows["Embarked"] = rows["Embarked"].fillna("?").astype("category")
    there = lightgbm.LGBMClassifier(**QUICK, verbose=-1).fit(rows, titanic["Survived"])
    there.booster_.save_model(tmp_path / "model.txt")
    model = imported(tmp_path / "model.txt", rows)
    expected = there.predict_proba(rows)
    np.testing.assert_allclose(probabilities(model, rows), expected, rtol=1e-5, atol=1e-5)


def test_columns_without_names_are_taken_in_order(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(200, 3))
    there = lightgbm.LGBMRegressor(**QUICK, verbose=-1).fit(rows, rows @ [1, 2, 3])
    there.booster_.save_model(tmp_path / "model.txt")
    named = pd.DataFrame(rows, columns=["c", "a", "b"])
    model = imported(tmp_path / "model.txt", named)
    np.testing.assert_allclose(
        model.predict(named)["target_prediction"], there.predict(rows), rtol=1e-5, atol=1e-5
    )
    with pytest.raises(DataError) as caught:
        import_model(tmp_path / "model.txt", tmp_path / "more", example=named.assign(d=1))
    assert str(caught.value) == (
        "the example: has 4 columns beside 'target', and the model reads 3, which it has no names for. Give just those, "
        "in its order; there are 'c', 'a', 'b', 'd'. The column that is predicted is named with --target"
    )


def test_columns_are_found_by_their_names_however_they_are_spelled(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    rows = pd.DataFrame(rng.normal(size=(200, 3)), columns=["room size", "Room_Size", "age"])
    there = lightgbm.LGBMRegressor(**QUICK, verbose=-1)
    there.fit(rows.set_axis(["Room_Size", "room_size", "AGE"], axis=1), rows.to_numpy() @ [1, 2, 3])
    there.booster_.save_model(tmp_path / "model.txt")
    other = rows.rename(columns={"room size": "Room_Size", "Room_Size": "room_size"})
    model = imported(tmp_path / "model.txt", other[["age", "room_size", "Room_Size"]])
    assert model.artifact.columns == ("Room_Size", "room_size", "age")
    expected = there.predict(rows.set_axis(["Room_Size", "room_size", "AGE"], axis=1))
    found = model.predict(other)["target_prediction"]
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)


def test_numbers_that_float32_cannot_tell_apart_are_told(tmp_path: Path) -> None:
    stamps = 1_600_000_000 + np.arange(400.0)
    rows = pd.DataFrame({"stamp": stamps})
    there = lightgbm.LGBMRegressor(**QUICK, verbose=-1).fit(rows, np.arange(400) // 200)
    there.booster_.save_model(tmp_path / "model.txt")
    model = imported(tmp_path / "model.txt", rows)
    assert len(model.notes) == 1
    assert model.notes[0].endswith(
        "of the example's 400 rows otherwise than lightgbm: they hold numbers of more digits than the 7 that are read "
        "here"
    )


def _edited(change: Callable[[str], str]) -> Callable[[Path, Path], Path]:
    def make(survived: Path, folder: Path) -> Path:
        file = folder / "model.txt"
        file.write_text(change(survived.read_text(encoding="utf-8")), encoding="utf-8")
        return file

    return make


def _pickled(survived: Path, folder: Path) -> Path:
    file = folder / "model.pkl"
    file.write_bytes(pickle.dumps({"a": 1}))
    return file


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            _edited(lambda text: text[: text.index("Tree=3")]),
            "model.txt: ends before its trees do; it may be truncated",
        ),
        (
            _edited(lambda text: text.replace("objective=binary sigmoid:1", "objective=")),
            "model.txt: has no objective, as one of your own leaves it, so what its sums mean is not known. Known are ",
        ),
        (
            _edited(lambda text: text.replace("is_linear=0", "is_linear=1")),
            "model.txt: has a linear model in each leaf (linear_tree), which cannot be read. Train without linear_tree",
        ),
        (
            _edited(lambda text: text.replace("categorical_feature: 1,5", "categorical_feature: ")),
            "model.txt: has words of 2 columns, and 0 columns that are said to be categorical, so which belong together",
        ),
        (
            _edited(lambda _: "a,b\n1,2\n"),
            "{file}: is no model that can be read: an ONNX graph (.onnx), ",
        ),
        (_edited(lambda _: '{"learner": '), "{file}: not readable as JSON (Expecting value: "),
        (
            _pickled,
            "{file}: is a pickle, which is code and is never opened. Where the model lives, ",
        ),
    ],
)
def test_what_cannot_be_read_says_why(
    make: Callable[[Path, Path], Path], message: str, survived: Path, tmp_path: Path
) -> None:
    file = make(survived, tmp_path)
    with pytest.raises(ArtifactError) as caught:
        read(file)
    assert str(caught.value).startswith(message.format(file=file))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"objective": {"name": "survival:cox"}},
            "model.json: has the objective 'survival:cox', which is not known here. Known are binary:hinge, ",
        ),
        (
            {"gradient_booster": {"name": "gblinear"}},
            "model.json: is of booster 'gblinear'; only trees can be read (gbtree, dart)",
        ),
        (
            {"learner_model_param": {"num_target": "3"}},
            "model.json: predicts 3 targets at once. Train one model for each",
        ),
    ],
)
def test_an_xgboost_model_that_cannot_be_followed_says_why(
    change: dict[str, Any], message: str, titanic: pd.DataFrame, tmp_path: Path
) -> None:
    file = tmp_path / "model.json"
    xgboost.XGBClassifier(n_estimators=1).fit(titanic[["Fare"]], titanic["Survived"]).save_model(
        file
    )
    found = json.loads(file.read_text(encoding="utf-8"))
    for key, value in change.items():
        found["learner"][key] |= value
    file.write_text(json.dumps(found), encoding="utf-8")
    with pytest.raises(ArtifactError) as caught:
        read(file)
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        (
            {"task": "number"},
            ConfigError,
            "--task number: the file says that it predicts a binary",
        ),
        ({"task": "binry"}, ConfigError, "--task binry: did you mean 'binary'?"),
        ({"task": "multiclass"}, ConfigError, "--task multiclass: did you mean 'category'?"),
        (
            {"labels": ["a", "b", "c"]},
            ConfigError,
            "--labels a,b,c: 3 names, and the model has 2 classes",
        ),
        ({"labels": ["a", "a"]}, ConfigError, "--labels a,a: give two or more names, each once"),
        (
            {"logits": True},
            ConfigError,
            "--logits: is for ONNX graphs (.onnx), and survived.txt is none; leave it out",
        ),
        (
            {"target": "Sex"},
            DataError,
            "the example: lacks 'Sex', which the model reads. It has ",
        ),
    ],
    ids=str,
)
def test_what_does_not_fit_the_model_is_said(
    options: dict[str, Any],
    error: type[CrosstieError],
    message: str,
    survived: Path,
    titanic: pd.DataFrame,
    tmp_path: Path,
) -> None:
    with pytest.raises(error) as caught:
        import_model(survived, tmp_path / "model", example=titanic, **options)
    assert str(caught.value).startswith(message)
    assert not (tmp_path / "model").exists()


def test_every_column_that_does_not_fit_is_named(
    survived: Path, titanic: pd.DataFrame, tmp_path: Path
) -> None:
    wrong = titanic.assign(Age="old", Fare="")
    with pytest.raises(DataError) as caught:
        import_model(survived, tmp_path / "model", example=wrong)
    assert [str(each) for each in caught.value.problems] == [
        "Age: the model reads a number here, and the example holds 'old'. Mend the example",
        "Fare: every cell of the example is empty. Give some that are not",
    ]


def test_what_is_there_is_not_written_over(
    survived: Path, titanic: pd.DataFrame, tmp_path: Path
) -> None:
    model = import_model(survived, tmp_path / "model", example=titanic)
    with pytest.raises(ConfigError) as caught:
        import_model(survived, tmp_path / "model", example=titanic)
    assert str(caught.value) == (
        f"{tmp_path / 'model'}: is there already; give -o another name, or remove it"
    )
    with pytest.raises(ConfigError) as caught:
        model.save(tmp_path / "model")
    assert str(caught.value) == (
        f"{tmp_path / 'model'}: is there already; give another name, or remove it"
    )
    model.save(tmp_path / "copy")
    assert load(tmp_path / "copy").check_example() == []
