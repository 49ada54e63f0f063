"""Groups of rows: the section of a run that grouped them, and the tables that a terminal shows of it."""

from collections.abc import Mapping, Sequence
from typing import Any

from crosstie.reports import blocks
from crosstie.reports.blocks import Block
from crosstie.reports.numbers import count, figure, share

Content = Mapping[str, Any]
Shown = tuple[str, Sequence[str], Sequence[Sequence[str]]]  # title, header, rows


def group_blocks(found: Content) -> list[Block]:
    """The groups, what is different about each, and what was tried."""
    title, head, rows = groups_table(found)
    made = [
        blocks.table(
            "groups-all",
            "Groups",
            head,
            rows,
            numeric=["rows", "share"],
            note="Each against all other rows: medians of numbers, shares of rows that have a value. The most telling columns first.",
        )
    ]
    for place, each in enumerate(found["found"]):
        if each["differences"]:
            made.append(_differences(each, f"groups-{place}"))
    title, head, rows = evidence_table(found)
    tried = found["evidence"]["tried"]
    made.append(
        blocks.table(
            "groups-tried",
            "What was tried",
            head,
            rows,
            numeric=head,
            strong=[found["evidence"]["chosen"]],
            note=f"{title[0].upper()}{title[1:]}. `one cloud`: the silhouette of rows that have no groups and the same columns. "
            "`stability`: how alike models of two halves of the rows group all of them, 1 is alike and 0 by chance.",
        )
    )
    curves = [
        blocks.series(name, points, dashed=dashed)
        for name, key, dashed in (
            ("these rows", "silhouette", False),
            ("rows that are one cloud", "reference", True),
            ("stability", "stability", False),
        )
        if len(points := _points(tried, key)) > 1
    ]
    if found["method"] == "kmeans" and curves:
        note = "Groups stand out where the line of these rows is far above that of rows that are one cloud."
        made.append(
            blocks.lines(
                "groups-curve",
                "How many groups",
                curves,
                x="groups",
                y="silhouette, stability",
                note=note,
            )
        )
    return made


def _points(tried: Sequence[Content], key: str) -> list[tuple[float, float]]:
    return [(each["groups"], each[key]) for each in tried if each[key] is not None]


def groups_table(found: Content) -> Shown:
    """Each group with its size, and in words what is different about it."""
    rows = [
        [each["group"], str(each["rows"]), share(each["share"]), each["text"]]
        for each in found["found"]
    ]
    return f"{count(found['rows'], 'row')}", ["group", "rows", "share", "what is different"], rows


def evidence_table(found: Content) -> Shown:
    """What was tried, with its figures; what was chosen has an arrow."""
    evidence = found["evidence"]
    rows = []
    for place, each in enumerate(evidence["tried"]):
        mark = "  ← chosen" if place == evidence["chosen"] else ""
        setting = f"{100 * each['setting']:g} %" if found["method"] == "hdbscan" else None
        cells = {
            "at least": setting,
            "groups": str(each["groups"]),
            "silhouette": figure(each["silhouette"]),
            "one cloud": figure(each["reference"]),
            "bic": figure(each["bic"]),
            "stability": figure(each["stability"]) if each["groups"] > 1 else "",
            "smallest": share(each["smallest"]),
            "in none": share(each["outside"]) if found["method"] == "hdbscan" else None,
            "": mark.strip(),
        }
        rows.append(cells)
    head = [name for name in rows[0] if any(each[name] for each in rows)]
    shown = [[each[name] or "" for name in head] for each in rows]
    return f"{found['method']}, figures of {count(evidence['rows'], 'row')}", head, shown


def _differences(each: Content, id: str) -> Block:
    rows = []
    for one in each["differences"]:
        number = one["kind"] in ("number", "date")
        what = (
            one["column"]
            if number or one["kind"] == "missing"
            else f"{one['column']}: {one['what']}"
        )
        what += " missing" if one["kind"] == "missing" else f" ({one['what']})" if number else ""
        rows.append(
            [
                what,
                *(_cell(one["kind"], one[end]) for end in ("value", "others")),
                figure(one["effect"]),
            ]
        )
    return blocks.table(
        id,
        f"Group {each['group']}: {count(each['rows'], 'row')}",
        ["column", "group", "others", "effect"],
        rows,
        numeric=["group", "others", "effect"],
        note="Effect: by how much more often a row of the group has more of it than another row, -1 to 1.",
    )


def _cell(kind: str, value: Any) -> str:
    if kind == "date":
        return str(value)
    return figure(value) if kind == "number" else share(value)
