"""From the last windows of a long table to what comes after it: a row a step, with its time and group."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crosstie.data.windows import Grid, Rows, Windows
from crosstie.errors import DataError
from crosstie.features.output_feature import OutputFeature

DAY = 86_400
SHOWN = 5  # groups that a message names
STEP = "step"  # the column of steps ahead, where no column holds a time


def whole(windows: Windows, grid: Grid) -> NDArray[np.bool_]:
    """Which rows have a whole window before them `[rows]`."""
    return (grid.groups >= 0) & (grid.places >= windows.longest - 1)


def last_rows(windows: Windows, grid: Grid) -> Rows:
    """The last row of each group.

    Raises:
        DataError: There is none, or a group has too few rows.
    """
    rows = grid.last()
    short = rows[~whole(windows, grid)[rows]]
    if not len(rows):
        raise DataError("no row has a time, so there is nothing to go on from")
    if len(short):
        names = [
            f"{windows.group} {grid.names[grid.groups[row]]!r}" if windows.group else "the table"
            for row in short[:SHOWN].tolist()
        ]
        more = f" and {len(short) - SHOWN} more" if len(short) > SHOWN else ""
        steps = int(grid.places[short[0]]) + 1
        raise DataError(
            f"{', '.join(names)}{more}: {steps} steps are there, and a window needs {windows.longest}. "
            "Give the rows before them too."
        )
    return rows


def spread_out(
    windows: Windows,
    grid: Grid,
    rows: Rows,
    columns: Mapping[str, Any],
    outputs: Sequence[OutputFeature],
) -> dict[str, Any]:
    """A row for each step ahead of each of `rows`.

    Args:
        windows: How the table was cut.
        grid: Where its rows stand.
        rows: Those predicted.
        columns: What `Model` says of them, and what is kept of them.
        outputs: Of the model.
    """
    sizes = {f"{each.name}_prediction": each.size for each in outputs if each.type == "timeseries"}
    steps = max(sizes.values())
    found: dict[str, list[Any]] = {}
    if windows.group:
        found[windows.group] = [
            grid.names[grid.groups[row]] for row in rows.tolist() for _ in range(steps)
        ]
    if windows.time:
        times = [grid.after(row, step) for row in rows.tolist() for step in range(1, steps + 1)]
        found[windows.time] = _written(times, dated=windows.dated)
    else:
        found[STEP] = [step for _ in rows for step in range(1, steps + 1)]
    for name, values in columns.items():
        if name in found:
            continue
        size = sizes.get(name)
        found[name] = [
            (value[step] if step < size else None) if size else value
            for value in values
            for step in range(steps)
        ]
    return found


def _written(times: Sequence[float], *, dated: bool) -> list[Any]:
    if not dated:
        return [int(each) if each == int(each) else each for each in times]
    days = all(each % DAY == 0 for each in times)
    moments = [dt.datetime.fromtimestamp(each, dt.UTC).replace(tzinfo=None) for each in times]
    return [f"{each:%Y-%m-%d}" if days else each.isoformat(" ", "seconds") for each in moments]
