"""The rows of a query, which DuckDB or PostgreSQL answers."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from crosstie.data import postgres
from crosstie.data.reader import Reading
from crosstie.data.readers.parquet import Parquet
from crosstie.data.scratch import Scratch
from crosstie.data.source import Source
from crosstie.data.sql_parameters import parameters
from crosstie.errors import DataError, MissingExtra, Problem, nearest

PREFIX = "duckdb://"
OPTIONS = ("connection", "query", "params", "missing")
AT_ONCE = 65_536  # rows that a server sends at a time where it does not stream
ALIKE = (  # the same rows in the same order each time, and nothing written
    "TRANSACTION READ ONLY",
    "LOCAL synchronize_seqscans = off",
    "LOCAL max_parallel_workers_per_gather = 0",
)
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
    if scheme in postgres.SCHEMES:
        _from_postgres(connection, bound(text, params, "postgres", name), name, to)
    elif connection.startswith(PREFIX):
        _from_duckdb(connection, base, bound(text, params, "duckdb", name), name, to)
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


@dataclass(frozen=True)
class Bound:
    """A query and what its `:names` are, of which none is pasted.

    Attributes:
        pieces: What stands between the names.
        names: Them, as they come.
        values: Of each name, in the order in which they come first.
    """

    pieces: Sequence[str]
    names: Sequence[str]
    values: Mapping[str, Any]

    def text(self, mark: Callable[[str], str]) -> str:
        """It, with the mark of each name in its place."""
        marks = [*map(mark, self.names), ""]
        return "".join(f"{piece}{each}" for piece, each in zip(self.pieces, marks, strict=True))


def bound(written: str, params: Any, dialect: str, name: str) -> Bound:
    """A query with the values of its `:names`.

    Args:
        written: The query.
        params: Values by name.
        dialect: As sqlglot calls it.
        name: Of the query, for messages.

    Raises:
        DataError: A name has no value, or a value no name.
    """
    if params is not None and not isinstance(params, Mapping):
        raise DataError(f"data.params: must be a section of values, as in {{since: 2024-01-01}}, got {params!r}")  # fmt: skip
    given: Mapping[str, Any] = params or {}
    found = _names(written, dialect, name) if ":" in written else []
    names = [each.text for _, each in found]
    wrong = [f"{name}: :{each} has no value; give it in data.params" for each in dict.fromkeys(names) if each not in given]  # fmt: skip
    wrong += [f"data.params.{each}: there is no :{each} in {name}; {nearest(each, names)}" for each in given if each not in names]  # fmt: skip
    if wrong:
        raise DataError([Problem("", each) for each in wrong])
    ends = [0, *(each.end + 1 for _, each in found)]
    begins = [*(colon.start for colon, _ in found), len(written)]
    pieces = [written[end:begin] for end, begin in zip(ends, begins, strict=True)]
    return Bound(pieces, names, {each: given[each] for each in dict.fromkeys(names)})


def _names(written: str, dialect: str, name: str) -> list[tuple[Any, Any]]:
    try:
        from sqlglot import tokenize  # 60 ms
        from sqlglot.errors import SqlglotError
    except ModuleNotFoundError:
        raise MissingExtra("sqlglot", "train", needed_for="a colon in a query") from None
    try:
        return list(parameters(tokenize(written, read=dialect)))
    except SqlglotError:
        raise DataError(f"{name}: a text, a name or a comment in it does not end") from None


def _from_postgres(address: str, asked: Bound, name: str, to: Path) -> None:
    """Write the rows that PostgreSQL answers, as they come. Nothing can be written there.

    Without ORDER BY rows come as they lie in the table, not as several workers of the server find them.
    """
    with postgres.connected(address, needed_for="a query", where="data.connection") as connection:
        from adbc_driver_manager import Error  # 100 ms

        with connection.cursor() as cursor:
            try:
                for each in ALIKE:
                    cursor.execute(f"SET {each}")
                reader = _fetched(cursor, asked) if asked.values else _copied(cursor, asked)
                _write(reader, name, to)
            except Error as error:
                raise DataError(f"{name} fails: {postgres.told(error, address)}") from None


def _copied(cursor: Any, asked: Bound) -> Any:
    cursor.execute(asked.text(str))
    if not cursor.description:
        raise DataError("data.query: is no query. Give a SELECT.")
    return cursor.fetch_record_batch()


def _fetched(cursor: Any, asked: Bound) -> Any:
    """A reader of the rows of a query with parameters, which the server does not copy out: they are fetched bit by bit."""
    import pyarrow as pa  # 131 ms

    places = {name: f"${place}" for place, name in enumerate(asked.values, start=1)}
    types = postgres.types_of_texts(cursor, asked.text(places.__getitem__), asked.values)
    marks = {name: f"CAST(CAST({mark} AS TEXT) AS {types[name]})" if name in types else mark for name, mark in places.items()}  # fmt: skip
    text = asked.text(marks.__getitem__)
    cursor.execute(f"DECLARE crosstie_rows NO SCROLL CURSOR FOR {text}", tuple(asked.values.values()))  # fmt: skip
    cursor.adbc_statement.set_options(**{"adbc.postgresql.use_copy": "false"})

    def some() -> Any:
        cursor.execute(f"FETCH {AT_ONCE} FROM crosstie_rows")
        return cursor.fetch_arrow_table()

    def batches(table: Any) -> Iterator[Any]:
        while table.num_rows:
            yield from table.to_batches()
            table = some()

    first = some()
    return pa.RecordBatchReader.from_batches(first.schema, batches(first))


def _write(reader: Any, name: str, to: Path) -> None:
    rows, selected = postgres.stored(reader, name)
    with _duckdb().connect(config=CLOSED) as duck:
        duck.register("arrived", rows)
        duck.execute(f"COPY ({selected}) TO '{to}' (FORMAT parquet)")


def _from_duckdb(written: str, base: Path, asked: Bound, name: str, to: Path) -> None:
    duckdb = _duckdb()
    with _opened(written, base) as connection:
        try:
            text = asked.text(lambda each: f"${each}")
            connection.execute(f"COPY ({text}) TO '{to}' (FORMAT parquet)", dict(asked.values) or None)  # fmt: skip
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
