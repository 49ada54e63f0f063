"""What a row in and a prediction out look like: JSON Schema, Arrow types, and which columns may be empty.

Everything comes from the fitted features. Cells as a CSV reader gives them, numbers in text, are allowed: they are
read as training read them.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from crosstie.data.column import Form
from crosstie.data.rowwise.rowwise import Rowwise
from crosstie.features.output_feature import OutputFeature
from crosstie.features.preprocessor import Preprocessor

_CELLS: dict[Form, tuple[list[str], str]] = {  # what JSON may have for a form, and what Arrow has
    "number": (["number", "string"], "double"),
    "levels": (["string", "number", "boolean"], "string"),
    "text": (["string", "number", "boolean", "array"], "string"),
    "date": (["string"], "timestamp[us]"),
    "vector": (["array", "string"], "list<item: double>"),
    "series": (["array", "string"], "list<item: double>"),
    "media": (["string", "array"], "binary"),
}
_NONE: Mapping[str, Sequence[str | None]] = {}
MOST = 8  # groups that are named
_CHANNELS = "list<item: list<item: double>>"
_PROBABILITY: dict[str, Any] = {"type": "number", "minimum": 0, "maximum": 1}


def row_schema(
    preprocessor: Preprocessor,
    rowwise: Rowwise | None = None,
    groups: Mapping[str, Sequence[str | None]] = _NONE,
) -> dict[str, Any]:
    """What `schema.json` holds.

    Args:
        preprocessor: The fitted features.
        rowwise: What makes the columns that they read of those of a row.
        groups: As `Artifact.groups`.

    Returns:
        `{"input": schema of a row, "output": schema of a prediction, "columns": {"input": […], "output": […]}}`. Each
        of the columns has its name, feature type and Arrow type, and whether it may be empty: an input may where
        training rows had missing cells.
    """
    rows: dict[str, Any] = {}
    inputs: list[dict[str, Any]] = []
    found = _inputs(preprocessor) if rowwise is None else _raw(preprocessor, rowwise)
    for name, kind, nullable, wanted, (types, arrow) in found:
        if name in rows or name in groups:
            continue
        rows[name] = {"description": wanted, "type": [*types, *(["null"] if nullable else [])]}
        inputs.append({"column": name, "type": kind, "arrow": arrow, "nullable": nullable})
    for name, values in groups.items():
        types, arrow = _CELLS["levels"]
        known = [repr(each) for each in values if each is not None]
        wanted = (
            f"the group of the row: {', '.join(known[:MOST])}{', …' if len(known) > MOST else ''}"
        )
        nullable = None in values
        rows[name] = {"description": wanted, "type": [*types, *(["null"] if nullable else [])]}
        inputs.append({"column": name, "type": "category", "arrow": arrow, "nullable": nullable})
    predictions: dict[str, Any] = {}
    outputs: list[dict[str, Any]] = []
    for feature in preprocessor.outputs:
        for suffix, schema, arrow in _predicted(feature):
            name = f"{feature.name}_{suffix}"
            predictions[name] = schema
            outputs.append(
                {"column": name, "type": feature.type, "arrow": arrow, "nullable": False}
            )
    # not the time and the group of a long table: a row may hold its window itself
    read = {feature.column for feature in preprocessor.inputs}
    if rowwise is not None:
        read = {*rowwise.reads}
    read |= {*groups}
    required = [
        each["column"] for each in inputs if each["column"] in read and not each["nullable"]
    ]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "input": {"type": "object", "properties": rows, "required": required},
        "output": {
            "type": "object",
            "properties": predictions,
            "required": list(predictions),
        },
        "columns": {"input": inputs, "output": outputs},
    }


def _inputs(
    preprocessor: Preprocessor,
) -> Iterator[tuple[str, str, bool, str, tuple[list[str], str]]]:
    """Of each column: name, type, whether it may be empty, what is wanted in words, and the types of its cells."""
    windows = preprocessor.windows
    long = windows.past if windows is not None else {}
    if windows is not None and windows.time:
        kind: Form = "date" if windows.dated else "number"
        yield windows.time, kind, False, "the time of the row", _CELLS[kind]
    if windows is not None and windows.group:
        yield windows.group, "category", False, "which series it is of", _CELLS["levels"]
    for feature in preprocessor.inputs:
        types, arrow = _CELLS[feature.reads]
        wanted = feature.wanted
        if feature.column in long:  # a number a row, or the steps up to it
            types, arrow, wanted = ["number", *types], "double", "a number"
        elif feature.reads == "series" and feature.shape[-1] > 1:
            arrow = _CHANNELS
        nullable = preprocessor.nullable(feature)
        yield feature.column, feature.type, nullable, wanted, (types, arrow)


def _raw(
    preprocessor: Preprocessor, rowwise: Rowwise
) -> Iterator[tuple[str, str, bool, str, tuple[list[str], str]]]:
    """As `_inputs`, of the columns of a row before its features are worked out."""
    for name, kind, nullable, wanted, cells in _inputs(preprocessor):
        if name in rowwise.passed:
            yield rowwise.passed[name], kind, nullable, wanted, cells
    for name, each in rowwise.inputs.items():
        types, arrow = _CELLS[each.form]
        kind = "number" if each.form == "number" else "binary" if each.form == "levels" else each.form  # fmt: skip
        yield name, kind, each.nullable, each.wanted, (types, arrow)


def _predicted(feature: OutputFeature) -> Iterator[tuple[str, dict[str, Any], str]]:
    """(suffix of the column, its schema, its Arrow type) of what is predicted of an output."""
    labels = list(feature.labels)
    if feature.type == "number":
        yield "prediction", {"type": "number"}, "double"
    elif feature.type == "text":
        yield "prediction", {"type": "string"}, "string"
    elif feature.type == "timeseries":
        size = {"minItems": feature.size, "maxItems": feature.size}
        items = {"type": "array", "items": {"type": "number"}, **size}
        yield "prediction", items, "list<item: double>"
    elif feature.type in ("set", "sequence"):
        ends = [None] if feature.type == "sequence" else []  # behind the length nothing is read
        items = {"type": "array", "items": {"enum": [*labels, *ends]}}
        yield "prediction", items, "list<item: string>"
    else:
        yield "prediction", {"enum": labels}, "string"
    if feature.type == "sequence":
        each = {**_PROBABILITY, "type": ["number", "null"]}
        yield "probability", {"type": "array", "items": each}, "list<item: double>"
        return
    for label in labels:
        yield f"probability_{label}", _PROBABILITY, "double"
