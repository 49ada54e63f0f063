"""One transaction in a database that rows are written to: what differs between PostgreSQL and DuckDB."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

from crosstie.data import postgres
from crosstie.data.postgres import quoted
from crosstie.errors import DataError, MissingExtra

DUCKDB = "duckdb"
STAGED = "crosstie_rows"  # the temporary table that rows come to
LINE = "\nLINE "  # behind it DuckDB shows our own SQL
CLOSED: dict[str, str | bool | int | float | list[str]] = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
}
TEMPORARY = "SELECT column_name, lower(data_type) FROM duckdb_columns() WHERE table_name = ? AND database_name = 'temp' ORDER BY column_index"
PERMANENT = (
    "SELECT column_name, lower(data_type) FROM duckdb_columns() WHERE table_name = ? AND database_name = current_database() "
    "AND schema_name = ? ORDER BY column_index"
)


class Transaction(Protocol):
    """What writing asks of a database, in one transaction."""

    def has_schema(self, name: str) -> bool:
        """Whether there is a schema."""

    def columns(self, table: str) -> dict[str, str] | None:
        """The columns of a table and their types; None if there is no table."""

    def stage(self, table: Any, *, first: bool) -> None:
        """Put an Arrow table's rows behind those that are staged."""

    def lock(self, table: str) -> None:
        """Let nobody else write to a table until this ends; it can be read."""

    def execute(self, sql: str) -> Any:
        """The first row that a statement gives, if it gives any."""

    def commit(self) -> None:
        """Have it all, for everybody."""


class _Postgres:
    def __init__(
        self, connection: Any, cursor: Any, told: Callable[[Exception], DataError]
    ) -> None:
        self._connection = connection
        self._cursor = cursor
        self._told = told

    def has_schema(self, name: str) -> bool:
        return bool(self._one("SELECT to_regnamespace($1) IS NOT NULL", quoted(name))[0])

    def columns(self, table: str) -> dict[str, str] | None:
        parts = ["pg_temp", table] if table == STAGED else table.split(".")
        name = ".".join(map(quoted, parts))
        if self._one("SELECT to_regclass($1) IS NULL", name)[0]:
            return None
        self._execute(
            "SELECT attname::text, format_type(atttypid, atttypmod) FROM pg_attribute "
            "WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped ORDER BY attnum",
            name,
        )
        return dict(self._cursor.fetchall())

    def stage(self, table: Any, *, first: bool) -> None:
        from adbc_driver_manager import Error

        try:
            rows = table.cast(postgres.taken(table.schema, "what is to be written"))
            self._cursor.adbc_ingest(STAGED, rows, mode="create" if first else "append", temporary=True)  # fmt: skip
        except Error as error:
            raise self._told(error) from None

    def lock(self, table: str) -> None:
        self._execute(f"LOCK TABLE {table} IN SHARE ROW EXCLUSIVE MODE")

    def execute(self, sql: str) -> Any:
        self._execute(sql)
        return self._cursor.fetchone() if self._cursor.description else None

    def commit(self) -> None:
        self._execute(f"DROP TABLE {STAGED}")
        self._connection.commit()

    def _one(self, sql: str, *given: str) -> Any:
        self._execute(sql, *given)
        return self._cursor.fetchone()

    def _execute(self, sql: str, *given: str) -> None:
        from adbc_driver_manager import Error

        try:
            self._cursor.execute(sql, given or None)
        except Error as error:
            raise self._told(error) from None


@contextmanager
def in_postgres(address: str, name: str) -> Iterator[Transaction]:
    """A transaction in PostgreSQL, which is taken back unless it is committed.

    Args:
        address: Of the database.
        name: What is written to, for messages.

    Raises:
        DataError: Nobody answers there.
        MissingExtra: The driver is not installed.
    """
    needed = f"writing to {name}"
    with postgres.connected(address, needed_for=needed) as connection, connection.cursor() as cursor:  # fmt: skip
        yield _Postgres(connection, cursor, lambda error: DataError(f"{name}: {postgres.told(error, address)}"))  # fmt: skip


class _DuckDB:
    def __init__(self, connection: Any, told: Callable[[Exception], DataError]) -> None:
        self._connection = connection
        self._told = told

    def has_schema(self, name: str) -> bool:
        return bool(self._run("SELECT 1 FROM information_schema.schemata WHERE schema_name = ?", name))  # fmt: skip

    def columns(self, table: str) -> dict[str, str] | None:
        schema, _, name = table.rpartition(".")
        found = self._run(TEMPORARY, name) if table == STAGED else self._run(PERMANENT, name, schema or "main")  # fmt: skip
        return dict(found) or None

    def stage(self, table: Any, *, first: bool) -> None:
        self._connection.register("crosstie_arrived", table)
        to = f"CREATE TEMPORARY TABLE {STAGED} AS" if first else f"INSERT INTO {STAGED}"
        self._run(f"{to} SELECT * FROM crosstie_arrived")  # noqa: S608 - our own names
        self._connection.unregister("crosstie_arrived")

    def lock(self, table: str) -> None:
        """Of two who write, the second is refused when it commits."""

    def execute(self, sql: str) -> Any:
        found = self._run(sql)
        return found[0] if found else None

    def commit(self) -> None:
        self._run("COMMIT")

    def _run(self, sql: str, *given: str) -> Any:
        import duckdb

        try:
            return self._connection.execute(sql, given or None).fetchall()
        except duckdb.Error as error:
            raise self._told(error) from None


@contextmanager
def in_duckdb(address: str, name: str, base: Path) -> Iterator[Transaction]:
    """A transaction in a file of DuckDB, which is made if it is not there.

    Args:
        address: Of the database.
        name: What is written to, for messages.
        base: The folder that the file's path is relative to.

    Raises:
        DataError: It cannot be opened, as while another process writes to it.
        MissingExtra: DuckDB is not installed.
    """
    try:
        import duckdb  # 113 ms
    except ModuleNotFoundError:
        raise MissingExtra("duckdb", "train", needed_for=f"writing to {name}") from None

    def told(error: Exception) -> DataError:
        return DataError(f"{name}: {' '.join(str(error).partition(LINE)[0].split())}")

    path = base / address.removeprefix("duckdb://").removeprefix("/")
    try:
        connection = duckdb.connect(str(path), config=CLOSED)
    except duckdb.Error as error:
        raise told(error) from None
    try:
        connection.execute("BEGIN TRANSACTION")
        yield _DuckDB(connection, told)
    finally:
        connection.close()
