"""Windows of a long table: of every row what came before it, and what comes after, by time and within its group.

Rows are put on a grid of equal steps first, so that a step that no row is of is a missing number and not a shift.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crosstie.data.source import Source
from crosstie.data.style import PLAIN, Style
from crosstie.data.table import Table
from crosstie.errors import DataError, Problem

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]

DAY = 86_400.0
SEASONS = {  # steps in a season by the seconds of a step: a day, a week, a year
    60.0: 1440,
    300.0: 288,
    600.0: 144,
    900.0: 96,
    1800.0: 48,
    3600.0: 24,
    DAY: 7,
    7 * DAY: 52,
}
MONTHS = {1: 12, 3: 4}  # likewise by months of a step


@dataclass(frozen=True)
class Grid:
    """Where rows stand in time.

    Attributes:
        groups: Of each row, a number for its group `[rows]`; -1 of a row without a time, which is nowhere.
        names: The groups' texts, by that number; "" where the table is one group.
        places: Of each row, its step from the group's first one `[rows]`.
        times: Of each row, seconds since 1970, or the number that stands in the column, or its place.
        step: Of `times`, from one place to the next; 0 where `months` says it.
        months: Likewise in months.
        gaps: Steps between a group's first and last row that no row is of.
        longest: Of them, the most in one go.
    """

    groups: Rows
    names: tuple[str, ...]
    places: Rows
    times: Floats
    step: float
    months: int
    gaps: int
    longest: int

    @property
    def season(self) -> int:
        """Steps in a season, as is usual for steps of this length; 1 where nothing is."""
        if self.months:
            return MONTHS.get(self.months, 1)
        near = [season for step, season in SEASONS.items() if abs(self.step / step - 1) < 0.02]
        return near[0] if near else 1

    def last(self) -> Rows:
        """The last row of each group, in the order of the groups."""
        rows = np.lexsort((self.places, self.groups))
        rows = rows[self.groups[rows] >= 0]
        ends = np.append(np.diff(self.groups[rows]) > 0, [True] * bool(len(rows)))
        found: Rows = rows[ends.astype(bool)]
        return found

    def after(self, row: int, steps: int) -> float:
        """The time so many steps after a row."""
        if not self.months:
            return float(self.times[row]) + steps * self.step
        moment = dt.datetime.fromtimestamp(self.times[row], dt.UTC)
        month = moment.year * 12 + moment.month - 1 + steps * self.months
        return moment.replace(year=month // 12, month=month % 12 + 1).timestamp()


@dataclass(frozen=True)
class Windows:
    """How a long table is cut.

    Attributes:
        time: The column that says when a row is; "" for the order of the rows.
        dated: Whether it holds dates; numbers otherwise.
        group: The column that says which series a row belongs to; "" where all are one.
        past: Steps up to a row, its own included, by column.
        ahead: Steps after it, by column.
    """

    time: str = ""
    dated: bool = True
    group: str = ""
    past: Mapping[str, int] = field(default_factory=dict)
    ahead: Mapping[str, int] = field(default_factory=dict)

    @property
    def columns(self) -> tuple[str, ...]:
        """Those that say where a row stands."""
        return tuple(filter(None, (self.time, self.group)))

    @property
    def longest(self) -> int:
        """Steps that a row must look back."""
        return max(self.past.values(), default=0)

    def state(self) -> dict[str, Any]:
        """As JSON values."""
        return {**asdict(self), "past": dict(self.past), "ahead": dict(self.ahead)}

    def fits(self, table: Table) -> bool:
        """Whether a table is long: its columns hold a number a row, not series that are cut already."""
        present = [name for name in self.past if name in table.columns]
        return bool(present) and all(table.stored(name) != "list" for name in present)

    def grid(self, table: Table, styles: Mapping[str, Style]) -> Grid:
        """Where the rows of a table stand.

        Raises:
            DataError: Two rows of a group are of the same time, or a column is not there.
        """
        groups: Rows = np.zeros(len(table), np.int64)
        names: tuple[str, ...] = ("",)
        if self.group:
            levels = table.column(self.group, "levels")
            groups, names = np.asarray(levels.values, np.int64), tuple(levels.levels)
        times = np.arange(len(table), dtype=np.float64)
        if self.time:
            form = "date" if self.dated else "number"
            column = table.column(self.time, form, style=styles.get(self.time, PLAIN))  # type: ignore[arg-type]
            times = np.asarray(column.values, np.float64)
            groups = np.where(column.valid, groups, -1)
        elif self.group:  # each group's rows in their order
            order = np.argsort(groups, kind="stable")
            starts = np.searchsorted(groups[order], groups[order])
            times[order] = np.arange(len(order)) - starts
        months = _months(times[groups >= 0]) if self.time and self.dated else 0
        counted = _month(times) if months else times
        unit = float(months) if months else _step(counted, groups)
        return self._placed(counted, times, groups, names, unit=unit, months=months)

    def _placed(
        self,
        counted: Floats,
        times: Floats,
        groups: Rows,
        names: tuple[str, ...],
        *,
        unit: float,
        months: int,
    ) -> Grid:
        order = np.lexsort((counted, groups))
        order = order[groups[order] >= 0]
        same = np.diff(groups[order]) == 0
        steps = np.where(same, np.maximum(np.rint(np.diff(counted[order]) / unit), 1), 0)
        twice = same & (np.diff(counted[order]) == 0)
        if twice.any():
            row = int(order[1:][twice][0])
            which = f" of {self.group} {names[groups[row]]!r}" if self.group else ""
            other = "" if self.group else ", or say which series they belong to: `group: COLUMN`"
            raise DataError(
                Problem(
                    f"column {self.time!r}",
                    f"{int(twice.sum())} rows{which} have the time of the row before, the first at row {row + 1}. "
                    f"Give each time one row{other}.",
                )
            )
        run = np.concatenate([[0], np.cumsum(steps)])[: len(order)]
        heads = np.concatenate([[True], ~same])[: len(order)]
        starts = np.maximum.accumulate(np.where(heads, np.arange(len(order)), 0))
        places = np.full(len(groups), -1, np.int64)
        places[order] = (run - run[starts]).astype(np.int64) if len(order) else 0
        gaps = (steps[same] - 1).astype(np.int64)
        return Grid(
            groups,
            names,
            places,
            times,
            0.0 if months else unit,
            months,
            int(gaps.sum()),
            int(gaps.max(initial=0)),
        )

    def cut(self, table: Table, styles: Mapping[str, Style]) -> tuple[Table, Grid]:
        """The same rows, each cut column's cells the steps around a row: those up to it, then those after it.

        A cell is missing where the table does not reach back so far; NaN stands where a step has no number, or is
        not there yet.
        """
        grid = self.grid(table, styles)
        whole = (grid.groups >= 0) & (grid.places >= self.longest - 1)
        cut: dict[str, list[Floats | None]] = {}
        for name in dict.fromkeys((*self.past, *self.ahead)):
            if name not in table.columns:
                continue  # for who reads it to say
            values = table.column(name, "number", style=styles.get(name, PLAIN)).values
            before, after = self.past.get(name, 0), self.ahead.get(name, 0)
            cells: list[Floats | None] = [None] * len(table)
            for group in range(len(grid.names)):
                rows = np.flatnonzero(grid.groups == group)
                if not len(rows):
                    continue
                line = np.full(int(grid.places[rows].max()) + 1 + after, np.nan)
                line[grid.places[rows]] = np.asarray(values)[rows]
                for row in rows[whole[rows]].tolist():
                    place = int(grid.places[row])
                    cells[row] = line[place + 1 - before : place + 1 + after]
            cut[name] = cells
        rest = [name for name in table.columns if name not in cut]
        found = Table.beside([table.select(rest), Table.from_columns(cut)], len(table))
        return found.select(table.columns), grid

    def of(self, source: Source, styles: Mapping[str, Style]) -> Source:
        """A source whose rows are cut."""
        return source.holding(self.cut(source.table(), styles)[0])

    def purged(self, grid: Grid, parts: NDArray[np.int8]) -> NDArray[np.int8]:
        """Parts `[rows]` in which no row's steps ahead lie in another part: such a row is unused (3)."""
        found = parts.copy()
        far = max(self.ahead.values(), default=0)
        for group in range(len(grid.names)):
            rows = np.flatnonzero(grid.groups == group)
            if not len(rows):
                continue
            line = np.full(int(grid.places[rows].max()) + 1 + far, -1, np.int8)
            line[grid.places[rows]] = parts[rows]
            for step in range(1, far + 1):
                then = line[grid.places[rows] + step]
                leaks = (then >= 0) & (then < 3) & (then != parts[rows])
                found[rows[leaks]] = 3
        found[grid.groups < 0] = 3
        return found


def _step(times: Floats, groups: Rows) -> float:
    """The usual time from a row to the next of its group."""
    order = np.lexsort((times, groups))
    steps = np.diff(times[order])[np.diff(groups[order]) == 0]
    steps = steps[steps > 0]
    return float(np.median(steps)) if len(steps) else 1.0


def _months(times: Floats) -> int:
    """Months from a row to the next where all are of one day and time of the month; 0 where they are not."""
    if len(times) < 3:
        return 0
    moments = times.astype("datetime64[s]")
    inside = (moments - moments.astype("datetime64[M]")).astype(np.int64)
    steps = np.diff(np.unique(_month(times)))
    return int(steps.min()) if (inside == inside[0]).all() and len(steps) else 0


def _month(times: Floats) -> Floats:
    found: Floats = (
        np.where(np.isnan(times), 0, times)
        .astype("datetime64[s]")
        .astype("datetime64[M]")
        .astype(float)
    )
    return found
