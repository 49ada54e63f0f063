"""Where predictions are worst, without being told where to look: slices of rows by one condition, or by two at once.

All conditions and all pairs of them are looked at: sums over the rows of two conditions are products of matrices, which
is quick enough to need no search that may miss some (as SliceFinder, Chung and others 2019, does). Many are looked at and the
worst are shown, so each must be worse than the other rows by more than the largest of so many chances (Bonferroni).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from crosstie.evaluation.group_intervals import quantile

LEAST = 50  # rows of a slice; below it the mean is not near enough to a normal one
SHARE = 0.01  # of all rows
SHOWN = 5
ALIKE = 0.7  # share of their rows that two slices have in common, from which on they are one
ROUNDING = 1e-9
AT_ONCE = 8192  # rows, so that memory does not grow with the table
CONDITIONS = 600  # those of the most rows are kept

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Condition:
    """What a column must say of a row.

    Attributes:
        column: Its name.
        words: `= Two year`, `12 to 24`, `missing`.
        rows: Which rows it holds for, `[rows]`.
    """

    column: str
    words: str
    rows: Mask


@dataclass(frozen=True)
class Slice:
    """Rows on which predictions are surely worse than on the others.

    Attributes:
        conditions: One or two, as (column, words).
        rows: How many.
        loss: Mean loss of its rows.
        others: That of all other rows.
        low: Lower end of the interval of `loss - others`, which holds for all that was looked at.
        high: Its upper end.
    """

    conditions: tuple[tuple[str, str], ...]
    rows: int
    loss: float
    others: float
    low: float
    high: float

    @property
    def name(self) -> str:
        """Its conditions in one text."""
        return " and ".join(" ".join(each) for each in self.conditions)


def worst_slices(
    losses: Floats, conditions: Sequence[Condition], *, least: int = LEAST
) -> tuple[list[Slice], int]:
    """At most five slices that are surely worse than the other rows, the most surely so first, and how many were looked at.

    Of slices with nearly the same rows there is one; one of two conditions only where it is worse than each alone.

    Args:
        losses: Of each row, the larger the worse, `[rows]`.
        conditions: By which rows are told apart.
        least: Fewer rows, or fewer than 1 % of all, are no slice.
    """
    rows = len(losses)
    fewest = max(least, SHARE * rows)
    kept = [each for each in conditions if fewest <= each.rows.sum() <= rows - fewest]
    if len(kept) > CONDITIONS:
        rarest = sorted(int(each.rows.sum()) for each in kept)[-CONDITIONS]
        kept = [each for each in kept if each.rows.sum() >= rarest][:CONDITIONS]
    if not kept:
        return [], 0
    centred = losses - losses.mean()  # so that squares of large losses keep their digits
    counts, sums, squares = _sums(kept, centred)
    columns = np.array([each.column for each in kept])
    upper = np.triu(columns[:, None] != columns[None, :]) | np.eye(len(kept), dtype=bool)
    looked_at = upper & (counts >= fewest) & (rows - counts >= fewest)
    z = quantile(max(int(looked_at.sum()), 1))
    first, second = np.nonzero(looked_at)
    n = counts[first, second]
    mean, low, high = _apart(
        n, sums[first, second], squares[first, second], (centred**2).sum(), rows, z
    )
    own = sums.diagonal() / counts.diagonal()  # of each condition alone
    worse = (first == second) | (mean > np.maximum(own[first], own[second]))
    found: list[Slice] = []
    taken: list[Mask] = []
    for place in np.argsort(-low, kind="stable"):
        if low[place] <= ROUNDING * np.abs(losses).max() or len(found) == SHOWN:
            break
        both = [kept[i] for i in dict.fromkeys((int(first[place]), int(second[place])))]
        mask = np.logical_and.reduce([each.rows for each in both])
        if not worse[place] or any(
            (mask & one).sum() > ALIKE * (mask | one).sum() for one in taken
        ):
            continue
        taken.append(mask)
        found.append(
            Slice(
                tuple((each.column, each.words) for each in both),
                int(n[place]),
                float(losses[mask].mean()),
                float(losses[~mask].mean()),
                float(low[place]),
                float(high[place]),
            )
        )
    return found, int(looked_at.sum())


def _sums(conditions: Sequence[Condition], losses: Floats) -> tuple[Floats, Floats, Floats]:
    """Of each two conditions the number of rows, and the sums of losses and of their squares, `[conditions, conditions]`."""
    counts, sums, squares = (np.zeros((len(conditions), len(conditions))) for _ in range(3))
    for start in range(0, len(losses), AT_ONCE):
        some = slice(start, start + AT_ONCE)
        inside = np.array([each.rows[some] for each in conditions], np.float64)
        counts += inside @ inside.T
        sums += (inside * losses[some]) @ inside.T
        squares += (inside * losses[some] ** 2) @ inside.T
    return counts, sums, squares


def _apart(
    n: Floats, total: Floats, squares: Floats, all_squares: float, rows: int, z: float
) -> tuple[Floats, Floats, Floats]:
    """Mean inside, and both ends of the interval of mean inside less mean outside (Welch), of losses whose mean is 0."""
    m = rows - n
    mean, other = total / n, -total / m
    within = np.maximum(squares - n * mean**2, 0) / (n - 1)
    without = np.maximum(all_squares - squares - m * other**2, 0) / (m - 1)
    t = z + (z**3 + z) / (4 * (np.minimum(n, m) - 1))  # Student's quantile, to first order
    half = t * np.sqrt(within / n + without / m)
    return mean, mean - other - half, mean - other + half
