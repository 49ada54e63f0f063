"""Tables of a database that a project on a laptop fetches once."""

import shutil
from contextlib import closing

import duckdb
import pyarrow as pa
import pytest
from adbc_driver_postgresql import dbapi
from pyarrow import parquet

import crosstie
from crosstie.errors import ConfigError, DataError, ProjectError
from crosstie.project.console.session import Session
from crosstie.project.fingerprint.content import table_digest
from crosstie.project.place import Project
from crosstie.project.steps.fetched import run_fetched

ORDERS = "SELECT i AS id, i % 7 * 1.5 AS price, 'x' || i AS said FROM {} t(i)"


@pytest.fixture
def shopping(calls):
    """A project whose development reads a table of 500 orders of which 40 are fetched."""
    with closing(duckdb.connect(str(calls / "far.duckdb"))) as connection:
        connection.execute("CREATE SCHEMA shop")
        connection.execute(f"CREATE TABLE shop.orders AS {ORDERS.format('range(500)')}")
    (calls / "environments/development.yaml").write_text(
        "sources: duckdb:///far.duckdb\nsample: 40\nparams: {least: 2}\n"
    )
    (calls / "steps/30_paid.sql").write_text("SELECT count(*) AS n, sum(price) AS total FROM shop.Orders")  # fmt: skip
    return calls


def add(project):
    with closing(duckdb.connect(str(project / "far.duckdb"))) as connection:
        connection.execute("INSERT INTO shop.orders SELECT id + 500, price, said FROM shop.orders")


def table(project, name):
    return parquet.read_table(project / f".crosstie/tables/development/{name}.parquet")


def ran(project, **options):
    return crosstie.build("paid", folder=project, **options).ran


@pytest.mark.slow
def test_a_sample_is_fetched_once_and_again_only_when_that_is_asked_for(shopping):
    assert ran(shopping) == ["shop.orders", "paid"]
    first = table(shopping, "shop.orders")
    assert (first.num_rows, first.column_names) == (40, ["id", "price", "said"])
    assert first["id"].to_pylist() == sorted(first["id"].to_pylist())
    assert table(shopping, "paid")["n"].to_pylist() == [40]
    add(shopping)

    said = []
    outcome = crosstie.build("shop.orders", folder=shopping, force=True, say=said.append)
    assert outcome.ran == ["shop.orders"]
    assert [each for each in said if "deterministic" in each] == []
    assert ran(shopping) == ["paid"]
    again = table(shopping, "shop.orders")
    assert max(again["id"].to_pylist()) > 500
    (shopping / ".crosstie/tables/development/shop.orders.parquet").unlink()
    assert ran(shopping) == []
    assert table(shopping, "shop.orders").equals(again)


@pytest.mark.slow
def test_whoever_has_fetched_a_table_keeps_theirs_though_the_store_has_another(shopping, tmp_path):
    store = tmp_path / "store"
    file = shopping / "environments/development.yaml"
    file.write_text(file.read_text() + f"store: {store}\n")
    crosstie.build("shop.orders", folder=shopping)
    other = tmp_path / "other"
    shutil.copytree(shopping, other)
    add(other)
    crosstie.build("shop.orders", folder=other, force=True)

    found = {each.step.name: each for each in crosstie.status(folder=shopping)}
    assert found["shop.orders"].standing == "current"
    mine = shopping / ".crosstie/tables/development/shop.orders.parquet"
    assert found["shop.orders"].digest == table_digest(mine)
    assert not table(shopping, "shop.orders").equals(table(other, "shop.orders"))


@pytest.mark.slow
def test_what_is_fetched_is_shown_and_can_be_looked_at(shopping):
    found = {each.step.name: each for each in crosstie.status(folder=shopping)}

    assert (found["shop.orders"].standing, found["shop.orders"].where) == ("stale", "environments/development.yaml")  # fmt: skip
    assert found["paid"].why == "waits for shop.orders"
    crosstie.build("shop.orders", folder=shopping)
    names = Session(Project(shopping), "development").names()
    assert len(names["data"]("shop.orders")) == 40
    assert names["sql"]("SELECT count(*) AS n FROM shop.orders")["n"].tolist() == [40]
    with pytest.raises(ProjectError) as error:
        crosstie.graph(folder=shopping)["nothing"]
    assert "'shop.orders'" in str(error.value)


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["postgresql", "duckdb"])
def test_a_sample_is_the_same_in_whichever_order_the_rows_lie(request, tmp_path, engine):
    up, down = "CREATE TABLE {} AS {} ORDER BY i", "CREATE TABLE {} AS {} ORDER BY -i"
    if engine == "postgresql":
        address = request.getfixturevalue("postgres_server")
        rows = ORDERS.format("generate_series(0, 299)")
        with dbapi.connect(address, autocommit=True) as connection, connection.cursor() as cursor:
            for each in ("DROP SCHEMA IF EXISTS fetched CASCADE", "CREATE SCHEMA fetched", up.format("fetched.up", rows), down.format("fetched.down", rows)):  # fmt: skip
                cursor.execute(each)
    else:
        address = f"duckdb:///{tmp_path / 'x.duckdb'}"
        with closing(duckdb.connect(str(tmp_path / "x.duckdb"))) as connection:
            connection.execute("CREATE SCHEMA fetched")
            connection.execute(up.format("fetched.up", ORDERS.format("range(300)")))
            connection.execute(down.format("fetched.down", ORDERS.format("range(300)")))

    found: list[pa.Table] = []
    for name, sample in (("up", 20), ("down", 20), ("up", None)):
        run_fetched(f"fetched.{name}", sample, tmp_path / "to.parquet", connection=address, root=tmp_path)  # fmt: skip
        found.append(parquet.read_table(tmp_path / "to.parquet"))

    assert found[0].equals(found[1])
    assert [each.num_rows for each in found] == [20, 20, 300]
    assert found[0]["id"].to_pylist() != list(range(20))
    with pytest.raises(DataError) as error:
        run_fetched("fetched.upp", None, tmp_path / "to.parquet", connection=address, root=tmp_path)
    assert "fetched.upp" in str(error.value)
    assert "hush" not in str(error.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("sources: mysql://db/shop\n", "environments/development.yaml:1 sources.connection: must be the URL of a PostgreSQL or a DuckDB, as in postgresql://host/shop"),
        ("sources: {connction: 'duckdb:///x'}\n", "environments/development.yaml:1 sources.connction: unknown option; did you mean 'connection'?"),
        ("engine: postgresql://db/shop\nsources: postgresql://db/shop\n", "environments/development.yaml:2 sources.connection: is for queries that run in duckdb; here the engine has its tables itself"),
        ("engine: duckdb:///far.duckdb\n", "environments/development.yaml:1 engine.connection: is 'duckdb' alone, which keeps nothing; a file of it that queries are to read is one of sources"),
        ("sources: postgresql://ann:hush@db/shop\n", "environments/development.yaml:1 sources.connection: holds a password or key, which stands in the file; write ${NAME} in its place, and NAME=… in .env, which stays on this machine"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_sources_is_said_with_its_line(calls, text, said):
    (calls / "environments/development.yaml").write_text(text)

    with pytest.raises(ConfigError) as error:
        crosstie.status(folder=calls)

    assert str(error.value) == said
