"""Predictions in the form in which rows came."""

from typing import Any


def as_came(data: Any, columns: dict[str, Any]) -> Any:
    """Columns as a frame of the library that `data` is from; as they are if it is from none."""
    kind = type(data).__module__.partition(".")[0]
    if kind == "pandas":
        import pandas as pd  # already imported by whoever made the frame

        rows = len(next(iter(columns.values())))
        return pd.DataFrame(columns, index=data.index if rows == len(data) else None)
    if kind == "polars":
        import polars as pl

        return pl.DataFrame(columns)
    if kind == "pyarrow":
        import pyarrow as pa

        return pa.table(columns)
    return columns
