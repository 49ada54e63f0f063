"""Partial dependence: what is predicted on average where a column has one value in all rows (Friedman 2001).

Values are taken from rows, so nothing is asked of that no row has; but beside each other they may stand as in no row where columns
go together (every house with 10 rooms and one inhabitant): what is said of those is a guess of the model like any other.
"""

import numpy as np
from numpy.typing import NDArray

from crosstie.evaluation.metric import Array

Places = NDArray[np.int64]


def spread(values: Array, most: int) -> Places:
    """Rows whose numbers stand for a column's: quantiles from one of a hundred to 99, each number once.

    What is further out is rare, and an axis that reached so far would have little on it.

    Args:
        values: float `[rows]`, NaN where missing.
        most: How many rows, 2 at least.

    Returns:
        Rows, their numbers rising; none where all are missing.

    Examples:
        >>> spread(np.array([5.0, np.nan, 1.0, 2.0, 2.0]), 3).tolist()
        [2, 4, 0]
    """
    order = np.argsort(values, kind="stable")
    order = order[: np.count_nonzero(np.isfinite(values))]
    if not len(order):
        return order
    picked = order[(np.linspace(0.01, 0.99, most) * (len(order) - 1)).round().astype(np.int64)]
    _, first = np.unique(values[picked], return_index=True)
    return np.asarray(picked[first], np.int64)


def frequent(codes: Array, most: int) -> tuple[Places, Places]:
    """A row of each of a column's most frequent levels, and how many rows have it, the most frequent first.

    Args:
        codes: int `[rows]`, -1 where missing.
        most: How many levels.

    Examples:
        >>> rows, counts = frequent(np.array([3, 1, 1, -1, 0]), 2)
        >>> rows.tolist(), counts.tolist()
        ([1, 4], [2, 1])
    """
    levels, first, counts = np.unique(codes, return_index=True, return_counts=True)
    there = levels >= 0
    first, counts = first[there], counts[there]
    order = np.argsort(-counts, kind="stable")[:most]
    return first[order], counts[order]


def exchanges(rows: int, columns: int, column: int, donors: Places) -> Places:
    """From which row each column of all rows is taken where one column is that of each donor.

    Args:
        rows: How many.
        columns: Of each.
        column: The place of the one that is exchanged.
        donors: Rows that its values are taken from.

    Returns:
        int64 `[donors * rows, columns]`, donor by donor.

    Examples:
        >>> exchanges(2, 2, 0, np.array([1])).tolist()
        [[1, 0], [1, 1]]
    """
    picks = np.repeat(np.tile(np.arange(rows), len(donors))[:, None], columns, axis=1)
    picks[:, column] = np.repeat(donors, rows)
    return picks


def averages(said: Array, donors: int, weights: Array | None = None) -> NDArray[np.float64]:
    """The mean prediction for each donor's value.

    Args:
        said: What is predicted for `exchanges`, `[donors * rows]` or `[donors * rows, values]`.
        donors: How many.
        weights: `[rows]`, or None for all equal.

    Returns:
        `[donors, values]`.
    """
    found = np.asarray(said, np.float64).reshape(donors, len(said) // max(donors, 1), -1)
    return np.asarray(np.average(found, axis=1, weights=weights), np.float64)
