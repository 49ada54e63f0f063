"""SQL steps in PostgreSQL: their tables are brought there, the rows come back as Arrow, and nothing else stays.

All statements of a step are in one transaction that is taken back at the end. The tables that it reads are written to
the environment's schema beforehand, once for as long as they hold the same, which a comment on each says.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from crosstie.errors import DataError
from crosstie.project.steps.duck import ORDERED, connect, write_rows
from crosstie.project.steps.postgres.connection import Database, connected, told
from crosstie.project.steps.postgres.dialect import Query, queries

MARK = "Crosstie: "
BATCH = 65_536  # rows that are brought at a time
NUMBERS = {"numeric": "CAST({0} AS DOUBLE) AS {0}", "numeric[]": "CAST({0} AS DOUBLE[]) AS {0}"}
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
            raise DataError(f"{where}: PostgreSQL: {told(error, database)}") from None
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
        types = _types(cursor, query, given)
        cursor.execute(into + query.sql(types), tuple(given.values()) or None)
    except Error as error:
        raise DataError(query.line_of(told(error, database))) from None


def _types(cursor: Any, query: Query, given: Mapping[str, Any]) -> dict[str, str]:
    """What the server takes parameters for that are texts, so that `'2024-01-01'` may be a date."""
    texts = [name for name, value in given.items() if value is None or isinstance(value, str)]
    if not texts:
        return {}
    cursor.execute(f"PREPARE crosstie_query AS {query.asked}")
    cursor.execute("SELECT unnest(parameter_types)::text FROM pg_prepared_statements WHERE name = 'crosstie_query'")  # fmt: skip
    types = [each for (each,) in cursor.fetchall()]
    cursor.execute("DEALLOCATE crosstie_query")
    return {name: kind for name, kind in zip(query.names, types, strict=True) if name in texts}


def _write(reader: Any, query: Query, to: Path) -> None:
    """Write rows as they come; numbers without a fixed precision as float64, documents and keys as text."""
    import pyarrow as pa

    names = reader.schema.names
    folded = [name.lower() for name in names]
    twice = next((name for name in names if folded.count(name.lower()) > 1), None)
    if twice is not None:
        raise DataError(f"{query.where}: two columns are called {twice!r}, whatever their case; name one with AS")  # fmt: skip
    kinds = {each.name: _kind(each.type) for each in reader.schema}
    plain = pa.schema([pa.field(each.name, getattr(each.type, "storage_type", each.type)) for each in reader.schema])  # fmt: skip
    rows = pa.RecordBatchReader.from_batches(plain, _stored(reader, plain))
    with connect() as duck:
        shown = ", ".join(_column(name, kind) for name, kind in kinds.items())
        duck.register("arrived", rows)
        selected = f"SELECT {shown} FROM arrived"  # noqa: S608 - names, quoted
        write_rows(duck.execute(selected if query.ordered else ORDERED.replace("rows", selected)), to)  # fmt: skip


def _stored(reader: Any, schema: Any) -> Iterator[Any]:
    import pyarrow as pa

    for batch in reader:
        columns = [getattr(each, "storage", each) for each in batch.columns]
        yield pa.RecordBatch.from_arrays(columns, schema=schema)


def _kind(kind: Any) -> str:
    """What PostgreSQL calls a type that Arrow has no own one for."""
    import pyarrow as pa

    if pa.types.is_list(kind):
        return f"{_kind(kind.value_type)}[]"
    return str(getattr(kind, "type_name", kind))


def _column(name: str, kind: str) -> str:
    quoted = '"' + name.replace('"', '""') + '"'
    if kind in {"numeric", "numeric[]"}:
        return NUMBERS[kind].format(quoted)
    if "uuid" in kind:
        return f"lower(regexp_replace(hex({quoted}), '(.{{8}})(.{{4}})(.{{4}})(.{{4}})(.{{12}})', '\\1-\\2-\\3-\\4-\\5')) AS {quoted}"
    return quoted


def _bring(connection: Any, cursor: Any, tables: Mapping[str, Path], database: Database) -> None:
    """Have the tables of the project in the schema as they are now, and hold them for this transaction.

    Others who bring the same table wait, and whoever replaces one waits for those that read it.

    Raises:
        DataError: A table of that name is there that Crosstie has not made, or a column cannot be brought.
    """
    schema = database.schema
    if schema is not None:
        cursor.execute("SELECT to_regnamespace($1)::text", (_quoted(schema),))
        if cursor.fetchone() == (None,):  # of two who make it at once one would fail
            cursor.execute(
                "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", (_quoted(schema),)
            )
            cursor.fetchall()
            cursor.execute(f"CREATE SCHEMA IF NOT EXISTS {_quoted(schema)}")
        cursor.execute(f"SET search_path TO {_quoted(schema)}, public")
        connection.commit()
    brought = []
    for name, path in sorted(tables.items()):
        full = f"{_quoted(schema)}.{_quoted(name)}" if schema else _quoted(name)
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
        nested = [each.name for each in file.schema_arrow if _nested(each.type)]
        if nested:
            raise DataError(f"{name}: {', '.join(nested)}: columns of records cannot be brought to PostgreSQL; leave them out in a step before")  # fmt: skip
        schema = pa.schema(
            [
                each.with_type(pa.decimal128(20)) if pa.types.is_uint64(each.type) else each
                for each in file.schema_arrow
            ]
        )  # the driver would take large ones for negative
        batches = (each.cast(schema) for each in file.iter_batches(BATCH))
        reader = pa.RecordBatchReader.from_batches(schema, batches)
        cursor.adbc_ingest(name, reader, mode="create", db_schema_name=database.schema)


def _nested(kind: Any) -> bool:
    import pyarrow as pa

    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return _nested(kind.value_type)
    return bool(pa.types.is_struct(kind) or pa.types.is_map(kind) or pa.types.is_union(kind))


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
