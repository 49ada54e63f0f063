"""What each column adds to a prediction: Shapley values by sampling orders (Strumbelj and Kononenko 2014).

From a row of a background to the row that is explained, one column after the other takes the explained row's cell; what the
prediction moves by is that column's. The average over background rows and orders is its contribution. Each order is walked
backwards, too, which cancels most of what orders do (antithetic; Mitchell et al. 2022). The steps of a walk lead from one
prediction to the other, so contributions add up to the prediction exactly, however few walks there are.
"""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Places = NDArray[np.int64]


def orders(columns: int, pairs: int, *, seed: int = 0) -> Places:
    """Orders of columns, each followed by itself backwards, int64 `[2 * pairs, columns]`."""
    rng = np.random.default_rng(seed)
    found = np.empty((2 * pairs, columns), np.int64)
    for pair in range(pairs):
        found[2 * pair] = rng.permutation(columns)
        found[2 * pair + 1] = found[2 * pair][::-1]
    return found


def steps(walked: Places, row: int, background: Places) -> Places:
    """Which row each column is taken from on the way, without the first step and the last.

    Args:
        walked: Of `orders`.
        row: The place of the row that is explained.
        background: The place of each pair's background row.

    Returns:
        int64 `[2 * pairs, columns - 1, columns]`.
    """
    walks, columns = walked.shape
    taken = np.empty((walks, columns), np.int64)  # at which step a column becomes the row's
    np.put_along_axis(taken, walked, np.arange(columns)[None], axis=1)
    begun = np.repeat(background, 2)[:, None, None]
    return np.where(taken[:, None] <= np.arange(columns - 1)[None, :, None], row, begun)


def contributions(
    walked: Places, start: Floats, between: Floats, end: Floats
) -> tuple[Floats, Floats]:
    """What each column adds, and the standard error of that.

    Args:
        walked: Of `orders`.
        start: What is predicted for each pair's background row, `[pairs, values]`.
        between: What is predicted for `steps`, `[2 * pairs, columns - 1, values]`.
        end: What is predicted for the row, `[values]`.

    Returns:
        Both `[columns, values]`; the first sums up to `end` less the mean of `start`. The error is over pairs: as if
        other orders and background rows had been drawn; NaN of one pair.
    """
    walks, columns = walked.shape
    first = np.repeat(start, 2, axis=0)[:, None]
    last = np.broadcast_to(end, (walks, 1, len(end)))
    moved = np.diff(np.concatenate([first, between, last], axis=1), axis=1)
    by_column = np.empty_like(moved)
    np.put_along_axis(by_column, walked[:, :, None], moved, axis=1)
    pairs = by_column.reshape(walks // 2, 2, columns, -1).mean(1)
    errors = np.full(pairs.shape[1:], np.nan)
    if len(pairs) > 1:
        errors = pairs.std(0, ddof=1) / np.sqrt(len(pairs))
    return pairs.mean(0), errors
