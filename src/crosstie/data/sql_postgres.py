"""The rows of a query that PostgreSQL answers, as a Parquet file."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from crosstie.data import postgres
from crosstie.data.sql import CLOSED
from crosstie.data.sql_bound import Bound
from crosstie.errors import DataError

AT_ONCE = 65_536  # rows that a server sends at a time where it does not stream
ALIKE = (  # the same rows in the same order each time, and nothing written
    "TRANSACTION READ ONLY",
    "LOCAL synchronize_seqscans = off",
    "LOCAL max_parallel_workers_per_gather = 0",
)


def fetch(address: str, asked: Bound, name: str, to: Path) -> None:
    """Write the rows of a query to a Parquet file, as they come. Nothing can be written to the database.

    Without ORDER BY rows come as they lie in the table, not as several workers of the server find them.

    Args:
        address: Of the database.
        asked: The query.
        name: Of the query, for messages.
        to: The file.

    Raises:
        DataError: Nobody answers there, or the query is refused.
        MissingExtra: The driver is not installed.
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
    import duckdb  # 113 ms

    with duckdb.connect(config=CLOSED) as duck:
        duck.register("arrived", rows)
        duck.execute(f"COPY ({selected}) TO '{to}' (FORMAT parquet)")
