"""The columns that name a row in two versions of a table."""

from collections.abc import Mapping, Sequence
from typing import Any

from crosstie.gates.row_diff import quoted

FRACTIONS = ("FLOAT", "DOUBLE", "DECIMAL")  # what names no row


def naming_columns(connection: Any, columns: Mapping[str, str], wanted: Sequence[str]) -> list[str]:
    """Those that are wanted if both versions have them, else the first that is different in every row; none if none is.

    Args:
        connection: Of DuckDB, with the versions as `before` and `after`.
        columns: Those that both have, by name, with their types.
        wanted: Those that the model splits by.
    """
    if wanted and set(wanted) <= columns.keys():
        return list(wanted)
    for name, kind in columns.items():
        if kind.startswith(FRACTIONS):
            continue
        column = quoted(name)
        counted = [connection.execute(f"SELECT count(*), count(DISTINCT {column}) FROM {table}").fetchone() for table in ("before", "after")]  # noqa: S608 - quoted  # fmt: skip
        if all(rows == different for rows, different in counted):
            return [name]
    return []


def shared_columns(connection: Any) -> dict[str, str]:
    """The columns that `before` and `after` both have, with the types of `after`."""
    kinds = [dict(connection.execute(f"SELECT column_name, column_type FROM (DESCRIBE {name})").fetchall()) for name in ("before", "after")]  # noqa: S608 - our own two names  # fmt: skip
    return {name: kind for name, kind in kinds[1].items() if name in kinds[0]}
