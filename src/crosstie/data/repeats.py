"""What stands on both sides of a split though it should not: rows, ids and moments that come again."""

import re
from collections.abc import Collection

import numpy as np
from numpy.typing import NDArray

from crosstie.data.source import Source
from crosstie.data.split import TEST, TRAIN, VALIDATION, Assignment
from crosstie.data.table import Table

_ID = re.compile(r"(?:^|[_\s.-])(?:id|ids|uuid|guid|key)$|[a-z]I[dD]$")
LOOKED_AT = 200_000  # rows
MIX = np.int64(0x5851F42D4C957F2D)  # odd, its bits spread
FEW = 0.01  # share of held-out rows below which a repeat is no news


def warn_on_repeats(
    source: Source,
    assignment: Assignment,
    *,
    exclude: Collection[str] = (),
    told: Collection[str] = (),
) -> list[str]:
    """One sentence for each way in which held-out rows were seen in training.

    Of a table of more than 200,000 rows those are looked at; the shares are then at least what is said.

    Args:
        source: The table.
        assignment: As a split gives.
        exclude: Columns that need not be looked at: those that are neither inputs nor outputs. Rows that are
            alike but for the target are none that repeat: an experiment measures the same settings again.
        told: Columns of which it was said already that their values repeat.
    """
    assignment = assignment[:LOOKED_AT]
    held_out = (assignment == VALIDATION) | (assignment == TEST)
    names = [name for name in source.columns if name not in exclude]
    if not held_out.any() or not names:
        return []
    table = _first(source, names)
    found = []
    share = _seen(row_codes(table, names), assignment, held_out)
    if share > FEW:
        found.append(
            f"{source.name}: {share:.0%} of the validation and test rows are in the training rows too, cell for "
            "cell. Take repeated rows out, or measure with `preprocessing.split: {type: hash}`, which keeps equal rows "
            "together."
        )
    for name in names:
        what, instead = ("", "") if name in told else _what(table, name)
        if not what:
            continue
        share = _seen(np.asarray(table.distinct(name)[0], np.int64), assignment, held_out)
        if share > FEW:
            found.append(
                f"column {name!r}: {share:.0%} of the validation and test rows share {what} with training rows, so "
                f"the figures may be too good. Consider `preprocessing.split: {{type: {instead}, column: {name}}}`."
            )
    return found


def _first(source: Source, names: list[str]) -> Table:
    if source.rows <= LOOKED_AT:
        return source.table(names)
    parts, rows = [], 0
    for table in source.chunks(columns=names):
        parts.append(table.slice(0, LOOKED_AT - rows))
        rows += len(parts[-1])
        if rows == LOOKED_AT:
            break
    return Table.concat(parts, names)


def _what(table: Table, name: str) -> tuple[str, str]:
    """What a column's cells are that should not be on both sides, and the split that sees to it."""
    if len(table.distinct(name)[1]) < 3:
        return "", ""
    if _ID.search(name) or _ID.search(name.lower()):
        return "an id", "group"
    sample = table.select([name]).slice(0, 1000).column(name, "date")
    if sample.valid.mean() > 0.9 and (np.asarray(sample.values)[sample.valid] % 86400 != 0).any():
        return "a moment", "datetime"
    return "", ""


def _seen(codes: NDArray[np.int64], assignment: Assignment, held_out: NDArray[np.bool_]) -> float:
    """Share of held-out rows whose code is among the training rows'; -1 is no code."""
    trained = np.unique(codes[(assignment == TRAIN) & (codes >= 0)])
    return float(np.isin(codes[held_out], trained).mean())


def row_codes(table: Table, names: list[str]) -> NDArray[np.int64]:
    """A number for each different row, int64 `[rows]`."""
    together = np.zeros(len(table), np.int64)
    for name in names:
        together = (together + table.distinct(name)[0] + 1) * MIX  # wraps around
    return together & np.iinfo(np.int64).max
