"""Queries of steps in a real PostgreSQL: the same tables as in DuckDB, what counts as a change, what is said and what never."""

import datetime as dt
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pyarrow as pa
import pytest
from adbc_driver_postgresql import dbapi
from pyarrow import parquet

from crosstie.errors import DataError, ProjectError
from crosstie.project.build.build import build, standing
from crosstie.project.build.open import opened
from crosstie.project.console.session import Session
from crosstie.project.debug import debug
from crosstie.project.fingerprint.content import table_digest
from crosstie.project.place import Project
from crosstie.project.steps.postgres.connection import Database
from crosstie.project.steps.postgres.freshness import freshness
from crosstie.project.steps.postgres.run import run_sql

pytestmark = pytest.mark.slow  # a server and processes of steps

PARAMS = "params: {least: 2, since: '2024-01-02'}\n"
ENGINE = "engine: {{connection: '${{DATABASE}}', schema: {}}}\n"
FILES = {
    "pyproject.toml": '[project]\nname = "calls"\n\n[tool.crosstie]\ndefaults = "0.1"\n',
    "environments/development.yaml": PARAMS,
    "environments/far.yaml": ENGINE.format("far") + PARAMS,
    "environments/other.yaml": ENGINE.format("other") + PARAMS,
    "data/calls.csv": "callID,minutes,day,kind\n1,5,2024-01-01,a  b\n2,1,2024-01-03,c\n3,9,2024-01-02,a  b\n4,4,2024-02-02,\n",
    "steps/10_long.sql": (
        "CREATE TABLE kinds AS SELECT DISTINCT kind FROM calls WHERE minutes >= :least;\n"
        "SELECT callid, Minutes / 2 AS Half, day, 'a  b' AS said FROM calls\n"
        "WHERE minutes >= :least AND day >= :since;\n"
    ),
    "steps/20_shaped.py": "def shaped(long):\n    return long.assign(cost=long['Half'] * 3)\n",
    "steps/30_few.sql": "SELECT callID, cost, epoch(day::timestamp) AS at FROM shaped ORDER BY callID DESC",
}


@pytest.fixture(scope="module")
def original(tmp_path_factory, server):
    """A project that is built in DuckDB and in PostgreSQL, each with a store of its own."""
    root = tmp_path_factory.mktemp("original") / "calls"
    for name, text in FILES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DATABASE", server)
        assert build(opened(root), say=print).failed == {}
        assert build(opened(root, "far"), say=print).to_json() == {
            "ran": ["long", "few"],
            "cached": ["shaped"],
            "failed": [],
        }
    return root


@pytest.fixture
def project(original, tmp_path, server, monkeypatch):
    """It, moved."""
    monkeypatch.setenv("DATABASE", server)
    return Path(shutil.copytree(original, tmp_path / "moved"))


@pytest.fixture
def execute(server):
    """Runs statements in the database."""

    def run(*statements):
        with dbapi.connect(server, autocommit=True) as connection, connection.cursor() as cursor:
            for each in statements:
                cursor.execute(each)
            return cursor.fetchall() if cursor.description else []

    return run


@pytest.fixture
def asked(server, original, tmp_path):
    """Runs a query of a step and gives its rows."""
    calls = original / ".crosstie/tables/development/calls.parquet"

    def run(query):
        settings = {"least": 2, "since": "2024-01-02", "kinds": ["c", "d"]}
        database = Database(server, "asked", {"calls": table_digest(calls)})
        given = {"calls": calls} if "calls" in query else {}
        to = tmp_path / "rows.parquet"
        run_sql(query, "steps/40_wrong.sql", given, settings, to, database=database)
        return parquet.read_table(to).to_pylist()

    return run


def table(project, name, env="far"):
    return parquet.read_table(project / f".crosstie/tables/{env}/{name}.parquet")


def run(project, *steps, env="far"):
    return build(opened(project, env), steps)


def states(project, env="far"):
    return {each.step.name: each.standing for each in standing(opened(project, env))}


def test_tables_are_those_that_duckdb_makes(project):
    for name in ("long", "few"):
        assert table(project, name).to_pylist() == table(project, name, "development").to_pylist()
    assert table(project, "long").column_names == ["callID", "Half", "day", "said"]
    assert table(project, "few").to_pylist()[1]["cost"] == 13.5


def test_nothing_but_the_tables_that_queries_read_stays_in_the_schema(project, execute):
    found = execute("SELECT table_name::text FROM information_schema.tables WHERE table_schema = 'far' ORDER BY 1")  # fmt: skip
    assert found == [("calls",), ("shaped",)]


def test_a_build_that_has_nothing_to_do_and_one_in_another_schema_run_nothing(project):
    assert run(project).to_json() == {"ran": [], "cached": ["long", "shaped", "few"], "failed": []}
    assert run(project, env="other").ran == []


def test_the_password_is_in_no_file_and_no_message(project, monkeypatch):
    (project / "steps/40_wrong.sql").write_text("SELECT nope(minutes) FROM calls")
    said = []
    build(opened(project, "far"), say=said.append)
    monkeypatch.setenv("DATABASE", "postgresql://ann:hush%20hush@/nowhere?host=/nowhere")
    (project / "steps/40_wrong.sql").write_text("SELECT minutes FROM calls")
    build(opened(project, "far"), say=said.append)

    assert "cannot be reached: connection to server on socket" in said[-1]
    assert not any("hush" in each for each in said)
    files = [each for each in project.rglob("*") if each.is_file()]
    assert [each for each in files if b"hush" in each.read_bytes()] == []


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("SELECT callID,\n list_transform([minutes], x -> x + 1) AS m\nFROM calls", "steps/40_wrong.sql:2: PostgreSQL: "),
        ("SELECT callID,\n nope(minutes) AS m\nFROM calls", "steps/40_wrong.sql:2: PostgreSQL: function nope(bigint) does not exist"),
        ("SELECT *\nFROM calls\nWHERE minuts > 1", 'steps/40_wrong.sql:3: PostgreSQL: column "minuts" does not exist'),
        ("SELECT 1 AS a, 2 AS A", "steps/40_wrong.sql: two columns are called 'a', whatever their case; name one with AS"),
        ("SELECT INTERVAL '1 day' AS day", "day: a table cannot hold intervals. Write their seconds, as in EXTRACT(epoch FROM day)"),
        ("COMMIT; SELECT 1 AS a", "steps/40_wrong.sql: the statements of a step are one transaction already; leave BEGIN, COMMIT and ROLLBACK out"),
        ("CREATE TABLE x AS SELECT 1", "steps/40_wrong.sql: its last statement is no query. End with the SELECT that makes the table"),
    ],
)  # fmt: skip
def test_what_the_server_refuses_is_said_with_its_line(asked, query, said):
    with pytest.raises(DataError) as error:
        asked(query)

    assert str(error.value).startswith(said)


def test_a_parameter_may_be_a_list_and_an_order_is_kept(asked):
    assert asked("SELECT minutes FROM calls WHERE kind = ANY(:kinds)") == [{"minutes": 1}]
    assert asked("SELECT minutes FROM calls WHERE minutes > $least ORDER BY minutes DESC") == [
        {"minutes": 9},
        {"minutes": 5},
        {"minutes": 4},
    ]


@pytest.mark.parametrize(
    ("column", "there"),
    [
        (pa.array([2**64 - 1], pa.uint64()), 2.0**64),
        (pa.array(["b"]).dictionary_encode(), "b"),
        (pa.nulls(1), None),
        (pa.array([[1, None]]), [1, None]),
        (pa.array([1], pa.timestamp("ms", "UTC")), dt.datetime(1970, 1, 1, 0, 0, 0, 1000, dt.UTC)),
    ],
)
def test_a_table_is_there_what_it_is_here(server, tmp_path, column, there):
    parquet.write_table(pa.table({"Mine own": column}), tmp_path / "t.parquet")
    database = Database(server, "there", {"t": str(column.type)})

    run_sql("FROM t", "a.sql", {"t": tmp_path / "t.parquet"}, {}, tmp_path / "o.parquet", database=database)  # fmt: skip

    assert parquet.read_table(tmp_path / "o.parquet").to_pylist() == [{"Mine own": there}]


@pytest.mark.parametrize(
    ("column", "said"),
    [
        (pa.array(["a\0b"]), 'a.sql: PostgreSQL: invalid byte sequence for encoding "UTF8": 0x00'),
        (pa.array([{"a": 1}]), "t: it: columns of records cannot be brought to PostgreSQL; leave them out in a step before"),
    ],
)  # fmt: skip
def test_a_table_that_cannot_be_brought_is_said(server, tmp_path, column, said):
    parquet.write_table(pa.table({"it": column}), tmp_path / "t.parquet")
    database = Database(server, "there", {"t": str(column.type)})

    with pytest.raises(DataError) as error:
        run_sql("FROM t", "a.sql", {"t": tmp_path / "t.parquet"}, {}, tmp_path / "o.parquet", database=database)  # fmt: skip

    assert str(error.value) == said


def test_whoever_reads_a_table_reads_their_own_though_others_replace_it(server, tmp_path):
    """Two who share a schema and have other rows, several queries of each at once."""
    tables = {}
    for who in (1, 2):
        tables[who] = tmp_path / f"{who}.parquet"
        parquet.write_table(pa.table({"who": [who] * 1000}), tables[who])

    def read(number):
        who = 1 + number % 2
        database = Database(server, "shared", {"calls": str(who)})
        to = tmp_path / f"rows{number}.parquet"
        query = "SELECT sum(who) AS n FROM calls"
        run_sql(query, "steps/10_n.sql", {"calls": tables[who]}, {}, to, database=database)
        return who, parquet.read_table(to).to_pylist()[0]["n"]

    with ThreadPoolExecutor(4) as pool:
        assert {*pool.map(read, range(12))} == {(1, 1000.0), (2, 2000.0)}


def test_types_of_the_database_become_what_a_table_of_a_step_can_hold(asked):
    found = asked(
        "SELECT 12345678901234567890.5 AS many, CAST('00000000-0000-0000-0000-00000000000a' AS uuid) AS key, CAST('{}' AS json) AS more, "
        "count(*) AS n, sum(minutes) AS total, :since AS since, :least AS least FROM calls"
    )

    assert found == [
        {
            "many": 12345678901234567890.5,
            "key": "00000000-0000-0000-0000-00000000000a",
            "more": "{}",
            "n": 4,
            "total": 19.0,
            "since": "2024-01-02",
            "least": 2,
        }
    ]


def test_a_table_of_the_database_is_read_again_when_a_row_of_it_changed(project, execute, server):
    execute("DROP SCHEMA IF EXISTS shop CASCADE", "CREATE SCHEMA shop")
    execute('CREATE TABLE shop.orders AS SELECT 1 AS id, 2.5 AS "Price"')
    (project / "steps/40_paid.sql").write_text("SELECT ID, price FROM shop.orders JOIN calls ON callid = id")  # fmt: skip
    assert run(project, "paid").ran == ["paid"]
    assert table(project, "paid").to_pylist() == [{"id": 1, "Price": 2.5}]
    assert states(project)["paid"] == "current"

    seen = [freshness("shop.orders", Database(server, None))]
    for change in (
        "INSERT INTO shop.orders VALUES (7, 7)",
        'UPDATE shop.orders SET "Price" = 3 WHERE id = 1',
        "DELETE FROM shop.orders WHERE id = 7",
        "ALTER TABLE shop.orders ADD COLUMN more int DEFAULT 1",
    ):
        execute(change)
        seen.append(freshness("shop.orders", Database(server, None)))
    assert len({digest for digest, _ in seen}) == 5
    assert states(project)["paid"] == "stale"


def test_what_reads_a_view_is_run_each_time_and_that_is_said(project, execute):
    execute("DROP SCHEMA IF EXISTS shop CASCADE", "CREATE SCHEMA shop", "CREATE VIEW shop.recent AS SELECT 1 AS id")  # fmt: skip
    (project / "steps/40_paid.sql").write_text("SELECT id FROM shop.recent")
    (project / "steps/50_after.py").write_text("def after(paid):\n    return paid\n")
    assert run(project, "after").ran == ["paid", "after"]
    said = []

    assert build(opened(project, "far"), ["after"], say=said.append).to_json() == {
        "ran": ["paid"],
        "cached": ["after"],
        "failed": [],
    }

    assert said[0] == (
        "shop.recent: is a view or lies elsewhere, so that nothing tells whether it has changed: what reads it is run each time"
    )


def test_a_table_that_somebody_else_made_is_left_alone(project, execute):
    execute("CREATE SCHEMA IF NOT EXISTS taken", "DROP TABLE IF EXISTS taken.calls", "CREATE TABLE taken.calls AS SELECT 1 AS mine")  # fmt: skip
    (project / "environments/far.yaml").write_text(ENGINE.format("taken") + PARAMS)
    (project / "steps/10_long.sql").write_text("SELECT minutes FROM calls")

    failed = run(project, "long").failed["long"]

    assert failed.endswith('the table "taken"."calls" is there already and is not one that Crosstie made; give the environment another schema')  # fmt: skip
    assert execute("SELECT mine FROM taken.calls") == [(1,)]


def test_a_table_that_is_nowhere_is_said(project):
    (project / "steps/40_paid.sql").write_text("SELECT id FROM shop.ordrs")

    assert "shop.ordrs: no such table at postgresql://" in run(project, "paid").failed["shop.ordrs"]
    with pytest.raises(ProjectError) as error:
        states(project, "development")
    assert str(error.value) == (
        "steps/40_paid.sql: needs the table 'shop.ordrs' of a database, and queries run in DuckDB here; name a database as the environment's engine or sources"
    )


def test_a_table_of_the_database_is_shown_and_not_taken_for_one_of_the_project(project, execute):
    execute("DROP TABLE IF EXISTS rooms", "CREATE TABLE rooms (id int)")
    (project / "steps/40_rooms_now.sql").write_text("SELECT id FROM public.rooms")
    session = Session(Project(project), "far")
    names = session.names()

    assert session.problems() == []
    assert "public.rooms" in names["dag"]
    assert "public.rooms" not in repr(names["data"])
    for look in (names["dag"]["public.rooms"].head, lambda: names["data"]("public.rooms")):
        with pytest.raises(ProjectError) as error:
            look()
        assert str(error.value) == (
            "public.rooms: is a table of the database; make a step of what you want of it"
        )
    with pytest.raises(ProjectError, match=r"which nothing here makes"):
        debug(opened(project, "far"), "public.rooms")
