"""Windows as the file asks for them: which columns are cut, by which time and group, and a split that tells no future."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crosstie.config.options import ComponentOf
from crosstie.data.keys import Rows
from crosstie.data.profile import ColumnProfile
from crosstie.data.split import Split, splits
from crosstie.data.style import PLAIN, Style
from crosstie.data.windows import Grid, Windows
from crosstie.errors import CrosstieError
from crosstie.features.timeseries import Timeseries
from crosstie.pipeline.components import Built
from crosstie.pipeline.entries import Columns, Entry
from crosstie.pipeline.findings import Findings
from crosstie.pipeline.tables import Tables

MOSTLY = 0.9  # of the cells are numbers
CHRONOLOGICAL = ("datetime", "order", "fixed")


class Purged(Split):
    """A split of rows that look ahead: none whose target lies in another part is used."""

    def __init__(self, split: Split | None, windows: Windows, styles: Mapping[str, Style]) -> None:
        self.split = split
        self.windows = windows
        self.styles = styles
        self.columns = () if split is None else split.columns

    def assign(self, source: Rows, *, target: str | None, seed: int) -> NDArray[np.int8]:
        """As the inner split does."""
        parts = np.zeros(source.rows, np.int8)
        if self.split is not None:
            parts = self.split.assign(source, target=target, seed=seed)
        columns = self.windows.columns or source.columns[:1]
        grid = self.windows.grid(source.table(columns), self.styles)
        return self.windows.purged(grid, parts)


def read_windows(
    top: Mapping[str, Any],
    seen: dict[str, Any],
    columns: Columns,
    built: Built,
    looks: Mapping[str, ColumnProfile],
    findings: Findings,
) -> Windows | None:
    """Which windows there are; None where no feature asks for any. Sets the split that goes with them."""
    past: dict[str, int] = {}
    ahead: dict[str, int] = {}
    for entry, feature in (
        *((each, built_for(each, built.inputs)) for each in columns.inputs),
        *((each, built_for(each, built.outputs)) for each in columns.outputs),
    ):
        if not isinstance(feature, Timeseries) or entry.column not in looks:
            continue
        output = entry in columns.outputs
        option = "horizon" if output else "window_size"
        steps = feature.horizon if output else feature.window_size
        place = entry.place.at("preprocessing", option)
        if looks[entry.column].numbers < MOSTLY:
            if not output and steps is not None:
                findings.wrong(
                    place, f"cuts a column of one number a row, but {entry.column!r} holds others"
                )
        elif steps is None:
            findings.wrong(
                entry.place.at("type"),
                f"{entry.column!r} holds one number a row; say how many rows make a series: "
                f"`preprocessing: {{{option}: 24}}`",
            )
        elif output:
            ahead[entry.column] = max(steps, ahead.get(entry.column, 0))
        else:
            past[entry.column] = max(steps, past.get(entry.column, 0))
    given = {key: seen[key] for key in ("time", "group")}
    if not past and not ahead:
        for key, name in given.items():
            if name is not None:
                findings.wrong(
                    findings.document.at("preprocessing", key),
                    "is for windows, and no feature has a window_size or a horizon; leave it out",
                )
        return None
    return _windows(top, seen, past, ahead, looks, findings)


def built_for(entry: Entry, features: list[Any]) -> Any:
    """The feature that was made of an entry, if it could be."""
    return next((each for each in features if each.name == entry.name), None)


def _windows(
    top: Mapping[str, Any],
    seen: dict[str, Any],
    past: Mapping[str, int],
    ahead: Mapping[str, int],
    looks: Mapping[str, ColumnProfile],
    findings: Findings,
) -> Windows | None:
    place = findings.document.at("preprocessing")
    known = all(
        seen[key] is None
        or findings.known(seen[key], looks, place.at(key), "the table has no column")
        for key in ("time", "group")
    )
    if top["folds"] is not None:
        findings.wrong(
            findings.document.at("folds"),
            "folds mix times, and windows of one would hold targets of another; leave it out",
        )
    if not known:
        return None
    if seen["time"] is None:
        dates = [name for name, each in looks.items() if each.dates >= MOSTLY]
        if len(dates) == 1:
            seen["time"] = dates[0]
    dated = seen["time"] is not None and looks[seen["time"]].dates >= MOSTLY
    if seen["time"] is not None and not dated and looks[seen["time"]].numbers < MOSTLY:
        findings.wrong(
            place.at("time"), f"{seen['time']!r} holds neither dates nor numbers to order rows by"
        )
        return None
    _set_split(seen, findings, dated=dated, written=_split_written(top))
    return Windows(seen["time"] or "", dated, seen["group"] or "", past, ahead)


def _split_written(top: Mapping[str, Any]) -> bool:
    return bool(top["split"] or (top["preprocessing"] or {}).get("split"))


def _set_split(seen: dict[str, Any], findings: Findings, *, dated: bool, written: bool) -> None:
    """The oldest rows to train on, unless the file says how; a split by chance is refused."""
    split = seen["split"]
    if split is None:
        return
    usual = {"type": "datetime", "column": seen["time"]} if dated else {"type": "order"}
    place = findings.document.at("preprocessing", "split")
    if not written:
        probabilities = split.get("probabilities")
        asked = {**usual, **({"probabilities": probabilities} if probabilities else {})}
        seen["split"] = findings.component(ComponentOf(splits), asked, place)
    elif split.get("type") not in CHRONOLOGICAL:
        findings.wrong(
            place,
            f"a {split.get('type')} split would train on what it is tested on, for windows overlap; write "
            f"`split: {{type: {', '.join(f'{key}: {each}' if key != 'type' else each for key, each in usual.items())}}}`",
        )


def cut(
    windows: Windows,
    tables: Tables,
    looks: Mapping[str, ColumnProfile],
    built: Built,
    findings: Findings,
) -> dict[str, Style]:
    """Cut every table; say what is odd about its times, and tell the outputs their season. The styles of columns."""
    styles = {name: each.style for name, each in looks.items() if each.style != PLAIN}
    for part, source in list(tables.sources.items()):
        try:
            table, grid = windows.cut(source.table(), styles)
        except CrosstieError as error:
            for problem in error.problems:
                findings.wrong(part if part != "train" else "data", str(problem))
            continue
        tables.sources[part] = source.holding(table)
        findings.warnings += _oddities(windows, grid, source.name)
        if part == "train":
            _set_season(windows, grid, built, findings)
    return styles


def _set_season(windows: Windows, grid: Grid, built: Built, findings: Findings) -> None:
    for feature in built.outputs:
        if not isinstance(feature, Timeseries) or feature.column not in windows.ahead:
            continue
        if feature.seasonality is None:
            feature.seasonality = grid.season
        reach = windows.past.get(feature.column, 0)
        if reach and feature.seasonality > reach:
            findings.warnings.append(
                f"{feature.name}: a season has {feature.seasonality} steps and windows of {feature.column!r} only "
                f"{reach}, so there is no seasonal-naive forecast beside it and no MASE; make window_size larger"
            )


def _oddities(windows: Windows, grid: Grid, table: str) -> list[str]:
    found = []
    if grid.gaps:
        found.append(
            f"{table}: {grid.gaps} steps of {windows.time!r} have no row (the longest gap is {grid.longest}); their "
            "numbers count as missing"
        )
    if lost := int((grid.groups < 0).sum()):
        found.append(f"{table}: {lost} rows have no time or group and are in no window")
    return found
