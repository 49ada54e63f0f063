"""Predictions as the body of an answer, as bytes; nothing here knows HTTP."""

import json
import math
from collections.abc import Mapping, Sequence
from io import BytesIO
from typing import Any

import numpy as np

from crosstie.data.write import arrow_table, csv_text
from crosstie.serving.http.media import MEDIA, Form
from crosstie.serving.http.refused import Refused


def written(columns: Mapping[str, Any], *, form: Form, one: bool) -> tuple[bytes, str]:
    """Predictions as the body of an answer, and its media type.

    Args:
        columns: By name.
        form: Of the body.
        one: Whether JSON has one object, not an array.

    Raises:
        Refused: pyarrow, which the form needs, is not installed here (406).
    """
    if form == "json":
        rows = rows_of(columns)
        return as_json(rows[0] if one else rows), MEDIA[form]
    if form == "csv":
        return csv_text(columns).encode(), f"{MEDIA[form]}; header=present; charset=utf-8"
    try:
        return _arrow_bytes(columns, form), MEDIA[form]
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
    return _ENCODER.encode(value).encode(
        "utf-8", "backslashreplace"
    )  # half a surrogate pair as JSON writes it


_ENCODER = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"))


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
