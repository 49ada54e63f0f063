"""Which group each row is of, where columns tell groups apart."""

from collections.abc import Sequence

from crosstie.data.table import Table
from crosstie.errors import DataError
from crosstie.features.absent import lacking

Key = tuple[str | None, ...]  # one text for each column, None where nothing stands


def row_groups(table: Table, columns: Sequence[str]) -> list[Key]:
    """What the columns say of each row, None where nothing.

    Args:
        table: Holds the columns.
        columns: Their names.

    Raises:
        DataError: Some are absent; all are named.

    Examples:
        >>> row_groups(Table.from_columns({"sex": ["f", None], "age": [30, 41]}), ["sex", "age"])
        [('f', '30'), (None, '41')]
    """
    absent = [name for name in columns if name not in table.columns]
    if absent:
        raise DataError(lacking(absent, table.columns, set(columns)))
    return list(zip(*map(table.cells, columns), strict=True))
