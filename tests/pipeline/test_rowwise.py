"""Row-wise features from the file to the served model, on real tables."""

import json
import shutil
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest

import crosstie
from crosstie.artifact.example import check_alone, check_example, check_skew
from crosstie.artifact.loading import load
from crosstie.data.table import Table
from crosstie.errors import ArtifactError, ConfigError, DataError
from crosstie.gates.skew import skew_of
from crosstie.pipeline.prepare import assign
from crosstie.pipeline.sample import sample_rows
from crosstie.serving.http.job import Job, work
from crosstie.shipping.contents import code_of, contents
from crosstie.shipping.naming import names_of

SQL = r"""-- of a passenger
SELECT
  * EXCLUDE (Name, Ticket, Cabin),
  ln(Fare + 1) AS log_fare,
  sibsp + parch + 1 AS family,
  regexp_extract(name, '(\w+)\.', 1) AS title,
  fare / family AS fare_each
FROM input
"""
MODEL = (
    "name: titanic\ndata: train.csv\ntarget: Survived\nexclude: [PassengerId]\nmodel_type: linear\n"
)
RAW = ("Pclass", "Sex", "Age", "SibSp", "Parch", "Fare", "Embarked", "Name")


def project(folder: Path, shared_data: Path, sql: str = SQL, model: str = MODEL) -> Path:
    folder.mkdir(exist_ok=True)
    table = (shared_data / "tab_titanic" / "train.csv").read_text(encoding="utf-8")
    (folder / "train.csv").write_text(table, encoding="utf-8")
    (folder / "features.sql").write_text(sql, encoding="utf-8")
    (folder / "model.yaml").write_text(model, encoding="utf-8")
    return folder / "model.yaml"


@pytest.fixture(scope="module")
def trained(shared_data, tmp_path_factory):
    """(the run, what was said)."""
    folder = tmp_path_factory.mktemp("rowwise")
    said: list[str] = []
    file = project(folder / "project", shared_data)
    return crosstie.train(file, runs=folder / "runs", say=said.append), said


@pytest.fixture(scope="module")
def passengers(shared_data) -> list[dict[str, str | None]]:
    table = Table.from_arrow(_arrow(shared_data / "tab_titanic" / "test.csv"))
    return [
        dict(zip(table.columns, cells, strict=True))
        for cells in zip(*map(table.cells, table.columns), strict=True)
    ]


def _arrow(path: Path):
    import pyarrow.csv

    return pyarrow.csv.read_csv(path)


def wrong(file: Path, **options) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        crosstie.check(file, **options)
    return [str(each).replace(f"{file.parent}/", "") for each in caught.value.problems]


def test_training_says_what_it_takes_up_and_its_file_repeats_it(trained, tmp_path):
    run, said = trained
    path = run.path.parents[2] / "project" / "features.sql"
    assert (
        f"{path}: makes log_fare, family, title, fare_each; 8 columns are handed on as they are"
        in said
    )
    assert f"features: {path}\n" in (run.path / "config.yaml").read_text(encoding="utf-8")
    again = crosstie.train(run.path / "config.yaml", runs=tmp_path)
    for name in ("metrics.json", "config.yaml", "model/rowwise.json", "model/features.json"):
        assert (again.path / name).read_bytes() == (run.path / name).read_bytes(), name


def test_a_model_holds_what_its_inputs_need_and_no_more(trained):
    artifact = load(trained[0].model)
    assert tuple(artifact.columns) == RAW
    state = json.loads((trained[0].model / "rowwise.json").read_text())
    assert list(state["expressions"]) == ["log_fare", "family", "title", "fare_each"]
    assert "PassengerId" not in state["passed"]
    assert list(artifact.manifest["requirements"]) == [
        "annotated-types", "duckdb", "numpy", "onnxruntime", "safetensors",
    ]  # fmt: skip
    schema = json.loads((trained[0].model / "schema.json").read_text())["input"]
    assert tuple(schema["properties"]) == RAW
    assert schema["required"] == ["Pclass", "Sex", "SibSp", "Parch", "Fare", "Name"]
    assert schema["properties"]["Name"] == {
        "description": "a text",
        "type": ["string", "number", "boolean", "array"],
    }


def test_a_row_alone_is_predicted_as_in_a_batch_and_as_where_it_was_trained(trained, passengers):
    model = crosstie.load(trained[0].model)
    batch = model.predict(passengers[:30])
    alone = [model.predict(row) for row in passengers[:30]]
    assert [row["Survived_prediction"] for row in alone] == [
        row["Survived_prediction"] for row in batch
    ]
    assert np.allclose(
        [row["Survived_probability_1"] for row in alone],
        [row["Survived_probability_1"] for row in batch],
        atol=1e-5,
    )
    assert check_example(model.artifact) == []
    assert check_skew(model.artifact) == []
    assert check_alone(model.artifact, Table.from_rows(passengers[:50])) == []


@pytest.mark.slow
def test_the_gates_find_no_skew_in_a_process_of_its_own(trained, passengers):
    assert skew_of(crosstie.load(trained[0].model), Table.from_rows(passengers)).problems == []


def test_what_cannot_be_read_or_worked_out_is_said(trained, passengers):
    model = crosstie.load(trained[0].model)
    model.predict([{**passengers[0], "Age": "ten", "SibSp": "1.5", "Fare": -5}])
    why = "cannot take logarithm of a negative number"
    assert model.notes == [
        "column 'Age': 1 of 1 cells could not be read and count as missing, for example 'ten'",
        "column 'SibSp': 1 of 1 cells could not be read and count as missing, for example '1.5'",
        f"column 'log_fare': 1 of 1 cells could not be read and count as missing, for example {why!r}",
    ]
    strict = model.check_rows([{**passengers[0], "Age": "ten", "SibSp": "1.5", "Fare": None}])
    assert sorted(map(str, strict)) == [
        "row 1, column 'Age': wanted a number, got 'ten'",
        "row 1, column 'Fare': is empty, and no training row was; wanted a number",
        "row 1, column 'SibSp': wanted a whole number, got '1.5'",
    ]
    lacking = {name: cell for name, cell in passengers[0].items() if name not in ("Name", "Fare")}
    with pytest.raises(DataError) as caught:
        model.predict({**lacking, "fare": 3})
    assert str(caught.value) == (
        "columns 'Fare', 'Name': the model needs them and the table has none; did you mean 'fare' for 'Fare'?"
    )
    assert "Survived_prediction" in model.predict({**lacking, "Name": "Dr. X", "Fare": 3})


def test_evaluating_and_sampling_go_by_the_columns_of_the_table(trained, shared_data):
    model = crosstie.load(trained[0].model)
    assert model.evaluate(shared_data / "tab_titanic" / "train.csv")["Survived"]["roc_auc"] > 0.8
    rows = sample_rows(trained[0], rows=2)
    assert sorted(rows[0]) == sorted(RAW)


def test_a_strangers_model_that_asks_for_more_is_refused(trained, tmp_path):
    model = tmp_path / "model"
    crosstie.load(trained[0].model).save(model)
    path = model / "rowwise.json"
    path.write_text(path.read_text().replace("ln((Fare + 1))", "length(getenv('HOME'))"))
    manifest = json.loads((model / "manifest.json").read_text())
    manifest["files"]["rowwise.json"] = sha256(path.read_bytes()).hexdigest()
    (model / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(ArtifactError) as caught:
        crosstie.load(model)
    assert str(caught.value) == (
        f"{path}: asks for what row-wise features may not do: features.sql:1: getenv: depends on where it runs; a row "
        "must give the same everywhere"
    )


def test_mistakes_of_the_sql_and_of_the_file_are_told_together(shared_data, tmp_path):
    sql = "SELECT Agee,\n Survived AS s, ln(Fare) AS l, now() AS n\nFROM input"
    file = project(tmp_path, shared_data, sql, MODEL + "sead: 3\n")
    assert wrong(file) == [
        "model.yaml:6 sead: unknown option; did you mean 'seed'?",
        "features.sql:1: the table has no column 'Agee'; did you mean 'Age'?",
        "features.sql:2: 'Survived' is what is predicted; a feature cannot see it, for a request has none",
        "features.sql:2: now: gives another value tomorrow; give the date as a column",
    ]


def test_a_training_row_that_cannot_be_worked_out_is_named(shared_data, tmp_path):
    file = project(tmp_path, shared_data, "SELECT Sex, ln(Fare) AS l FROM input")
    (said,) = wrong(file)
    assert said == (
        "features.sql:1: l cannot be worked out for 15 rows, the first at row 180: cannot take logarithm of zero. Say what "
        "it is then, as in CASE WHEN … THEN … END, or TRY(…) for missing (train data)"
    )


def test_which_file_is_taken(shared_data, tmp_path):
    file = project(tmp_path, shared_data)
    assert [each.column for each in crosstie.check(file).inputs][-1] == "fare_each"
    file.write_text(MODEL + "features: null\n")
    assert "Name" in [each.column for each in crosstie.check(file).inputs]
    file.write_text(MODEL + "features: other.sql\n")
    assert wrong(file) == [
        "model.yaml:6 features: there is no file 'other.sql'; write null to go without"
    ]
    file.write_text(MODEL + "features: model.yaml\n")
    assert wrong(file) == [
        "model.yaml:6 features: names a .sql or a .py file with row-wise features, got 'model.yaml'"
    ]
    (tmp_path / "features.py").write_text("")
    file.write_text(MODEL)
    (said,) = wrong(file)
    assert said == (
        "model.yaml:1 features: both features.sql and features.py are there; say which: `features: features.sql`, or null "
        "for none"
    )


def test_columns_of_another_job_go_along_and_are_no_inputs(shared_data, tmp_path):
    model = MODEL.replace("exclude: [PassengerId]\n", "split: {type: hash, column: PassengerId}\n")
    file = project(tmp_path, shared_data, "SELECT Sex, Fare * 2 AS twice FROM input", model)
    plan = crosstie.check(file)
    assert [each.column for each in plan.inputs] == ["Sex", "twice"]
    assert ("PassengerId", "says which part a row belongs to") in [
        tuple(each) for each in plan.excluded
    ]
    (tmp_path / "features.sql").write_text(
        "SELECT Sex, Fare AS Survived, Age + 1 AS PassengerId FROM input"
    )
    assert wrong(file) == [
        "features.sql: makes a column 'Survived', which is there already; call it otherwise",
        "features.sql: makes a column 'PassengerId', which is what rows are split by; call it otherwise",
    ]


def test_what_is_made_of_a_private_column_is_private(shared_data, tmp_path):
    file = project(tmp_path / "project", shared_data, model=MODEL + "private: [Name]\n")
    assert crosstie.check(file).private == ("Name", "title")
    (file.parent / "features.sql").write_text("SELECT Sex, CAST(Name AS DOUBLE) AS x FROM input")
    (said,) = wrong(file)
    assert (
        "for 891 rows, the first at row 1: what it says may show a private cell. Say what" in said
    )
    (file.parent / "features.sql").write_text(SQL)
    run = crosstie.train(file, runs=tmp_path / "runs")
    held = (run.model / "rowwise.json").read_text() + (run.model / "example.json").read_text()
    assert "Mr" not in held
    assert crosstie.load(run.path).artifact.private == ["Name", "title"]


PYTHON = """import numpy as np

from titles import title


def features(input: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {"Sex": input["Sex"], "log_fare": np.log1p(input["Fare"]), "title": title(input["Name"])}
"""
HELPERS = """import re

import numpy as np


def title(names):
    found = [re.search(r"(\\w+)[.]", each or "") for each in names]
    return np.array([each[1] if each else None for each in found], object)
"""


@pytest.fixture(scope="module")
def coded(shared_data, tmp_path_factory):
    """A run with a `features.py`, which lies in a folder beside it."""
    folder = tmp_path_factory.mktemp("coded")
    file = project(folder / "project", shared_data)
    file.write_text(MODEL.replace("exclude: [PassengerId]\n", ""))
    (file.parent / "features.sql").unlink()
    (file.parent / "features.py").write_text(PYTHON, encoding="utf-8")
    (file.parent / "titles.py").write_text(HELPERS, encoding="utf-8")
    return crosstie.train(file, runs=folder / "runs"), file.parent


def elsewhere(code: str) -> subprocess.CompletedProcess[str]:
    """In a process that has not trained."""
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)


def test_a_model_with_a_function_of_features_predicts_a_row_as_a_table(coded, passengers):
    model = crosstie.load(coded[0].model)
    assert tuple(model.artifact.columns) == ("Name", "Sex", "Fare")
    assert model.artifact.manifest["requirements"].keys() == {
        "annotated-types",
        "numpy",
        "onnxruntime",
        "safetensors",
    }
    assert check_skew(model.artifact) == []
    assert check_alone(model.artifact, Table.from_rows(passengers[:20])) == []
    assert not list(coded[0].model.rglob("*.py"))


def test_a_function_of_features_runs_only_where_somebody_says_so(coded, tmp_path):
    run, folder = coded
    row = {"Name": "Kelly, Mr. James", "Sex": "male", "Fare": 7.8}

    def asked(more: str = "") -> subprocess.CompletedProcess[str]:
        opened = f"crosstie.load({str(run.model)!r}{more})"
        return elsewhere(f"import crosstie; print({opened}.predict({row})['Survived_prediction'])")

    refused = asked()
    told = "this model needs the row-wise features of features.py, as it was trained with. That is code, which a model never "
    assert refused.stderr.splitlines()[-1] == (
        f"crosstie.errors.ArtifactError: {run.model}: {told}holds. Give the folder that has the file: --components DIR, or "
        "components=DIR in Python"
    )
    assert asked(f", components={str(folder)!r}").stdout == "0\n"
    shutil.copytree(folder, tmp_path / "changed")
    (tmp_path / "changed" / "titles.py").write_text(HELPERS.replace("w+", "w*"), encoding="utf-8")
    other = asked(f", components={str(tmp_path / 'changed')!r}")
    assert (
        f"as it was trained with; {tmp_path}/changed/features.py is another by now. That is code"
        in other.stderr
    )


def test_a_function_that_looks_at_other_rows_is_not_trained_with(shared_data, tmp_path):
    file = project(tmp_path, shared_data, model=MODEL.replace("exclude: [PassengerId]\n", ""))
    (tmp_path / "features.sql").unlink()
    (tmp_path / "features.py").write_text(
        "def features(input):\n    return input[['Sex']].assign(x=input.Fare.rank())\n"
    )
    (said,) = wrong(file)
    assert said.startswith(
        "features.py: 'x' looks at other rows: row 3 gives '232.5' in the table and '1' alone"
    )


def test_what_a_wheel_holds_of_a_function_of_features(coded):
    artifact = load(coded[0].model)
    code = code_of(artifact)
    names = names_of("titanic")
    files = contents(coded[0].model, code, names, "1.0")
    assert files["titanic/_features/features.py"] == PYTHON.replace("from titles", "from .titles")
    assert files["titanic/_features/titles.py"] == HELPERS
    digest = artifact.rowwise.function.digest
    assert f'_use(_features, "numpy", "{digest}")' in files["titanic/__init__.py"]


def test_the_server_reads_the_columns_of_the_table_and_one_odd_request_harms_no_other(
    trained, passengers
):
    model = crosstie.load(trained[0].model)
    good = {name: passengers[0][name] for name in RAW}
    bodies = [good, {**good, "SibSp": 1.5}, {**good, "Fare": -5}, {"Name": "x"}]
    jobs = [Job(json.dumps([each]).encode()) for each in bodies]
    replies = work(model, jobs, 100)
    assert [each.status for each in replies] == [200, 422, 200, 422]
    (expected,) = model.predict([good])
    assert json.loads(replies[0].body) == [expected]
    (problem,) = json.loads(replies[1].body)["problems"]
    assert problem["message"] == "row 1, column 'SibSp': wanted a whole number, got '1.5'"


def test_a_graph_alone_says_what_its_columns_are_made_of(trained, tmp_path):
    crosstie.export(trained[0].path, tmp_path / "graph")
    said = json.loads((tmp_path / "graph" / "model.json").read_text())
    assert said["rowwise"] == json.loads((trained[0].model / "rowwise.json").read_text())
    assert sorted(said["rows"][0]) == sorted(RAW)


@pytest.mark.parametrize(
    "split",
    [
        "{type: hash}",
        "{type: hash, column: [Name, Ticket]}",
        "{type: random}",
        "{type: stratify, column: Sex}",
    ],
)
def test_no_features_and_no_edit_of_them_move_a_row_to_another_part(split, shared_data, tmp_path):
    file = project(
        tmp_path, shared_data, model=MODEL.replace("exclude: [PassengerId]", f"split: {split}")
    )
    found = []
    for sql in (
        "",
        "SELECT *, Fare * 2 AS twice FROM input",
        "SELECT * EXCLUDE (Age, Cabin) REPLACE (round(Fare) AS Fare, upper(Embarked) AS Embarked) FROM input",
        "SELECT Fare + Age AS one, Pclass AS class FROM input",
    ):
        (tmp_path / "features.sql").write_text(sql or SQL)
        plan = crosstie.check(file, set=[] if sql else ["features=null"])
        assert (plan.rowwise is None) == (not sql)
        found.append(assign(plan).tolist())
    assert len(set(found[0])) == 3
    assert found[1:] == found[:1] * 3
    assert plan.config["preprocessing"]["split"]["type"] == split[7:].partition(",")[0].rstrip("}")


def test_lists_are_handed_on_by_sql_and_not_given_to_python(tmp_path):
    table = {
        "pair": [[i, i + 0.5] for i in range(40)],
        "size": [i % 7 for i in range(40)],
        "y": ["a", "b"] * 20,
    }
    (tmp_path / "features.sql").write_text("SELECT *, size + 1 AS more FROM input")
    (tmp_path / "features.py").write_text("def features(input):\n    return input[['size']]\n")

    def check(name: str):
        return crosstie.check({"target": "y", "features": str(tmp_path / name)}, data=table)

    assert {each.column: each.type for each in check("features.sql").inputs}["pair"] == "vector"
    assert (
        f"{tmp_path}/features.py: is not given 'pair': lists and files are no cells of its frame"
        in check("features.py").warnings
    )
    (tmp_path / "features.sql").write_text("SELECT size,\n  pair[1] AS first FROM input")
    with pytest.raises(ConfigError) as caught:
        check("features.sql")
    assert str(caught.value).startswith(
        f"{tmp_path}/features.sql:2: 'pair' holds lists or files, which can be handed on but not worked with"
    )
