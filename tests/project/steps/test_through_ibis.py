"""Queries of steps in engines that ibis speaks to: those that need no server."""

import datetime as dt
import sqlite3
from contextlib import closing

import pyarrow as pa
import pytest
from pyarrow import parquet
from sqlglot import exp

import crosstie
from crosstie.errors import ConfigError, DataError
from crosstie.project.steps.through_ibis import run_sql

CALLS = pa.table(
    {
        "callID": [1, 2, 3, 4],
        "minutes": [5, 1, 9, 4],
        "day": [dt.date(2024, 1, day) for day in (1, 3, 2, 4)],
        "kind": ["a  b", "c", "it's", None],
        "paid": [True, False, None, True],
    }
)
SETTINGS = {"least": 2, "since": dt.date(2024, 1, 2), "said": "it's", "kinds": ["c", "it's"]}


@pytest.fixture
def asked(tmp_path):
    """Runs a query in an engine and gives its rows."""
    parquet.write_table(CALLS, tmp_path / "calls.parquet")

    def run(query, connection, **options):
        tables = {"calls": tmp_path / "calls.parquet"} if "calls" in query else {}
        to = tmp_path / "rows.parquet"
        run_sql(query, "steps/10_long.sql", tables, SETTINGS, to, connection=connection, **options)
        return parquet.read_table(to).to_pylist()

    return run


@pytest.mark.slow
@pytest.mark.parametrize("connection", ["sqlite://", "polars://"])
def test_a_query_gives_what_it_gives_in_duckdb(asked, connection):
    query = "SELECT callid, Minutes / 2 AS Half, 'a  b' AS said FROM calls WHERE minutes >= :least AND (kind = :said OR kind = 'a  b')"

    assert asked(query, connection) == [
        {"callID": 1, "Half": 2.5, "said": "a  b"},
        {"callID": 3, "Half": 4.5, "said": "a  b"},
    ]
    query = "WITH some AS (SELECT kind, sum(minutes) AS n FROM calls GROUP BY ALL) SELECT n FROM some ORDER BY n DESC LIMIT 2"
    assert [each["n"] for each in asked(query, connection)] == [9, 5]


@pytest.mark.slow
def test_types_and_several_statements_of_sqlite_are_kept(asked):
    query = "CREATE TEMP TABLE late AS SELECT callID FROM calls WHERE day >= :since; SELECT callID, day, paid FROM calls JOIN late USING (callID) ORDER BY day"

    assert asked(query, "sqlite://") == [
        {"callID": 3, "day": dt.date(2024, 1, 2), "paid": None},
        {"callID": 2, "day": dt.date(2024, 1, 3), "paid": False},
        {"callID": 4, "day": dt.date(2024, 1, 4), "paid": True},
    ]


@pytest.mark.parametrize(
    ("query", "connection", "said"),
    [
        ("SELECT nope FROM calls", "sqlite://", "steps/10_long.sql: sqlite: no such column: nope"),
        ("SELECT 1 AS a, 2 AS A", "polars://", "steps/10_long.sql: two columns are called 'a', whatever their case; name one with AS"),
        ("CREATE TABLE a AS SELECT 1 AS a; SELECT 1 AS a", "polars://", "steps/10_long.sql: polars takes one query and no statements before it; make steps of them"),
        ("SELECT 1 AS a", "trino://ann:hush@db/x", "steps/10_long.sql: trino: what speaks to it is not installed. Type: pip install 'ibis-framework[trino]'"),
        ("SELECT 1 AS a", "sqlite:///no_such.db", "sqlite:///no_such.db: there is no such database"),
    ],
)  # fmt: skip
def test_what_an_engine_cannot_do_is_said(asked, query, connection, said):
    with pytest.raises(DataError) as error:
        asked(query, connection)

    assert str(error.value).startswith(said)
    assert "hush" not in str(error.value)


@pytest.mark.slow
@pytest.mark.skipif(exp.Drop(kind="TABLE", this="x").sql().endswith("x"), reason="they fit")
def test_an_ibis_and_a_sqlglot_that_do_not_fit_are_said(asked):
    with pytest.raises(DataError) as error:
        asked("SELECT minutes FROM calls", "duckdb://")

    assert str(error.value) == (
        "duckdb: ibis here drops tables in a way that sqlglot here no longer has. Type: pip install 'sqlglot<30.18'"
    )


@pytest.mark.slow
def test_an_environment_runs_its_queries_in_sqlite_and_leaves_its_tables_alone(calls):
    with closing(sqlite3.connect(calls / "shop.db")) as connection:
        connection.execute("CREATE TABLE orders (id INTEGER, Price REAL)")
        connection.execute("INSERT INTO orders VALUES (1, 2.5), (3, 4.0)")
        connection.commit()
    (calls / "environments/development.yaml").write_text("engine: sqlite:///shop.db\nparams: {least: 2}\n")  # fmt: skip
    (calls / "steps/30_paid.sql").write_text("SELECT id, price FROM main.Orders")  # fmt: skip
    said = []

    outcome = crosstie.build("paid", folder=calls, say=said.append)

    assert (outcome.ran, outcome.failed) == (["paid"], {})
    table = parquet.read_table(calls / ".crosstie/tables/development/paid.parquet")
    assert table.to_pylist() == [{"id": 1, "Price": 2.5}, {"id": 3, "Price": 4.0}]
    assert "main.orders: is a table in sqlite, of which nothing tells whether it has changed: what reads it is run each time" in said  # fmt: skip
    with closing(sqlite3.connect(calls / "shop.db")) as connection:
        found = connection.execute("SELECT name FROM sqlite_master").fetchall()
    assert found == [("orders",)]


def test_a_schema_that_an_engine_has_not_is_refused(calls):
    (calls / "environments/development.yaml").write_text("engine: {connection: 'sqlite://', schema: x}\n")  # fmt: skip
    with pytest.raises(ConfigError) as wrong:
        crosstie.status(folder=calls)
    assert str(wrong.value) == "environments/development.yaml:1 engine.schema: is PostgreSQL's; sqlite has it in its address"  # fmt: skip
