"""SQL steps in any engine that ibis speaks to: their tables are brought there as temporary ones, the rows come back as Arrow.

PostgreSQL has ways of its own, in `postgres`. What is here asks of an engine no more than all of them have in ibis.
"""

import contextlib
import warnings
from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from crosstie.errors import DataError, MissingExtra, nearest
from crosstie.project.steps import sqlite
from crosstie.project.steps.duck import ORDERED, connect, write_rows
from crosstie.project.steps.postgres.dialect import Query, queries

OLDER = "Type: pip install 'sqlglot<30.18'"


def known_engines() -> list[str]:
    """What ibis speaks to here, installed or not; nothing where it is not installed itself."""
    return sorted(each.name for each in entry_points(group="ibis.backends"))


def run_sql(
    text: str,
    where: str,
    tables: Mapping[str, Path],
    settings: Mapping[str, Any],
    to: Path,
    *,
    connection: str,
    foreign: Sequence[str] = (),
) -> None:
    """Write the rows of a query to a Parquet file.

    Args:
        text: Statements, of which the last is the query.
        where: The file as messages name it.
        tables: The tables of the project that it reads.
        settings: What its `:names` are: they are put into the query as literals, which sqlglot writes for the engine.
        to: The file.
        connection: The engine, as `ibis.connect` has it.
        foreign: Tables of the engine that it reads.

    Raises:
        DataError: The engine cannot be reached or refuses it, or it cannot be said there, or its driver is not installed.
        MissingExtra: ibis is not installed.
    """
    from pyarrow import parquet  # 131 ms

    engine = connection.partition("://")[0]
    columns = [name for path in tables.values() for name in parquet.read_schema(path).names]
    with _telling(where, connection):
        backend = _connected(connection)
        try:
            for name, path in sorted(tables.items()):
                _bring(backend, name, parquet.read_table(path))
            columns += [each for name in foreign for each in _foreign(backend, name).columns]
            *before, last = queries(text, where, columns, spoken=backend.dialect, engine=engine)
            for each in before:
                _run(backend, each.literal(settings), where, engine)
            asked = last.literal(settings)
            if backend.name == "sqlite":
                sqlite.check_names(backend, asked)
            rows = backend.sql(asked).to_pyarrow_batches()
            _write(rows, last, to)
        finally:
            backend.disconnect()


def _connected(connection: str) -> Any:
    try:
        import ibis  # 400 ms
    except ModuleNotFoundError:
        engine = connection.partition("://")[0]
        raise MissingExtra("ibis-framework", "frames", needed_for=f"SQL in {engine}") from None
    scheme, _, path = connection.partition("://")
    if scheme != "sqlite" or not path.strip("/"):
        return ibis.connect(connection)
    file = Path(
        path.removeprefix("/")
    ).absolute()  # as sqlite:///shop.db, from the project's folder
    if not file.is_file():  # SQLite would make one
        raise DataError(f"{connection}: there is no such database")
    return ibis.connect(f"sqlite://{file}")


@contextlib.contextmanager
def _telling(where: str, connection: str) -> Iterator[None]:
    """Whatever the driver of an engine raises, in one line, and the password not in it."""
    engine = connection.partition("://")[0]
    try:
        with warnings.catch_warnings(action="ignore"):  # of libraries at each other
            yield
    except (DataError, MissingExtra):
        raise
    except ImportError:
        raise DataError(f"{where}: {engine}: what speaks to it is not installed. Type: pip install 'ibis-framework[{engine}]'") from None  # fmt: skip
    except Exception as error:  # noqa: BLE001 - each of thirty drivers has errors of its own
        said = " ".join(str(error).partition("\n")[0].split()) or type(error).__name__
        password = urlsplit(connection).password or ""
        for each in {password, unquote(password)} - {""}:
            said = said.replace(each, "…")
        raise DataError(f"{where}: {engine}: {said}") from None


def _bring(backend: Any, name: str, rows: Any) -> None:
    if backend.name == "sqlite":
        sqlite.bring(backend, name, rows)
        return
    from sqlglot import exp

    if hasattr(backend, "raw_sql") and not exp.Drop(kind="TABLE", this="x").sql().endswith("x"):
        raise DataError(f"{backend.name}: ibis here drops tables in a way that sqlglot here no longer has. {OLDER}")  # fmt: skip
    backend.create_table(name, rows, temp=True)


def _foreign(backend: Any, name: str) -> Any:
    schema, _, own = name.rpartition(".")
    return backend.table(own, database=schema)


def _run(backend: Any, sql: str, where: str, engine: str) -> None:
    if not hasattr(backend, "raw_sql"):
        raise DataError(f"{where}: {engine} takes one query and no statements before it; make steps of them")  # fmt: skip
    done = backend.raw_sql(sqlite.strictly(sql) if backend.name == "sqlite" else sql)
    if hasattr(done, "close"):
        done.close()


def _write(rows: Any, query: Query, to: Path) -> None:
    folded = [each.lower() for each in rows.schema.names]
    twice = next((each for each in rows.schema.names if folded.count(each.lower()) > 1), None)
    if twice is not None:
        raise DataError(f"{query.where}: two columns are called {twice!r}, whatever their case; name one with AS")  # fmt: skip
    with connect() as duck:
        duck.register("arrived", rows)
        selected = "SELECT * FROM arrived"
        write_rows(duck.execute(selected if query.ordered else ORDERED.replace("rows", selected)), to)  # fmt: skip


def check_engine(scheme: str) -> str:
    """What is wrong with an engine's name; "" if ibis knows it or is not here to say.

    Examples:
        >>> check_engine("sqlite"), check_engine("sqlit")
        ('', "did you mean 'sqlite'?")
    """
    known = known_engines()
    return "" if not known or scheme in known else nearest(scheme, known)
