"""How much each row counts, where a column says so."""

import numpy as np
from numpy.typing import NDArray

from crosstie.data.style import Style
from crosstie.data.table import Table
from crosstie.errors import DataError, Problem, nearest


def row_weights(
    table: Table, name: str, style: Style
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """The weight of every row, 0 where it is missing, and which rows have one.

    Args:
        table: Holds the column.
        name: Of the column.
        style: How it writes numbers.

    Raises:
        DataError: There is no such column, or a weight is negative.
    """
    if name not in table.columns:
        raise DataError(
            Problem(
                name,
                f"the table has no such column for weights; {nearest(name, table.columns)}",
            )
        )
    column = table.column(name, "number", style=style)
    values = np.asarray(column.values)
    if negative := int((values < 0).sum()):
        first = int(np.flatnonzero(values < 0)[0])
        raise DataError(
            Problem(
                name,
                f"{negative} rows have a negative weight, the first is row {first + 1} with "
                f"{values[first]:g}. Weights are 0 or more.",
            )
        )
    return np.where(column.valid, values, 0).astype(np.float32), column.valid
