"""Rows that go to a table of a database: all of them or none."""

import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import duckdb
import pyarrow as pa
import pytest
from adbc_driver_postgresql import dbapi

from crosstie.data.destination import Destination
from crosstie.errors import ConfigError, DataError

FIRST = {"id": ["1", "02"], "p": [0.5, None], "no": [None, None]}
SECOND = {"id": ["3"], "p": [1], "no": [None]}


@pytest.fixture(params=["postgresql", "duckdb"])
def database(request, tmp_path):
    """The address of a database with a schema `marts`, and what asks it."""
    if request.param == "duckdb":
        address = f"duckdb:///{tmp_path / 'shop.duckdb'}"

        def ask(*statements):
            with closing(duckdb.connect(str(tmp_path / "shop.duckdb"))) as connection:
                found = [connection.execute(each).fetchall() for each in statements]
            return found[-1]

        ask("CREATE SCHEMA marts")
        return address, ask
    server = request.getfixturevalue("postgres_server")

    def ask(*statements):
        with dbapi.connect(server, autocommit=True) as connection, connection.cursor() as cursor:
            for each in statements:
                cursor.execute(each)
            return cursor.fetchall() if cursor.description else []

    ask("DROP SCHEMA IF EXISTS marts CASCADE", "CREATE SCHEMA marts")
    return server, ask


def write(address, *pieces, if_exists="fail", numbers=(), table="marts.t"):
    with Destination(address, table, if_exists).writer(numbers=numbers) as writer:
        for each in pieces:
            writer.append(each)
    return writer.rows


def rows(ask):
    return ask("SELECT * FROM marts.t ORDER BY 1")


@pytest.mark.slow
def test_pieces_become_a_table_with_types(database):
    address, ask = database

    assert write(address, FIRST, SECOND) == 3

    assert rows(ask) == [("02", None, None), ("1", 0.5, None), ("3", 1.0, None)]


@pytest.mark.slow
def test_a_column_of_texts_is_of_numbers_where_all_are_and_that_is_asked_for(database):
    address, ask = database
    columns = {"a": ["1", "-20"], "b": ["1.50", "2e3"], "c": ["007", "8"], "d": ["1", "2"], "e": [None, "3"]}  # fmt: skip

    write(address, columns, numbers=["a", "b", "c", "e", "p"])

    assert rows(ask) == [(-20, 2000.0, "8", "2", 3), (1, 1.5, "007", "1", None)]


@pytest.mark.slow
def test_a_table_that_is_there_is_replaced_or_added_to_only_where_that_is_said(database):
    address, ask = database
    write(address, FIRST)
    with pytest.raises(DataError) as error:
        write(address, SECOND)
    assert str(error.value) == (
        f"{Destination(address, 'marts.t')}: is there already; --if-exists replace puts the rows in place of its own, append adds them"
    )
    write(address, SECOND, if_exists="append")
    assert [each[0] for each in rows(ask)] == ["02", "1", "3"]

    ask("CREATE VIEW marts.v AS SELECT id FROM marts.t")
    write(address, SECOND, if_exists="replace")

    assert rows(ask) == [("3", 1.0, None)]
    assert ask("SELECT * FROM marts.v") == [("3",)]


def test_a_table_with_other_columns_is_made_anew(database):
    address, ask = database
    write(address, FIRST)

    write(address, {"n": [1]}, if_exists="replace")

    assert rows(ask) == [(1,)]


def test_rows_take_the_types_of_the_table_that_they_are_added_to(database):
    address, ask = database
    ask("CREATE TABLE marts.t (id bigint, p numeric(5, 2), more text)")

    write(address, {"p": [0.125], "id": ["12"]}, if_exists="append")

    assert [(each[0], float(each[1]), each[2]) for each in rows(ask)] == [(12, 0.13, None)]


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"idd": ["1"]}, "has no column 'idd' to add to; did you mean 'id'?"),
        ({"id": [0.5]}, "'id' holds whole numbers (bigint) there, and these have fractions"),
    ],
)
def test_rows_that_do_not_fit_are_refused_and_none_is_added(database, columns, said):
    address, ask = database
    ask("CREATE TABLE marts.t (id bigint)")

    with pytest.raises(DataError) as error:
        write(address, columns, if_exists="append")

    assert str(error.value) == f"{Destination(address, 'marts.t')}: {said}"
    assert rows(ask) == []


def test_what_goes_wrong_on_the_way_leaves_the_table_as_it_was(database):
    address, ask = database
    write(address, FIRST)

    with pytest.raises(KeyError):
        write(address, SECOND, {"id": ["4"]}, if_exists="replace")
    with pytest.raises(DataError) as error:
        write(address, if_exists="replace")

    assert str(error.value) == (
        f"{Destination(address, 'marts.t')}: there are no rows to write; it is as it was"
    )
    assert len(rows(ask)) == 2


HALF = """
import sys
from crosstie.data.destination import Destination
with Destination(sys.argv[1], "marts.t", "replace").writer() as writer:
    writer.append({"id": ["9"], "p": [9.0], "no": [None]})
    for end in (False, True):
        if end:
            writer._settle()
        print("half", flush=True)
        sys.stdin.readline()
"""


@pytest.mark.slow
def test_a_process_that_is_killed_on_the_way_leaves_the_table_as_it_was(database):
    address, ask = database
    write(address, FIRST)

    with subprocess.Popen([sys.executable, "-c", HALF, address], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}) as process:  # fmt: skip
        assert process.stdout.readline() == "half\n"
        process.stdin.write("on\n")
        process.stdin.flush()
        assert process.stdout.readline() == "half\n"
        process.send_signal(signal.SIGKILL)

    assert [each[0] for each in rows(ask)] == ["02", "1"]
    assert write(address, SECOND, if_exists="replace") == 1
    assert [each[0] for each in rows(ask)] == ["3"]


@pytest.mark.slow
def test_of_several_who_replace_a_table_at_once_one_is_left(postgres_server):
    with dbapi.connect(postgres_server, autocommit=True) as connection, connection.cursor() as cursor:  # fmt: skip
        cursor.execute("CREATE SCHEMA IF NOT EXISTS many")
        cursor.execute("DROP TABLE IF EXISTS many.t")
        cursor.execute("CREATE TABLE many.t (who bigint)")

        def replace(who):
            write(postgres_server, {"who": [who] * 100}, if_exists="replace", table="many.t")

        with ThreadPoolExecutor(4) as pool:
            list(pool.map(replace, range(8)))
        cursor.execute("SELECT count(*), count(DISTINCT who) FROM many.t")
        assert cursor.fetchall() == [(100, 1)]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("postgresql://db:5432", "must be the address of a database, a colon and the name of a table, as in "),
        ("marts.churn", "must be the address of a database, a colon and the name of a table, as in "),
        ("postgres://db/shop:marts.'x", "must be the address of a database, a colon and the name of a table, as in "),
        ("mysql://db/shop:t", "'mysql' cannot be written to, only PostgreSQL and DuckDB, as in "),
        ("duckdb://:t", "names no file of DuckDB, as in "),
        ("${NOBODY_SET_THIS}:t", "the environment variable 'NOBODY_SET_THIS' is not set"),
    ],
)  # fmt: skip
def test_what_is_no_table_of_a_database_is_refused(text, said):
    with pytest.raises(ConfigError) as error:
        Destination.read(text)

    assert str(error.value).startswith(f"--to: {said}")


def test_the_password_is_in_no_message(postgres_server, monkeypatch):
    monkeypatch.setenv("SECRET", "hush%20hush")
    host = postgres_server.partition("host=")[2]
    to = Destination.read(f"postgresql://ann:${{SECRET}}@/postgres?host={host}:no_such.t")

    with pytest.raises(DataError) as error, to.writer():
        pass

    assert str(error.value) == (
        "no_such.t at postgresql:///postgres: there is no schema 'no_such'; make it there first"
    )
    assert "hush" not in repr(to)
    with pytest.raises(DataError) as error, Destination.read("postgresql://ann:hush@/x?host=/nowhere:t").writer():  # fmt: skip
        pass
    assert "hush" not in str(error.value)


def test_a_table_of_arrow_is_written_as_it_is(tmp_path):
    address = f"duckdb:///{tmp_path / 'new.duckdb'}"

    with Destination(address, "t").writer() as writer:
        writer.append_arrow(pa.table({"s": [{"a": 1}], "when": pa.array([0], pa.timestamp("us"))}))

    with closing(duckdb.connect(str(tmp_path / "new.duckdb"))) as connection:
        assert connection.execute('SELECT s.a, year("when") FROM t').fetchall() == [(1, 1970)]
