"""What is predicted as the columns that matter go through their values, and what moved the rows that are most wrong."""

from collections.abc import Mapping, Sequence
from typing import Any

from crosstie.reports import blocks
from crosstie.reports.blocks import Block
from crosstie.reports.folder import Folder
from crosstie.reports.numbers import count, figure

STRONGEST = 4  # columns of a row that are named
SHORT = 24  # characters of a cell that is named
HIDDEN = "(private)"  # what stands for a private cell


def partial(run: Folder) -> list[Block]:
    """A figure for each column of `partial.json` and each output."""
    measured = run.read("partial.json") or {}
    found = measured.get("columns", ())
    made: list[Block] = []
    for place, each in enumerate(found):
        note = _note(measured["rows"], found) if not place else ""
        made.append(_block(f"partial-{place}", each, measured["rows"], note))
    return made


def why(run: Folder, output: str) -> dict[int, Mapping[str, Any]]:
    """By number of a row, what was made out of it: `explanations.json`."""
    found = run.read("explanations.json") or {}
    return {each["row"]: each for each in found.get("rows", ()) if each["output"] == output}


def moved(found: Mapping[str, Any], cells: Mapping[str, Any]) -> str:
    r"""The columns that add most to what is said of a row, with its cells, a line each.

    Examples:
        >>> said = {"scale": "log-odds", "contributions": {"a": 0.5, "b": -2.0, "c": 0.0}}
        >>> moved(said, {"a": "x", "b": None})
        '-2.00 b (missing)\n+0.50 a (x)'
    """
    ranked = sorted(found["contributions"].items(), key=lambda each: -abs(each[1]))
    return "\n".join(
        f"{_signed(added, found['scale'])} {name}{_cell(name, cells)}"
        for name, added in ranked[:STRONGEST]
        if added
    )


def _signed(added: float, scale: str) -> str:
    if scale == "number":
        return f"{'+' if added > 0 else ''}{figure(added)}"
    return f"{added:+.2f}"


def moved_note(found: Mapping[str, Any]) -> str:
    """In what unit columns add to what is said."""
    units = {
        "number": "in the unit of what is predicted",
        "log-odds": f"to the log-odds of {found['of']}: above 0 speaks for it, below against it",
        "probability": "to the probability of the class that is predicted",
    }
    return (
        f"Moved by: what the strongest columns add, from the average on, {units[found['scale']]}."
    )


def _cell(name: str, cells: Mapping[str, Any]) -> str:
    if name not in cells or cells[name] == HIDDEN:
        return ""
    cell = "missing" if cells[name] is None else str(cells[name])
    return f" ({cell if len(cell) <= SHORT else f'{cell[: SHORT - 1]}…'})"


def _note(rows: int, found: Sequence[Mapping[str, Any]]) -> str:
    marks = ""
    if any(each["numbers"] for each in found):
        marks += " Small strokes show where rows are, each for one of a hundred."
    if any(each["levels"] and len(each["of"]) == 1 for each in found):
        marks += " In brackets is the share of rows with a level."
    return (
        f"What is predicted on average of {count(rows, 'row')} if all of them had one value of the column and kept their others. "
        f"Where columns go together some of these rows are like none that there is.{marks}"
    )


def _block(id: str, each: Mapping[str, Any], total: int, note: str) -> Block:
    of, column, output = each["of"], each["column"], each["output"]
    named = [name for name in of if name]
    said = f"probability of {named[0]}" if len(named) == 1 else "probability" if named else each["output"]  # fmt: skip
    title = f"{output}: {said} by {column}" if named else f"{output} by {column}"
    if each["numbers"]:
        lines = [
            blocks.series(name or each["output"], list(zip(each["numbers"], means, strict=True)))
            for name, means in of.items()
        ]
        return blocks.lines(id, title, lines, x=column, y=said, ticks=each["ticks"], note=note)
    if len(of) == 1:
        [means] = of.values()
        levels = zip(each["levels"], means, each["rows"], strict=True)
        found = [
            {"label": level, "value": mean, "share": rows / total} for level, mean, rows in levels
        ]
        return blocks.bars(id, title, found, unit=said, note=note)
    rows = [
        [level, count(rows), *(figure(means[place]) for means in of.values())]
        for place, (level, rows) in enumerate(zip(each["levels"], each["rows"], strict=True))
    ]
    names = ["rows", *of]
    return blocks.table(id, title, [column, *names], rows, numeric=names, note=note)
