"""Tables of a project that databases are to have."""

from contextlib import closing

import duckdb
import pytest

import crosstie
from crosstie.errors import ProjectError
from crosstie.project.environment import load

SINK = "table: long\nto: {connection: 'duckdb:///shop.duckdb', table: marts.long}\n"


def rows(project):
    with closing(duckdb.connect(str(project / "shop.duckdb"), read_only=True)) as connection:
        return connection.execute("SELECT * FROM marts.long ORDER BY ALL").fetchall()


@pytest.fixture
def sinking(calls):
    """A project with a sink, and a database with the schema that it names."""
    with closing(duckdb.connect(str(calls / "shop.duckdb"))) as connection:
        connection.execute("CREATE SCHEMA marts")
    (calls / "sinks").mkdir()
    (calls / "sinks/long.yaml").write_text(SINK)
    return calls


def build(project, *names):
    said = []
    outcome = crosstie.build(*names, folder=project, say=said.append)
    return outcome.to_json(), said


def states(project):
    return {each.step.name: each.standing for each in crosstie.status(folder=project)}


@pytest.mark.slow
def test_a_sink_is_written_when_its_table_changed_and_only_then(sinking):
    query = (sinking / "steps/10_long.sql").read_text()
    assert states(sinking)["sinks/long"] == "stale"
    found, said = build(sinking, "sinks/long")
    assert found == {"ran": ["sinks/long"], "cached": ["long"], "failed": []}
    assert said[0].startswith("sinks/long: 3 rows to marts.long, ")
    assert rows(sinking) == [(1, 5), (3, 9), (4, 4)]
    assert build(sinking, "sinks/long")[0]["ran"] == []

    (sinking / "steps/10_long.sql").write_text(query.replace(":least", "5 AND :least > 0"))
    assert "sinks/long" in build(sinking, "sinks/long")[0]["ran"]
    assert rows(sinking) == [(1, 5), (3, 9)]

    (sinking / "steps/10_long.sql").write_text(query)
    assert build(sinking, "sinks/long")[0] == {"ran": ["sinks/long"], "cached": ["long"], "failed": []}  # fmt: skip
    assert rows(sinking) == [(1, 5), (3, 9), (4, 4)]


@pytest.mark.slow
def test_a_sink_is_written_again_when_it_is_to_go_elsewhere_and_not_when_its_file_is_laid_out_anew(sinking):  # fmt: skip
    build(sinking, "sinks/long")
    (sinking / "sinks/long.yaml").write_text(
        "# where dashboards look\nto:\n  table: marts.long\n  connection: duckdb:///shop.duckdb\ntable: long\n"
    )
    assert states(sinking)["sinks/long"] == "current"
    (sinking / "sinks/long.yaml").write_text(SINK.replace("marts.long", "main.long"))

    found = {each.step.name: each.why for each in crosstie.status(folder=sinking)}

    assert found["sinks/long"] == 'settings: table: "marts.long" → "main.long"'


def test_where_sinks_are_off_nothing_is_written_and_that_is_said(sinking):
    (sinking / "environments/development.yaml").write_text("params: {least: 2}\nsinks: false\n")

    found, said = build(sinking, "sinks/long")
    crosstie.build("sinks/long", folder=sinking, force=True)

    assert (found["ran"], found["cached"]) == ([], ["long"])
    assert said == ["sinks/long: writes nothing in development, where sinks are off"]
    with pytest.raises(duckdb.CatalogException):
        rows(sinking)
    assert load(sinking, "test").sinks is False


@pytest.mark.slow
def test_a_sink_that_cannot_be_written_fails_alone_and_is_written_by_the_next_build(sinking):
    with closing(duckdb.connect(str(sinking / "shop.duckdb"))) as connection:
        connection.execute("DROP SCHEMA marts")
        found, said = build(sinking)
        connection.execute("CREATE SCHEMA marts")
    assert found["failed"] == ["sinks/long"]
    assert "shop.duckdb" in said[-1]

    assert build(sinking)[0] == {"ran": ["sinks/long"], "cached": ["long", "cost"], "failed": []}
    assert len(rows(sinking)) == 3


def test_a_variable_that_is_not_set_is_said_and_the_others_stand_as_they_do(sinking):
    (sinking / "sinks/long.yaml").write_text(SINK.replace("duckdb:///shop.duckdb", "${NOBODY_SET}"))

    found = {each.step.name: (each.standing, each.why) for each in crosstie.status(folder=sinking)}

    said = "sinks/long.yaml to.connection: the environment variable 'NOBODY_SET' is not set"
    assert found["sinks/long"] == ("blocked", said)
    assert found["cost"] == ("current", "")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("table: lnog\nto: {connection: 'duckdb:///x', table: t}", "sinks/long.yaml: table: 'lnog' is no table of the project; did you mean 'long'?"),
        ("table: long\nto: {connetion: 'duckdb:///x', table: t}", "sinks/long.yaml:2 to.connetion: unknown option; did you mean 'connection'?\nsinks/long.yaml:2 to: needs 'connection': a text"),
        ("table: long\nto: {connection: 'postgresql://ann:hush@db/x', table: t}", "sinks/long.yaml:2 to.connection: holds a password or key, which stands in the file; write ${NAME} in its place, and NAME=… in .env, which stays on this machine"),
        ("table: long\nto: {connection: x, table: t, if_exists: fail}", "sinks/long.yaml:2 to.if_exists: "),
        ("table: lnog\nto: {connection: 'duckdb:///x', tabel: t}", "sinks/long.yaml:2 to.tabel: unknown option; did you mean 'table'?\nsinks/long.yaml:2 to: needs 'table': a text\nsinks/long.yaml: table: 'lnog' is no table of the project; did you mean 'long'?"),
        ("", "sinks/long.yaml: needs 'table'"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_sink_is_said_with_its_line(sinking, text, said):
    (sinking / "sinks/long.yaml").write_text(text)

    with pytest.raises(ProjectError) as error:
        states(sinking)

    assert str(error.value).startswith(said)
    assert "hush" not in str(error.value)
