"""Rows told apart by what a column says: its levels, quantile ranges of its numbers, and what is missing."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from crosstie.data.column import Column, Form
from crosstie.data.profile import ColumnProfile

LEVELS = 50  # of a column, the most frequent
BINS = 4
FEW = 12  # different numbers up to which each is a group of its own
NUMERIC = 0.95  # share of cells that must be numbers for them to be cut into ranges

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Grouping:
    """Rows in groups.

    Attributes:
        columns: What they are told apart by.
        values: Of each group, what the columns say, in words.
        codes: Which group a row is in, `[rows]`; -1 of none.
    """

    columns: tuple[str, ...]
    values: tuple[tuple[str, ...], ...]
    codes: NDArray[np.int64]


def parts(column: Column, form: Form) -> Iterator[tuple[str, Mask]]:
    """The groups of a column in words (`= female`, `12 to 24`, `missing`), and which rows are in each `[rows]`.

    Args:
        column: As it is read in that form.
        form: Levels are groups, numbers are cut into four ranges of as many rows; other forms have no groups.
    """
    if form == "levels":
        codes = np.asarray(column.values)
        counts = np.bincount(codes[codes >= 0], minlength=len(column.levels))
        for code in np.argsort(-counts, kind="stable")[:LEVELS].tolist():
            yield f"= {column.levels[code]}", codes == code
    elif form == "number":
        values = np.asarray(column.values, np.float64)
        known = values[column.valid]
        if not len(known):
            return
        cuts, times = np.unique(
            np.quantile(known, np.linspace(0, 1, BINS + 1), method="inverted_cdf"),
            return_counts=True,
        )
        often = cuts[times > 1]  # such a value is a group of its own
        for value in often.tolist():
            yield f"= {value:.6g}", values == value
        rest = ~np.isin(values, often)
        for low, high in pairwise(cuts.tolist()):
            inside = (values > low) | ((values == low) & (low == cuts[0]))
            yield f"{low:.6g} to {high:.6g}", inside & (values <= high) & rest
    else:
        return
    yield "missing", ~column.valid


def usual_form(profile: ColumnProfile) -> Form | None:
    """How a column that nothing else is known of is cut; None of one with too many different texts for groups."""
    if profile.distinct > FEW and profile.numbers >= NUMERIC:
        return "number"
    return "levels" if profile.distinct <= LEVELS else None


def grouping(column: Column, form: Form, *, private: bool = False) -> Grouping:
    """The groups of a column; rows of its rarest levels, beyond the fiftieth, are in none.

    Args:
        column: As for `parts`.
        form: As for `parts`.
        private: Number the groups in place of showing what is in the cells.
    """
    codes = np.full(len(column), -1, np.int64)
    values: list[tuple[str, ...]] = []
    for words, mask in parts(column, form):
        if mask.any():
            codes[mask] = len(values)
            shown = f"(private) {len(values) + 1}" if private else words.removeprefix("= ")
            values.append((shown,))
    return Grouping((column.name,), tuple(values), codes)


def crossed(first: Grouping, second: Grouping) -> Grouping:
    """The intersections that have rows."""
    wide = len(second.values)
    known = (first.codes >= 0) & (second.codes >= 0)
    cells = np.where(known, first.codes * wide + second.codes, -1)
    there = np.unique(cells[known])
    places = np.full(len(first.values) * wide + 1, -1, np.int64)
    places[there] = np.arange(len(there))
    values = [first.values[cell // wide] + second.values[cell % wide] for cell in there.tolist()]
    return Grouping(first.columns + second.columns, tuple(values), places[cells])
