"""Columns that a model reads and a table lacks: empty ones in their place, or the problem that names them."""

from collections.abc import Collection, Sequence
from difflib import get_close_matches
from typing import Any

import numpy as np

from crosstie.data.column import Column
from crosstie.errors import Problem
from crosstie.features.feature import Feature


def nothing(feature: Feature, rows: int) -> Column:
    """A column in the form that `feature` reads in which every cell is missing."""
    invalid = np.zeros(rows, bool)
    values: dict[str, Any] = {
        "levels": np.full(rows, -1, np.int32),
        "text": [""] * rows,
        "vector": np.full((rows, feature.width), np.nan),
        "series": [None] * rows,
        "media": [None] * rows,
    }
    return Column(feature.column, values.get(feature.reads, np.full(rows, np.nan)), invalid)


def lacking(columns: Sequence[str], present: Sequence[str], used: Collection[str]) -> Problem:
    """One problem for all absent columns, with what the table has in their place."""
    free = [name for name in present if name not in used]
    near = {column: get_close_matches(column, free, n=1, cutoff=0.6) for column in columns}
    hints = [f"{found[0]!r} for {column!r}" for column, found in near.items() if found]
    others = (
        f"other columns there are {_some(free)}" if free else "no other column is there instead"
    )
    if len(columns) == 1:
        where, them = f"column {columns[0]!r}", "it"
        hint = f"did you mean {near[columns[0]][0]!r}?" if hints else others
    else:
        where, them = f"columns {_some(columns, most=20)}", "them"
        hint = f"did you mean {', '.join(hints[:8])}?" if hints else others
    return Problem(where, f"the model needs {them} and the table has none; {hint}")


def _some(names: Sequence[str], *, most: int = 8) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return f"{', '.join(map(repr, names[:most]))}{more}"
