"""What a report is made of, as plain values: each block says what it is, so that a page only has to draw it.

{"id": "survived-confusion", "title": "Right and wrong", "kind": "heat", "note": "…", …}

kind      beside `id`, `title` and `note` (a sentence under the title, "" for none)
text      lines: paragraphs
facts     rows: [name, value]
code      lines: what can be typed
table     columns: names; numeric: of those that hold numbers; lined: of those whose cells have several lines; rows: cells as
          text; strong: rows to stand out
heat      rows, columns: names; values: numbers; down, across: what the names are of
bars      bars: {label, value, low, high}, ends of the interval null where there is none, and share of the rows where it is
          known; unit
histogram edges: one more than rows; rows: how many between them; unit
lines     x, y: {label, log}; series: {name, points: [x, y], dashed}; square: whether both axes go from 0 to 1; ticks: amounts
          that the x axis is marked at, such as where rows are
points    as lines, each point by itself; same: whether both axes are the same amounts
"""

from collections.abc import Mapping, Sequence
from typing import Any

Block = dict[str, Any]
Point = Sequence[float]


def text(id: str, title: str, lines: Sequence[str], *, note: str = "") -> Block:
    """Paragraphs."""
    return {"id": id, "title": title, "kind": "text", "note": note, "lines": list(lines)}


def code(id: str, title: str, lines: Sequence[str], *, note: str = "") -> Block:
    """Lines to type."""
    return {"id": id, "title": title, "kind": "code", "note": note, "lines": list(lines)}


def facts(id: str, title: str, rows: Sequence[tuple[str, str]], *, note: str = "") -> Block:
    """Names with their values."""
    return {"id": id, "title": title, "kind": "facts", "note": note, "rows": [*map(list, rows)]}


def table(
    id: str,
    title: str,
    columns: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    numeric: Sequence[str] = (),
    lined: Sequence[str] = (),
    strong: Sequence[int] = (),
    note: str = "",
) -> Block:
    """Cells as text."""
    return {
        "id": id,
        "title": title,
        "kind": "table",
        "note": note,
        "columns": list(columns),
        "numeric": list(numeric),
        "lined": list(lined),
        "rows": [list(row) for row in rows],
        "strong": list(strong),
    }


def heat(
    id: str,
    title: str,
    rows: Sequence[str],
    columns: Sequence[str],
    values: Sequence[Sequence[float]],
    *,
    down: str,
    across: str,
    note: str = "",
) -> Block:
    """Numbers by two names."""
    return {
        "id": id,
        "title": title,
        "kind": "heat",
        "note": note,
        "rows": list(rows),
        "columns": list(columns),
        "values": [list(row) for row in values],
        "down": down,
        "across": across,
    }


def bars(
    id: str, title: str, found: Sequence[Mapping[str, Any]], *, unit: str = "", note: str = ""
) -> Block:
    """Amounts to compare.

    Args:
        id: Of the block.
        title: Of the block.
        found: `label` and `value`, and where they are known `low` and `high`, and the `share` of rows that it is of.
        unit: What the amounts are of.
        note: Under the title.
    """
    filled = [{"low": None, "high": None, **each} for each in found]
    return {"id": id, "title": title, "kind": "bars", "note": note, "bars": filled, "unit": unit}


def histogram(
    id: str,
    title: str,
    edges: Sequence[float],
    rows: Sequence[float],
    *,
    unit: str,
    note: str = "",
) -> Block:
    """How many rows lie between amounts."""
    return {
        "id": id,
        "title": title,
        "kind": "histogram",
        "note": note,
        "edges": list(edges),
        "rows": list(rows),
        "unit": unit,
    }


def series(name: str, points: Sequence[Point], *, dashed: bool = False) -> dict[str, Any]:
    """One line of several, or the dots of one name."""
    return {"name": name, "points": [list(each) for each in points], "dashed": dashed}


def lines(
    id: str,
    title: str,
    found: Sequence[Mapping[str, Any]],
    *,
    x: str,
    y: str,
    log: bool = False,
    square: bool = False,
    ticks: Sequence[float] = (),
    note: str = "",
) -> Block:
    """Curves over one axis; `log` is of that axis."""
    return {
        "id": id,
        "title": title,
        "kind": "lines",
        "note": note,
        "x": {"label": x, "log": log},
        "y": {"label": y, "log": False},
        "series": [dict(each) for each in found],
        "square": square,
        "ticks": list(ticks),
    }


def points(
    id: str,
    title: str,
    found: Sequence[Mapping[str, Any]],
    *,
    x: str,
    y: str,
    log: bool = False,
    same: bool = False,
    note: str = "",
) -> Block:
    """Dots; of series that have but one each, the name stands beside it."""
    block = lines(id, title, found, x=x, y=y, log=log, note=note)
    return {**block, "kind": "points", "same": same}
