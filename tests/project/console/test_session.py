"""What a console has at hand."""

import pytest

from crosstie.errors import DataError, ProjectError
from crosstie.project.build.build import build
from crosstie.project.build.open import opened
from crosstie.project.console.session import Session
from crosstie.project.place import Project


def at_hand(root, environment=None):
    return Session(Project(root), environment).names()


@pytest.mark.slow
def test_tables_are_those_of_steps_and_of_data_as_it_is_now(calls):
    data = at_hand(calls)["data"]

    assert data("long").to_dict("list") == {"id": [1, 3, 4], "minutes": [5, 9, 4]}
    assert data("calls")["minutes"].tolist() == [5, 1, 9, 4]
    assert data("rates").to_dict("list") == {"kind": ["a"], "price": [3]}
    (calls / "data/calls.csv").write_text("id,minutes\n7,8\n")
    assert data("calls").to_dict("list") == {"id": [7], "minutes": [8]}
    assert repr(data) == "data(NAME), a table as pandas has it: calls, rates, long, cost"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("lnog", "'lnog' is no table here; did you mean 'long'?"),
        ("long", "long: is not built; build it: dag['long'].run()"),
        ("model", "the model is no table; see model, or dag['model']"),
    ],
)
def test_a_table_that_is_not_there_is_said(calls, name, said):
    data = at_hand(calls, "production")["data"]

    with pytest.raises(ProjectError) as error:
        data(name)

    assert str(error.value) == said


def test_queries_ask_tables_with_the_settings_of_the_environment(built_calls):
    names = at_hand(built_calls)
    sql = names["sql"]

    assert sql("SELECT count(*) AS n FROM cost JOIN rates ON true").to_dict("list") == {"n": [3]}
    assert sql(names["dag"]["long"].source)["id"].tolist() == [1, 3, 4]
    assert sql(names["dag"]["long"].source, least=9)["id"].tolist() == [3]
    with pytest.raises(ProjectError) as error:
        sql("SELECT * FROM calls WHERE id > :least AND id < :most")
    assert str(error.value) == "sql: :most has no value; give it: sql(…, most=…)"


def test_queries_write_nothing_and_read_nothing_else(built_calls, tmp_path):
    sql = at_hand(built_calls)["sql"]
    (tmp_path / "secret.csv").write_text("a\n1\n")
    for query in (
        f"COPY calls TO '{tmp_path}/calls.csv'",
        f"SELECT * FROM '{tmp_path}/secret.csv'",
    ):
        with pytest.raises(DataError, match=r"^sql: .* Steps read tables by name"):
            sql(query)
    assert [each.name for each in tmp_path.iterdir()] == ["secret.csv"]
    with pytest.raises(DataError, match=r"^sql: Catalog Error: Table with name nowhere"):
        sql("SELECT * FROM nowhere")


@pytest.mark.slow
def test_the_rows_that_differ_are_told_by_key(calls):
    (calls / "data/calls.csv").write_text("id,minutes\n1,6\n2,1\n4,4\n5,5\n")
    build(opened(calls))
    diff = at_hand(calls)["diff"]

    found = diff("long")

    assert found.key == ("id",)
    assert (found.by_key.added, found.by_key.lost, found.by_key.changed) == (1, 1, 1)
    assert found.gone.to_dict("list") == {"id": [1, 3], "minutes": [5, 9]}
    assert found.new.to_dict("list") == {"id": [1, 5], "minutes": [6, 5]}
    head, *rows = repr(found).splitlines()
    assert head.endswith(", by id: 1 rows new, 1 gone, 1 changed")
    assert rows == [
        "column   rows changed  largest change  for example",
        "minutes  1             1               id 1: 5 → 6",
    ]
    assert "<td>id 1: 5 → 6</td>" in found._repr_html_()
    with pytest.raises(
        ProjectError,
        match=r"key: long has no column 'ix' before and after; choose one of 'id', 'minutes'",
    ):
        diff("long", key="ix")


@pytest.mark.slow
def test_rows_without_a_key_are_counted(calls):
    (calls / "steps/10_long.sql").write_text("SELECT 1 AS id, 2.5 AS minutes FROM calls")
    build(opened(calls), ["long"])
    (calls / "steps/10_long.sql").write_text("SELECT 1 AS id, 2.5 AS minutes FROM calls LIMIT 3")
    build(opened(calls), ["long"])

    found = at_hand(calls)["diff"]("long")

    assert (found.key, found.counts, found.same) == ((), (1, 0), False)
    assert repr(found).endswith(": 0 rows new, 1 gone; no column names a row")


@pytest.mark.parametrize(
    ("step", "said"),
    [
        ("long", "long: gave one table so far; there is none to hold it against"),
        ("lnog", "'lnog' is no step here; did you mean 'long'?"),
    ],
)
def test_what_cannot_be_compared_is_said(built_calls, step, said):
    with pytest.raises(ProjectError) as error:
        at_hand(built_calls)["diff"](step)
    assert str(error.value) == said


def test_a_project_that_does_not_build_says_so_and_shows_what_it_has(calls):
    (calls / "steps/30_far.sql").write_text("SELECT * FROM cots")
    session = Session(Project(calls))
    names = session.names()
    wrong = (
        "steps/30_far.sql: needs the table 'cots', which no file of data/ or steps/ makes; "
        "did you mean 'cost'?"
    )

    assert session.banner().splitlines() == [
        "crosstie console: calls, development",
        'at hand: dag, data("name"), sql("select …"), diff("step"), runs, model, project',
        f"error: {wrong}",
        "The project does not build until that is mended. What does not need it is at hand",
    ]
    assert repr(names["dag"]) == wrong
    assert "did you mean &#x27;cost&#x27;?" in names["dag"]._repr_html_()
    assert len(names["data"]("long")) == 3
    assert names["sql"]("SELECT sum(cost) AS c FROM cost")["c"].tolist() == [10]
    (calls / "steps/30_far.sql").unlink()
    assert repr(names["dag"]).startswith("calls, development: 3 steps, 3 current\n")


def test_production_is_told_apart(built_calls):
    assert Session(Project(built_calls), "production").banner().splitlines()[0] == (
        "*** PRODUCTION *** crosstie console: calls, production, read-only: "
        "nothing is run, accepted or changed"
    )


def test_runs_and_the_model_are_those_there_are(calls):
    names = at_hand(calls)
    assert repr(names["runs"]) == f"no runs in {calls}/runs"
    assert repr(names["model"]) == "no model is built here; build it: dag['model'].run()"
    with pytest.raises(ProjectError, match="no model is built here"):
        names["model"].predict([])


@pytest.mark.slow
def test_the_model_that_is_built_predicts(customers, tmp_path):
    (tmp_path / "data").mkdir()
    lines = customers.read_text(encoding="utf-8").splitlines(keepends=True)
    (tmp_path / "data/customers.csv").write_text("".join(lines[:401]), encoding="utf-8")
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "churn"\n\n[tool.crosstie]\n')
    (tmp_path / "model.yaml").write_text("data: customers\ntarget: Churn\nmodel_type: linear\n")
    names = at_hand(tmp_path)
    names["dag"]["model"].run(say=lambda _: None)

    assert repr(names["model"]) == "Model('churn': Churn (binary) from 19 columns)"
    some = names["data"]("customers").head(3)
    assert set(names["model"].predict(some)["Churn_prediction"]) <= {"No", "Yes"}
    assert [each.exit for each in names["runs"]] == ["done"]
    assert names["runs"]["churn/latest"] == names["runs"][-1]
    assert names["dag"]["model"].last_run.run == names["runs"][-1]
    assert "done  linear" in repr(names["runs"])
