"""Tables piece by piece, so that they need not fit into memory, and what became of the pieces as one."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from crosstie.data.batch import ROWS_AT_ONCE
from crosstie.data.read import Source
from crosstie.data.table import Table

# Rows at once; whole batches of the graph, so that pieces say what the whole would.
PIECE = 192 * ROWS_AT_ONCE


BYTES_READ = (
    1 << 26
)  # of a table, as it was written, at once: so many fewer rows of long texts or many columns


def pieces(source: Source, wanted: Sequence[str], most: int, *, skip: int = 0) -> Iterator[Table]:
    """The rows behind the first `skip`, `most` at a time whatever pieces the source comes in; at least one piece.

    Fewer at a time where rows are long. Only the columns that are wanted, unless some of those are not there: an error about them names all there are.
    """
    present = set(source.columns)
    columns = list(dict.fromkeys(wanted)) if present.issuperset(wanted) else list(source.columns)
    most = fitting(source, most)
    rest, whole = None, True
    for table in _behind(skip, source.passing(most, columns)):
        rest = table if rest is None else Table.concat([rest, table], columns)
        while len(rest) >= most:
            yield rest.slice(0, most)
            rest, whole = rest.slice(most, len(rest)), False
    if whole or (rest is not None and len(rest)):
        yield source.table(columns) if rest is None else rest


def drawn(source: Source, columns: Sequence[str], rows: int, *, seed: int) -> Table:
    """At most so many rows of a table, drawn at random, in its order; all are read, piece by piece."""
    kept: Table | None = None
    rng = np.random.default_rng(seed)
    names = list(columns)
    ranks = np.zeros(0)
    for table in pieces(source, columns, PIECE):
        mine = rng.random(len(table))
        if kept is None:
            names = [name for name in dict.fromkeys(columns) if name in table.columns]
        both = Table.concat([*([] if kept is None else [kept]), table.select(names)], names)
        ranks = np.concatenate([ranks, mine])
        least = np.sort(np.argsort(ranks, kind="stable")[:rows])
        kept, ranks = both.take(least), ranks[least]
    assert kept is not None, "a source gives one piece at least"
    return kept


def fitting(source: Source, most: int) -> int:
    """So many rows at most as are read at once: all, or a power of two of which all graphs' batches are parts."""
    row = source.size // max(source.rows, 1)
    within = BYTES_READ // max(row, 1)
    return most if within >= most else 1 << (max(within, 1).bit_length() - 1)


def _behind(rows: int, tables: Iterator[Table]) -> Iterator[Table]:
    """What is behind the first `rows`."""
    for table in tables:
        if rows < len(table):
            yield table.slice(rows, len(table)) if rows else table
        rows = max(rows - len(table), 0)


def joined_limits(parts: Sequence[Any]) -> Any:
    """The thresholds of pieces as one: of all rows one after the other where each has its own, else what all share."""
    return np.concatenate(parts) if isinstance(parts[0], np.ndarray) else parts[0]


def joined(parts: Sequence[Any]) -> Any:
    """The pieces of a column as one."""
    if len(parts) == 1:
        return parts[0]
    if isinstance(parts[0], np.ndarray):
        return np.concatenate(parts)
    return [each for part in parts for each in part]
