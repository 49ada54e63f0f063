"""Predictions as the body of an answer."""

import json
import math
from collections.abc import Mapping, Sequence
from io import BytesIO
from typing import Any

import numpy as np
from starlette.responses import Response

from crosstie.data.write import arrow_table, csv_text
from crosstie.serving.http.media import MEDIA, Form
from crosstie.serving.http.refused import Refused


def json_answer(
    value: Any, *, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """Any JSON values as an answer."""
    return Response(as_json(value), status, {**(headers or {})}, media_type="application/json")


def refusal(refused: Refused) -> Response:
    """Why a request got no prediction."""
    return json_answer(refused.body(), status=refused.status, headers=refused.headers)


def answered(columns: Mapping[str, Any], form: Form, *, one: bool) -> Response:
    """Predictions as the body of an answer.

    Args:
        columns: By name.
        form: Of the body.
        one: Whether JSON has one object, not an array.

    Raises:
        Refused: pyarrow, which the form needs, is not installed here (406).
    """
    if form == "json":
        rows = rows_of(columns)
        return json_answer(rows[0] if one else rows)
    if form == "csv":
        return Response(csv_text(columns), media_type=f"{MEDIA[form]}; header=present")
    try:
        return Response(_arrow_bytes(columns, form), media_type=MEDIA[form])
    except ModuleNotFoundError:
        raise Refused(
            406,
            "answers in Arrow and Parquet need pyarrow, which this server has not. Accept JSON or CSV",
        ) from None


def _arrow_bytes(columns: Mapping[str, Any], form: Form) -> bytes:
    import pyarrow as pa  # 131 ms

    table, out = arrow_table(columns), BytesIO()
    if form == "parquet":
        from pyarrow import parquet

        parquet.write_table(table, out)
        return out.getvalue()
    new = pa.ipc.new_stream if form == "arrow stream" else pa.ipc.new_file
    with new(out, table.schema) as writer:
        writer.write_table(table)
    return out.getvalue()


def rows_of(columns: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Columns as rows of JSON values; a number that is none is null."""
    names = list(columns)
    cells = [_listed(each) for each in columns.values()]
    return [dict(zip(names, row, strict=True)) for row in zip(*cells, strict=True)]


def as_json(value: Any) -> bytes:
    """JSON in UTF-8."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.encode("utf-8", "backslashreplace")  # half a surrogate pair as JSON writes it


def _listed(values: Any) -> Sequence[Any]:
    if isinstance(values, np.ndarray) and values.ndim == 1 and values.dtype.kind == "f":
        if np.isfinite(values).all():
            return list(values.tolist())
        return [each if math.isfinite(each) else None for each in values.tolist()]
    return [_plain(each) for each in values]


def _plain(value: Any) -> Any:
    """A value as JSON has it."""
    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return value
