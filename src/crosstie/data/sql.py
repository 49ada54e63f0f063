"""The rows of a query, which DuckDB or PostgreSQL answers."""

from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from crosstie.data.reader import Reading
from crosstie.data.readers.parquet import Parquet
from crosstie.data.scratch import Scratch
from crosstie.data.source import Source
from crosstie.errors import DataError, MissingExtra, nearest

POSTGRES = ("postgresql", "postgres")
PREFIX = "duckdb://"
OPTIONS = ("connection", "query", "params", "missing")
CLOSED: dict[str, str | int] = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "threads": 1,  # more of them give the rows of a GROUP BY another order every time
}


def query(spec: Mapping[str, Any], base: Path, missing: Sequence[str] | None) -> Source:
    """Run a query once; its rows stay the same however often they are read.

    Args:
        spec: `connection`: `duckdb:///shop.db` (relative to `base`), `duckdb:////abs/shop.db`, `duckdb://` for no
            database at all, which can query files, or `postgresql://ann:${PASSWORD}@db/shop`. `query`: SQL, or the path
            of a `.sql` file. `params`: what each `:name` in it is. `missing` if need be.
        base: The folder that paths are relative to.
        missing: Texts that mean that nothing is there.

    Raises:
        DataError: There is no such database or file, a `:name` has no value, or the database refuses the query.
        MissingExtra: What speaks to the database is not installed.
    """
    for name in spec:
        if name not in OPTIONS:
            raise DataError(f"data.{name}: unknown option; {nearest(name, OPTIONS)}")
    written, name = _written(spec.get("query"), base)
    scratch = Scratch()
    rows = scratch.path("query.parquet")
    fetch(str(spec["connection"]), written, spec.get("params"), name, rows, base=base)
    reading = Reading(missing=spec.get("missing", missing))
    return Source(
        name, [Parquet(rows, name, reading, scratch)], hashed=[rows], missing=reading.missing
    )


def fetch(connection: str, text: str, params: Any, name: str, to: Path, *, base: Path) -> None:
    """Write the rows of a query to a Parquet file, as they come.

    Args:
        connection: As in `query`.
        text: SQL.
        params: As in `query`.
        name: Of the query, for messages.
        to: The file.
        base: The folder that paths are relative to.

    Raises:
        DataError: As `query`.
        MissingExtra: As `query`.
    """
    scheme = connection.partition("://")[0]
    if scheme in POSTGRES:
        asked = _apart("sql_bound").bound(text, params, "postgres", name)
        _apart("sql_postgres").fetch(connection, asked, name, to)
    elif connection.startswith(PREFIX):
        values: Mapping[str, Any] = {}
        if params is not None or ":" in text:
            asked = _apart("sql_bound").bound(text, params, "duckdb", name)
            text, values = asked.text(lambda each: f"${each}"), asked.values
        _from_duckdb(connection, base, text, values, name, to)
    else:
        raise DataError(
            f"data.connection: {scheme!r} cannot be queried here; DuckDB and PostgreSQL can, as in 'duckdb:///shop.db' and "
            "'postgresql://db/shop'. Export the table to Parquet or CSV."
        )


def _written(written: Any, base: Path) -> tuple[str, str]:
    """A query, and what messages call it."""
    if not isinstance(written, str) or not written.strip():
        raise DataError("data.query: is missing. Give SQL, or the path of a .sql file.")
    name = "the query"
    if written.strip().lower().endswith(".sql"):
        path, name = base / written.strip(), written.strip()
        if not path.is_file():
            raise DataError(f"{name}: there is no such file")
        written = path.read_text(encoding="utf-8")
    return written.strip().rstrip(";"), name


def _apart(name: str) -> Any:
    """A module of this room by name, so that packages of models, which predict from files, are made without it.

    Raises:
        DataError: This is one.
    """
    try:
        return import_module(f"{__package__}.{name}")
    except ModuleNotFoundError as error:
        if error.name != f"{__package__}.{name}":
            raise
        raise DataError("data.connection: a packaged model answers queries of DuckDB without parameters only. Export the table to Parquet or CSV.") from None  # fmt: skip


def _from_duckdb(
    written: str, base: Path, text: str, values: Mapping[str, Any], name: str, to: Path
) -> None:
    duckdb = _duckdb()
    with _opened(written, base) as connection:
        try:
            connection.execute(f"COPY ({text}) TO '{to}' (FORMAT parquet)", dict(values) or None)
        except duckdb.Error as error:
            what = " ".join(
                str(error).partition("\nLINE ")[0].split()
            )  # LINE shows our COPY around it
            raise DataError(f"{name} fails: {what}") from None


def _opened(written: str, base: Path) -> Any:
    duckdb = _duckdb()
    path = written.removeprefix(PREFIX).removeprefix("/")
    if path in ("", ":memory:"):
        database, read_only = ":memory:", False
    else:
        database, read_only = str(base / path), True
        if not Path(database).is_file():
            raise DataError(f"{written}: there is no such database")
    try:
        config = {**CLOSED, "file_search_path": str(base.resolve())}
        return duckdb.connect(database, read_only=read_only, config=config)
    except duckdb.Error as error:
        raise DataError(f"{written}: cannot be opened: {str(error).strip()}") from None


def _duckdb() -> Any:
    try:
        import duckdb  # 113 ms
    except ModuleNotFoundError:
        raise MissingExtra("duckdb", "train", needed_for="a query") from None
    return duckdb
