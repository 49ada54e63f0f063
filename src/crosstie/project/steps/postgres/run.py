"""SQL steps in PostgreSQL: their tables are brought there, the rows come back as Arrow, and nothing else stays.

All statements of a step are in one transaction that is taken back at the end. The tables that it reads are written to
the environment's schema beforehand, once for as long as they hold the same, which a comment on each says.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from crosstie.data.postgres import quoted, stored, taken, types_of_texts
from crosstie.errors import DataError
from crosstie.project.steps.duck import ORDERED, connect, write_rows
from crosstie.project.steps.postgres.connection import Database, connected
from crosstie.project.steps.postgres.dialect import Query, queries

MARK = "Crosstie: "
BATCH = 65_536  # rows that are brought at a time
COLUMNS = "SELECT attname FROM pg_attribute WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped"


def run_sql(
    text: str,
    where: str,
    tables: Mapping[str, Path],
    settings: Mapping[str, Any],
    to: Path,
    *,
    database: Database,
    foreign: Sequence[str] = (),
) -> None:
    """Write the rows of a query to a Parquet file, in the order that DuckDB would give them.

    Args:
        text: Statements, of which the last is the query.
        where: The file as messages name it.
        tables: The tables of the project that it reads.
        settings: What its `:names` are.
        to: The file.
        database: Where it runs.
        foreign: Tables of the database that it reads.

    Raises:
        DataError: PostgreSQL refuses it, or it cannot be said there.
        MissingExtra: The driver is not installed.
    """
    from adbc_driver_manager import Error  # 100 ms
    from pyarrow import parquet  # 131 ms

    columns = [name for path in tables.values() for name in parquet.read_schema(path).names]
    with connected(database) as connection, connection.cursor() as cursor:
        try:
            _bring(connection, cursor, tables, database)
        except Error as error:
            raise DataError(f"{where}: PostgreSQL: {database.told(error)}") from None
        for each in foreign:
            cursor.execute(COLUMNS, (each,))
            columns += [name for (name,) in cursor.fetchall()]
        *before, last = queries(text, where, columns)
        for query in before:
            _execute(cursor, query, "", settings, database)
        if last.names:  # a query with parameters is not streamed, a table is
            _execute(cursor, last, "CREATE TEMPORARY TABLE crosstie_rows AS ", settings, database)
            cursor.execute("SELECT * FROM pg_temp.crosstie_rows")
        else:
            _execute(cursor, last, "", settings, database)
        if not cursor.description:
            raise DataError(f"{where}: its last statement is no query. End with the SELECT that makes the table")  # fmt: skip
        _write(cursor.fetch_record_batch(), last, to)


def _execute(
    cursor: Any, query: Query, into: str, settings: Mapping[str, Any], database: Database
) -> None:
    from adbc_driver_manager import Error

    given = {name: settings[name] for name in query.names}
    try:
        types = types_of_texts(cursor, query.asked, given)
        cursor.execute(into + query.sql(types), tuple(given.values()) or None)
    except Error as error:
        raise DataError(query.line_of(database.told(error))) from None


def _write(reader: Any, query: Query, to: Path) -> None:
    """Write rows as they come; numbers without a fixed precision as float64, documents and keys as text."""
    rows, selected = stored(reader, query.where)
    with connect() as duck:
        duck.register("arrived", rows)
        write_rows(duck.execute(selected if query.ordered else ORDERED.replace("rows", selected)), to)  # fmt: skip


def _bring(connection: Any, cursor: Any, tables: Mapping[str, Path], database: Database) -> None:
    """Have the tables of the project in the schema as they are now, and hold them for this transaction.

    Others who bring the same table wait, and whoever replaces one waits for those that read it.

    Raises:
        DataError: A table of that name is there that Crosstie has not made, or a column cannot be brought.
    """
    schema = database.schema
    if schema is not None:
        cursor.execute("SELECT to_regnamespace($1)::text", (quoted(schema),))
        if cursor.fetchone() == (None,):  # of two who make it at once one would fail
            cursor.execute(
                "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", (quoted(schema),)
            )
            cursor.fetchall()
            cursor.execute(f"CREATE SCHEMA IF NOT EXISTS {quoted(schema)}")
        cursor.execute(f"SET search_path TO {quoted(schema)}, public")
        connection.commit()
    brought = []
    for name, path in sorted(tables.items()):
        full = f"{quoted(schema)}.{quoted(name)}" if schema else quoted(name)
        cursor.execute("SELECT pg_advisory_lock(hashtextextended($1, 0))", (full,))
        cursor.fetchall()
        cursor.execute("SELECT to_regclass($1)::text, obj_description(to_regclass($1), 'pg_class')", (full,))  # fmt: skip
        there, mark = cursor.fetchone()
        wanted = f"{MARK}{database.digests[name]}"
        if there is not None and not str(mark).startswith(MARK):
            raise DataError(f"{database}: the table {full} is there already and is not one that Crosstie made; give the environment another schema")  # fmt: skip
        if mark != wanted:
            cursor.execute(f"DROP TABLE IF EXISTS {full}")
            _load(cursor, name, path, database)
            cursor.execute(f"COMMENT ON TABLE {full} IS '{wanted}'")
        connection.commit()
        brought.append(full)
    for full in brought:
        cursor.execute(f"LOCK TABLE {full} IN ACCESS SHARE MODE")
    cursor.execute("SELECT pg_advisory_unlock_all()")
    cursor.fetchall()


def _load(cursor: Any, name: str, path: Path, database: Database) -> None:
    import pyarrow as pa
    from pyarrow import parquet

    with parquet.ParquetFile(path) as file:
        schema = taken(file.schema_arrow, name)
        batches = (each.cast(schema) for each in file.iter_batches(BATCH))
        reader = pa.RecordBatchReader.from_batches(schema, batches)
        cursor.adbc_ingest(name, reader, mode="create", db_schema_name=database.schema)
