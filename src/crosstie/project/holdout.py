"""The frozen rows that two models are tested on, as each of them takes them.

Production takes them as its own code made them. Where that code has moved since, the candidate would read columns that it
has never seen, or not find one: it takes the same rows, told by their key, from the table that it learned from.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from crosstie.data.read import open_source
from crosstie.data.table import Table
from crosstie.data.write import arrow_table

Key = tuple[str | None, ...]


def as_each_takes_them(
    frozen: Path, now: Table, key: Sequence[str], lacking: Sequence[str], *, unmoved: bool
) -> bool:
    """Write the rows beside `frozen` as the candidate takes them, and leave in `frozen` those that it has too.

    Args:
        frozen: The rows as production takes them; what is written is `candidate.parquet` beside it.
        now: The table that the candidate learned from.
        key: Columns that name a row.
        lacking: What the candidate needs and the rows do not have.
        unmoved: Whether its data is production's, so that all of a row is taken from it, and not only what is lacking.

    Returns:
        Whether they were: not where no key tells the rows apart, or none of them is there.
    """
    rows = open_source(str(frozen)).table()
    if not key or not {*key} <= {*rows.columns} & {*now.columns} or not {*lacking} <= {*now.columns}:  # fmt: skip
        return False
    places: dict[Key, int] = {}
    for place, each in enumerate(_keys(now, key)):
        if places.setdefault(each, place) != place:
            return False
    wanted = _keys(rows, key)
    if len({*wanted}) != len(wanted):
        return False
    both = [place for place, each in enumerate(wanted) if each in places]
    if not both:
        return False
    was = rows.take(np.asarray(both, np.int64))
    own = now.take(np.asarray([places[wanted[place]] for place in both], np.int64))
    cells = {name: was.cells(name) for name in was.columns}
    taken = own.columns if unmoved else lacking
    _write(frozen, cells)
    _write(frozen.with_name("candidate.parquet"), {**cells, **{name: own.cells(name) for name in taken}})  # fmt: skip
    return True


def _keys(table: Table, key: Sequence[str]) -> list[Key]:
    return list(zip(*(table.cells(each) for each in key), strict=True))


def _write(path: Path, cells: dict[str, list[str | None]]) -> None:
    from pyarrow import parquet  # 131 ms

    parquet.write_table(arrow_table(cells), path)
