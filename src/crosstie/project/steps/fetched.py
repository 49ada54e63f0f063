"""Tables of a database that queries name and run on here, in DuckDB: fetched once, all of them or a sample."""

from pathlib import Path
from typing import Any

from crosstie.project.steps.duck import ORDERED, connect, write_rows

ALL = "SELECT * FROM {table}"
SOME = ALL + " AS crosstie_row ORDER BY md5(CAST(crosstie_row AS TEXT)), CAST(crosstie_row AS TEXT) LIMIT {rows}"  # fmt: skip


def run_fetched(table: str, sample: int | None, to: Path, *, connection: str, root: Path) -> None:
    """Write the rows of a table of a database to a Parquet file, sorted by all columns.

    A sample is of the rows whose text has the lowest MD5: spread over the table, and the same each time that the table
    holds the same, in whichever order.

    Args:
        table: With its schema.
        sample: So many rows; None for all.
        to: The file.
        connection: The database's address.
        root: The project's folder, which the path of a DuckDB is relative to.

    Raises:
        DataError: There is no such table, or the database cannot be reached.
        MissingExtra: The driver is not installed.
    """
    from crosstie.data.postgres import quoted
    from crosstie.data.scratch import Scratch
    from crosstie.data.sql import fetch  # pyarrow, 131 ms

    name = ".".join(map(quoted, table.split(".")))
    text = ALL.format(table=name) if sample is None else SOME.format(table=name, rows=sample)
    scratch = Scratch()
    rows = scratch.path("rows.parquet")
    fetch(connection, text, None, table, rows, base=root)
    with connect() as duck:
        given: dict[str, Any] = {"path": str(rows)}
        write_rows(duck.execute(ORDERED.replace("rows", "SELECT * FROM read_parquet($path)"), given), to)  # fmt: skip
