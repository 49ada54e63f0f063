"""Tensors of the Open Inference Protocol as rows, and columns of predictions as tensors."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from crosstie.data.table import Table
from crosstie.serving.http.answers import as_json, rows_of
from crosstie.serving.http.asked import of_cells
from crosstie.serving.http.described import Described, described
from crosstie.serving.http.json_body import read_json
from crosstie.serving.http.limits import check_rows
from crosstie.serving.http.media import MEDIA
from crosstie.serving.http.refused import Refused
from crosstie.serving.model import Model

NUMBERS = frozenset(
    f"{kind}{bits}" for kind in ("INT", "UINT", "FP") for bits in (8, 16, 32, 64)
) - {"FP8"}
TYPES = NUMBERS | {"BYTES", "BOOL"}


@dataclass(frozen=True)
class Tensors:
    """A request: its rows, the outputs that it wants (all if none are named), and what it is called."""

    table: Table
    wanted: Sequence[str]
    id: str | None


def tensors(body: bytes, asked: Model, most: int) -> Tensors:
    """Read a request.

    Raises:
        Refused: It is none (400), has too many rows (413) or cells that are nothing a cell can be (422).
    """
    found = read_json(body)
    if not isinstance(found, dict) or not isinstance(found.get("inputs"), list):
        what = '{"inputs": [{"name": …, "shape": …, "datatype": …, "data": …}, …]}'
        raise Refused(400, f"wanted {what}")
    columns = _columns(found["inputs"])
    lengths = {len(each) for each in columns.values()}
    if len(lengths) != 1 or 0 in lengths:
        raise Refused(
            400, f"tensors must have one number of rows, 1 or more; got {sorted(lengths)}"
        )
    check_rows(lengths.pop(), most)
    cells = zip(*columns.values(), strict=True)
    rows = [dict(zip(columns, row, strict=True)) for row in cells]
    name = found.get("id")
    return Tensors(
        of_cells(rows, asked),
        _wanted_outputs(found.get("outputs"), described(asked)),
        name if isinstance(name, str) else None,
    )


def answer_of(asked: Tensors, about: Described, columns: Mapping[str, Any]) -> tuple[bytes, str]:
    """Predictions as the body of an answer, and its media type."""
    kinds = {each["column"]: tensor(each) for each in about.schema["columns"]["output"]}
    rows = rows_of({name: columns[name] for name in asked.wanted or columns})
    outputs = [output(name, rows, kinds.get(name)) for name in rows[0]]
    named = {"id": asked.id} if asked.id is not None else {}
    said = {"model_name": about.name, "model_version": about.version, **named, "outputs": outputs}
    return as_json(said), MEDIA["json"]


def tensor(column: Mapping[str, Any]) -> dict[str, Any]:
    """Name, datatype and shape of a column: numbers FP64, lists of numbers by row, all else text."""
    arrow = column["arrow"]
    if arrow == "double":
        kind, shape = "FP64", [-1]
    elif arrow == "list<item: double>":
        kind, shape = "FP64", [-1, -1]
    elif arrow == "list<item: list<item: double>>":
        kind, shape = "FP64", [-1, -1, -1]
    else:
        kind, shape = "BYTES", [-1]
    return {"name": column["column"], "datatype": kind, "shape": shape}


def _columns(inputs: Sequence[Any]) -> dict[str, list[Any]]:
    """The cells of each tensor.

    Raises:
        Refused: Some are no tensors; all are named.
    """
    columns: dict[str, list[Any]] = {}
    wrong = []
    for place, each in enumerate(inputs):
        try:
            name, cells = _cells(each)
        except _NoTensor as error:
            wrong.append(f"inputs[{place}]: {error}")
            continue
        if name in columns:
            wrong.append(f"inputs[{place}]: {name!r} stands there twice")
        columns[name] = cells
    if wrong:
        raise Refused(400, "; ".join(wrong))
    return columns


class _NoTensor(Exception):
    """What is wrong with a tensor."""


def _cells(tensor: Any) -> tuple[str, list[Any]]:
    """Name and cells, one for each row, of a tensor of the request."""
    if not isinstance(tensor, dict) or not isinstance(tensor.get("name"), str):
        raise _NoTensor("wanted an object with name, shape, datatype and data")
    kind, shape, data = tensor.get("datatype"), tensor.get("shape"), tensor.get("data")
    if not isinstance(kind, str) or kind not in TYPES:
        raise _NoTensor(f"datatype must be one of {', '.join(sorted(TYPES))}")
    if (
        not isinstance(shape, list)
        or not 1 <= len(shape) <= 4
        or not all(type(each) is int and 0 <= each < 1 << 31 for each in shape)
    ):
        raise _NoTensor("shape must be 1 to 4 whole numbers, of which the first says how many rows")
    if not isinstance(data, list):
        raise _NoTensor("data must be an array")
    flat = _flat(data)
    if len(flat) != math.prod(shape):
        raise _NoTensor(f"shape says {math.prod(shape)} elements, data has {len(flat)}")
    odd = {type(each) for each in flat} - _PYTHON[_family(kind)] - {type(None)}
    if odd:
        raise _NoTensor(f"data has elements that are no {kind}")
    if not flat or (math.prod(shape[1:]) == 1 and len(shape) <= 2):
        return tensor["name"], flat
    cells = np.empty(len(flat), object)
    cells[:] = flat
    return tensor["name"], list(cells.reshape(shape).tolist())


def _family(kind: str) -> str:
    return kind if kind in ("BYTES", "BOOL") else "FP" if kind.startswith("FP") else "INT"


_PYTHON: Mapping[str, frozenset[type]] = {
    "BYTES": frozenset({str}),
    "BOOL": frozenset({bool}),
    "FP": frozenset({int, float}),
    "INT": frozenset({int}),
}


def _flat(data: list[Any]) -> list[Any]:
    """Elements in the order of rows, which may come nested or not."""
    for _ in range(4):
        if list not in set(map(type, data)):
            return data
        data = [one for each in data for one in (each if type(each) is list else [each])]
    raise _NoTensor("data is nested deeper than any shape")


def _wanted_outputs(given: Any, about: Described) -> list[str]:
    """The tensors that a request asks for by name; none if it asks for all."""
    if given is None:
        return []
    names = [each["column"] for each in about.schema["columns"]["output"]]
    if not isinstance(given, list) or not all(
        isinstance(each, dict) and each.get("name") in names for each in given
    ):
        raise Refused(400, f"outputs must be objects whose name is one of {', '.join(names)}")
    return [each["name"] for each in given]


def output(
    name: str, rows: Sequence[Mapping[str, Any]], kind: Mapping[str, Any] | None
) -> dict[str, Any]:
    """A column of predictions as a tensor; lists of other than numbers of one length are texts of JSON."""
    cells = [row[name] for row in rows]
    lengths = {len(each) if isinstance(each, list) else None for each in cells}
    if kind is not None and kind["datatype"] == "FP64" and len(lengths) == 1:
        length = lengths.pop()
        if length is None:
            return {"name": name, "datatype": "FP64", "shape": [len(cells)], "data": cells}
        flat = [one for each in cells for one in each]
        return {"name": name, "datatype": "FP64", "shape": [len(cells), length], "data": flat}
    texts = [
        each if isinstance(each, str | None) else json.dumps(each, ensure_ascii=False)
        for each in cells
    ]
    return {"name": name, "datatype": "BYTES", "shape": [len(cells)], "data": texts}
