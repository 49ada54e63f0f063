"""Tables piece by piece, so that they need not fit into memory, and what became of the pieces as one."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from crosstie.data.batch import ROWS_AT_ONCE
from crosstie.data.read import Source
from crosstie.data.table import Table

# Rows at once; whole batches of the graph, so that pieces say what the whole would.
PIECE = 12 * ROWS_AT_ONCE


def pieces(source: Source, wanted: Sequence[str], most: int) -> Iterator[Table]:
    """The rows, `most` at a time whatever pieces the source comes in; at least one piece.

    Only the columns that are wanted, unless some of those are not there: an error about them names all there are.
    """
    present = set(source.columns)
    columns = list(dict.fromkeys(wanted)) if present.issuperset(wanted) else list(source.columns)
    rest, whole = None, True
    for table in source.chunks(most, columns):
        rest = table if rest is None else Table.concat([rest, table], columns)
        while len(rest) >= most:
            yield rest.slice(0, most)
            rest, whole = rest.slice(most, len(rest)), False
    if whole or (rest is not None and len(rest)):
        yield source.table(columns) if rest is None else rest


def joined(parts: Sequence[Any]) -> Any:
    """The pieces of a column as one."""
    if len(parts) == 1:
        return parts[0]
    if isinstance(parts[0], np.ndarray):
        return np.concatenate(parts)
    return [each for part in parts for each in part]
