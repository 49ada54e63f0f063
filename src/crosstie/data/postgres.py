"""PostgreSQL by ADBC: connections, and rows as Arrow that files can hold. No password is in a message from here."""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit, urlunsplit

from crosstie.errors import DataError, MissingExtra

SCHEMES = ("postgresql", "postgres")
SECONDS = 10  # to wait for a server, where the address does not say
NUMBERS = {"numeric": "CAST({0} AS DOUBLE) AS {0}", "numeric[]": "CAST({0} AS DOUBLE[]) AS {0}"}
KEYS = "lower(regexp_replace(hex({0}), '(.{{8}})(.{{4}})(.{{4}})(.{{4}})(.{{12}})', '\\1-\\2-\\3-\\4-\\5')) AS {0}"
_ODD = re.compile(r"[\s#]|%(?![0-9a-fA-F]{2})")


@contextmanager
def connected(
    address: str, *, needed_for: str = "PostgreSQL", where: str = "connection"
) -> Iterator[Any]:
    """A connection; what was not committed is taken back.

    Args:
        address: As in `postgresql://ann:secret@db/shop`.
        needed_for: What is not to be had without the driver.
        where: Where the address is written, as messages call it.

    Raises:
        MissingExtra: The driver is not installed.
        DataError: The address is none, or nobody answers there.
    """
    try:
        from adbc_driver_postgresql import dbapi  # 150 ms
    except ModuleNotFoundError as error:
        raise MissingExtra.of_module(error.name, "postgres", needed_for=needed_for) from None
    check_address(address, where)
    timed = "connect_timeout=" in address
    waiting = "" if timed else f"{'&' if '?' in address else '?'}connect_timeout={SECONDS}"
    try:
        connection = dbapi.connect(address + waiting)
    except dbapi.Error as error:
        raise DataError(f"{shown(address)}: cannot be reached: {told(error, address)}") from None
    try:
        yield connection
    finally:
        connection.close()


def check_address(address: str, where: str = "connection") -> None:
    """Refuse what the driver would read otherwise than it is meant, and then name parts of a password.

    Raises:
        DataError: A user or password has characters that mean something in an address.
    """
    _, _, rest = address.partition("://")
    before, _, asked = rest.partition("?")
    names = [each.partition("=")[0] for each in asked.split("&")]
    at_odds = before.count("@") > 1 or any("@" in each for each in [urlsplit(address).path, *names])
    if at_odds or _ODD.search(rest):
        raise DataError(
            f"{where}: a user or password in it has a space or one of @ / : ? # %, which mean something in an address; "
            "write %20 %40 %2F %3A %3F %23 %25 instead"
        )


def shown(address: str) -> str:
    """An address without who asks and their password.

    Examples:
        >>> shown("postgresql://ann:secret@db/shop?password=secret")
        'postgresql://db/shop'
    """
    found = urlsplit(address)
    return f"{found.scheme}://{found.netloc.rpartition('@')[2]}{found.path}"


def without_password(address: str) -> str:
    """An address that may be written down; the driver has the password from PGPASSWORD or its own file then.

    Examples:
        >>> without_password("postgresql://ann:secret@db/shop?sslmode=require&password=secret")
        'postgresql://ann@db/shop?sslmode=require'
    """
    found = urlsplit(address)
    who, at, host = found.netloc.rpartition("@")
    asked = parse_qsl(found.query, keep_blank_values=True)
    kept = [(name, value) for name, value in asked if "password" not in name]
    if found.password is None and len(kept) == len(asked):
        return address
    query = found.query if len(kept) == len(asked) else urlencode(kept)
    return urlunsplit(found._replace(netloc=f"{who.partition(':')[0]}{at}{host}", query=query))


def told(error: Exception, address: str) -> str:
    """What the server says in one line."""
    said = str(error).partition("ERROR:")[2] or str(error).rpartition("[libpq]")[2] or str(error)
    said = said.partition("\nLINE ")[0].partition("\n\nQuery was")[0].partition(". SQLSTATE")[0]
    said = said.partition("\nCONTEXT:")[0].partition("\nDETAIL:")[0].partition("\nHINT:")[0]
    said = " ".join(said.split()).removeprefix("Failed to connect: ")
    found = urlsplit(address)
    for word in filter(None, [found.password, dict(parse_qsl(found.query)).get("password")]):
        for each in (word, unquote(word)):
            said = said.replace(each, "…")
    return said


def types_of_texts(cursor: Any, prepared: str, given: Mapping[str, Any]) -> dict[str, str]:
    """What the server takes parameters for that are given as text, so that `'2024-01-01'` may be a date.

    Args:
        cursor: Of a connection.
        prepared: The statement, with `$1` for the first parameter.
        given: Values by name, the first parameter's first.
    """
    texts = [name for name, value in given.items() if value is None or isinstance(value, str)]
    if not texts:
        return {}
    cursor.execute(f"PREPARE crosstie_query AS {prepared}")
    cursor.execute("SELECT unnest(parameter_types)::text FROM pg_prepared_statements WHERE name = 'crosstie_query'")  # fmt: skip
    types = [each for (each,) in cursor.fetchall()]
    cursor.execute("DEALLOCATE crosstie_query")
    return {name: kind for name, kind in zip(given, types, strict=True) if name in texts}


def stored(reader: Any, name: str) -> tuple[Any, str]:
    """Rows as they come, and the query over them, called `arrived`, that makes of them what a file can hold.

    Numbers without a fixed precision become float64, documents and keys text.

    Args:
        reader: Of record batches.
        name: Of the query, for messages.

    Returns:
        A reader of the same batches, and a SELECT in DuckDB's SQL.

    Raises:
        DataError: Two columns have one name, or a column is of a type that no file holds.
    """
    import pyarrow as pa  # 131 ms

    folded = [each.lower() for each in reader.schema.names]
    twice = next((each for each in reader.schema.names if folded.count(each.lower()) > 1), None)
    if twice is not None:
        raise DataError(f"{name}: two columns are called {twice!r}, whatever their case; name one with AS")  # fmt: skip
    spans = [each.name for each in reader.schema if str(each.type) == "month_day_nano_interval"]
    if spans:
        raise DataError(f"{', '.join(spans)}: a table cannot hold intervals. Write their seconds, as in EXTRACT(epoch FROM {spans[0]})")  # fmt: skip
    schema = pa.schema([pa.field(each.name, getattr(each.type, "storage_type", each.type)) for each in reader.schema])  # fmt: skip
    columns = ", ".join(_column(each.name, _kind(each.type)) for each in reader.schema)
    rows = pa.RecordBatchReader.from_batches(schema, _plain(reader, schema))
    return rows, f"SELECT {columns} FROM arrived"  # noqa: S608 - names, quoted


def taken(schema: Any, name: str) -> Any:
    """The Arrow types that columns are to be cast to before the driver writes them.

    Args:
        schema: Of the table.
        name: What the table is called, for messages.

    Raises:
        DataError: There are columns of records.
    """
    import pyarrow as pa

    nested = [each.name for each in schema if _nested(each.type)]
    if nested:
        raise DataError(f"{name}: {', '.join(nested)}: columns of records cannot be brought to PostgreSQL; leave them out in a step before")  # fmt: skip
    # the driver would take large ones for negative
    fields = [each.with_type(pa.decimal128(20)) if pa.types.is_uint64(each.type) else each for each in schema]  # fmt: skip
    return pa.schema(fields)


def _nested(kind: Any) -> bool:
    import pyarrow as pa

    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return _nested(kind.value_type)
    return bool(pa.types.is_struct(kind) or pa.types.is_map(kind) or pa.types.is_union(kind))


def quoted(name: str) -> str:
    """A name as SQL has it, whatever it holds."""
    return '"' + name.replace('"', '""') + '"'


def _plain(reader: Any, schema: Any) -> Iterator[Any]:
    import pyarrow as pa

    for batch in reader:
        columns: Sequence[Any] = [getattr(each, "storage", each) for each in batch.columns]
        yield pa.RecordBatch.from_arrays(columns, schema=schema)


def _kind(kind: Any) -> str:
    """What PostgreSQL calls a type that Arrow has no own one for."""
    import pyarrow as pa

    if pa.types.is_list(kind):
        return f"{_kind(kind.value_type)}[]"
    return str(getattr(kind, "type_name", kind))


def _column(name: str, kind: str) -> str:
    if kind in NUMBERS:
        return NUMBERS[kind].format(quoted(name))
    return KEYS.format(quoted(name)) if "uuid" in kind else quoted(name)
