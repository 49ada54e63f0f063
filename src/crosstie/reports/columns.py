"""The data that a run learned from: its parts, its columns, what is odd about them."""

from collections.abc import Mapping
from typing import Any

from crosstie.reports import blocks
from crosstie.reports.blocks import Block
from crosstie.reports.folder import Folder
from crosstie.reports.numbers import count, figure, share

SHOWN = 200  # columns of a table
OFTEN = 3  # most frequent cells that are named
LONG = 40  # characters of a cell
MISSING = 0.5  # share of a column, from which on that is worth a word
UNSEEN = 0.1
MIDNIGHT = " 00:00:00"  # of days without a time


def data(run: Folder) -> list[Block]:
    """Blocks on the rows and columns."""
    found = [_rows(run)]
    warnings = [*map(run.without_places, run.manifest.get("warnings", ())), *_oddities(run)]
    if warnings:
        found.append(blocks.text("data-warnings", "What to look at", warnings))
    if run.profile:
        found.append(_columns(run))
    return found


def _rows(run: Folder) -> Block:
    rows = [
        ("table" if part == "train" else f"table of {part} rows", told)
        for part, told in run.tables.items()
    ]
    split = run.config.get("preprocessing", {}).get("split", {})
    if split:
        shares = split.get("probabilities")
        parts = (
            ", ".join(
                f"{share(value)} {name}"
                for name, value in zip(("train", "validation", "test"), shares, strict=False)
            )
            if shares
            else ""
        )
        rows.append(("split", f"{split.get('type')}{f': {parts}' if parts else ''}"))
    if run.config.get("folds"):
        rows.append(
            ("folds", f"{run.config['folds']}, each validated on the rows it did not learn from")
        )
    for part, dropped in run.evaluation.get("dropped_rows", {}).items():
        if dropped:
            rows.append((f"left out of {part}", count(dropped, "row")))
    return blocks.facts("data-rows", "Rows", rows)


def _columns(run: Folder) -> Block:
    inputs = {
        each.get("column") or each["name"]: each for each in run.config.get("input_features", ())
    }
    outputs = {
        each.get("column") or each["name"]: each for each in run.config.get("output_features", ())
    }
    rows = []
    for name, each in list(run.profile.items())[:SHOWN]:
        entry = outputs.get(name) or inputs.get(name)
        role = "predicted" if name in outputs else "input" if name in inputs else "not used"
        looked = each["rows"] or 1
        rows.append(
            [
                name,
                role,
                str(entry["type"]) if entry else "",
                share(each["missing"] / looked) if each["missing"] else "",
                count(each["distinct"]),
                _looks(each),
            ]
        )
    more = len(run.profile) - len(rows)
    return blocks.table(
        "data-columns",
        "Columns",
        ["column", "role", "type", "missing", "different", "for example"],
        rows,
        numeric=["missing", "different"],
        note=f"and {more} more columns" if more > 0 else "",
    )


def _looks(each: Mapping[str, Any]) -> str:
    """A column's range, or its most frequent cells; nothing of a private one."""
    if each.get("private"):
        return "(private)"
    if each.get("numbers", 0.0) > 0.9 and each.get("minimum") is not None and each["distinct"] > 10:
        mean = f", mean {figure(each['mean'])}" if each.get("mean") is not None else ""
        return f"{_end(each['minimum'])} to {_end(each['maximum'])}{mean}"
    if each.get("earliest"):
        ends = [str(each["earliest"]), str(each["latest"])]
        if all(end.endswith(MIDNIGHT) for end in ends):
            ends = [end.removesuffix(MIDNIGHT) for end in ends]
        return " to ".join(ends)
    if each["distinct"] == each["rows"] - each["missing"] and each["distinct"] > 1:
        return "each cell is different"
    return ", ".join(
        f"{cell if len(cell) <= LONG else cell[: LONG - 1] + '…'} ({count(times)})"
        for cell, times in each.get("top", ())[:OFTEN]
    )


def _end(value: float) -> str:
    """An end of a range: 18 for 18.0, for these are cells and no measurements of ours."""
    return count(value) if float(value).is_integer() else figure(value)


def _oddities(run: Folder) -> list[str]:
    """A sentence for each column that has much missing, that cannot be read, or whose values are new to the model."""
    used = {
        each.get("column") or each["name"]
        for kind in ("input_features", "output_features")
        for each in run.config.get(kind, ())
    }
    found = []
    for name, each in run.profile.items():
        rows = each["rows"] or 1
        if name not in used:
            continue
        if each["missing"] / rows > MISSING:
            found.append(f"{name}: {share(each['missing'] / rows)} of its cells are missing.")
        if each["distinct"] <= 1:
            found.append(f"{name}: all its cells are the same, so it says nothing.")
    for name, each in run.evaluation.get("columns", {}).items():
        seen = max(each["rows"] - each["missing"], 1)
        if each.get("unparsed"):
            found.append(
                f"{name}: {count(each['unparsed'], 'cell')} could not be read and count as missing."
            )
        if each.get("unseen", 0) / seen > UNSEEN:
            found.append(
                f"{name}: {share(each['unseen'] / seen)} of its cells hold values that are in no training row."
            )
    return found
