"""Whether a table of the database that is nobody's step has changed, told without copying it.

PostgreSQL keeps with each row the transaction that wrote it. How many rows there are and the sum of those numbers, each
hashed, is another after every insert, update and delete that was committed: one pass over the table, no column read.
"""

from uuid import uuid4

from crosstie.errors import DataError, nearest
from crosstie.project.fingerprint.module import digest
from crosstie.project.steps.postgres.connection import Database, connected

KIND = "SELECT relkind::text FROM pg_class WHERE oid = to_regclass($1)"
COLUMNS = (
    "SELECT string_agg(attname || ' ' || atttypid::text || ' ' || atttypmod::text, ', ' ORDER BY attnum) "
    "FROM pg_attribute WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped"
)
ROWS = "SELECT count(*)::text || ' ' || coalesce(sum(hashint8(xmin::text::bigint)::numeric), 0)::text FROM {table}"
TABLES = "SELECT table_schema || '.' || table_name FROM information_schema.tables WHERE table_schema NOT IN ('pg_catalog', 'information_schema')"
SEEN = ("r", "p", "m")  # tables, partitioned ones, materialized views


def freshness(table: str, database: Database) -> tuple[str, str]:
    """A digest that is another when a table of the database has changed, and what is to be said of it.

    Args:
        table: With its schema, as queries name it.
        database: Where it is.

    Raises:
        DataError: There is no such table, or it may not be read.
        MissingExtra: The driver is not installed.
    """
    with connected(database) as connection, connection.cursor() as cursor:
        from adbc_driver_manager import Error

        try:
            cursor.execute(KIND, (table,))
            kind = cursor.fetchone()
            if kind is None:
                cursor.execute(TABLES)
                known = [each for (each,) in cursor.fetchall()]
                raise DataError(f"{table}: no such table at {database}; {nearest(table, known)}")
            if kind[0] not in SEEN:
                what = "is a view or lies elsewhere, so that nothing tells whether it has changed: what reads it is run each time"
                return digest(uuid4().hex), what
            cursor.execute(COLUMNS, (table,))
            (columns,) = cursor.fetchone()
            quoted = ".".join(f'"{each}"' for each in table.split("."))
            cursor.execute(ROWS.format(table=quoted))
            (rows,) = cursor.fetchone()
        except Error as error:
            raise DataError(f"{table}: {database.told(error)}") from None
    return digest(f"{columns} {rows}"), ""
