"""Tables as the frames that Python steps take, and whatever they return as a table again."""

from pathlib import Path
from typing import Any

from crosstie.errors import DataError, MissingExtra


def given_as(path: Path, frame: str) -> Any:
    """A Parquet file as the frame that a parameter asks for.

    Raises:
        MissingExtra: What makes such frames is not installed.
    """
    from pyarrow import parquet  # 131 ms

    table = parquet.read_table(path)
    try:
        match frame:
            case "arrow":
                return table
            case "polars":
                import polars as pl

                return pl.from_arrow(table)
            case "ibis":
                import ibis

                return ibis.memtable(table)
            case _:
                return table.to_pandas()
    except ModuleNotFoundError as error:
        raise MissingExtra(str(error.name), "frames", needed_for=f"a table as {frame}") from None


def as_pandas(path: Path, rows: int | None = None) -> Any:
    """A Parquet file as pandas has it.

    Args:
        path: The file.
        rows: Only so many of its first rows.

    Raises:
        MissingExtra: pandas is not installed.
    """
    from pyarrow import parquet  # 131 ms

    try:
        if rows is None:
            return parquet.read_table(path).to_pandas()
        with parquet.ParquetFile(path) as file:
            return next(file.iter_batches(rows), file.schema_arrow.empty_table()).to_pandas()
    except ModuleNotFoundError as error:
        raise MissingExtra(str(error.name), "console", needed_for="showing a table") from None


def returned(value: Any, what: str, do: str = "return a table") -> tuple[Any, list[str]]:
    """What a step returned as a `pyarrow.Table`, and what was lost.

    Args:
        value: What it returned.
        what: How a message about it begins: `shaped() returns`.
        do: What such a message asks for.

    Raises:
        DataError: It is no table.
    """
    import pyarrow as pa

    warnings: list[str] = []
    kind = type(value).__module__.partition(".")[0]
    try:
        if isinstance(value, pa.Table):
            return value, warnings
        if isinstance(value, pa.RecordBatchReader):
            return value.read_all(), warnings
        if kind == "pandas" and hasattr(value, "columns"):
            if value.index.name is not None or value.index.nlevels > 1:
                names = ", ".join(map(repr, value.index.names))
                warnings.append(f"the index {names} is left out: add reset_index() to keep it")
            return pa.Table.from_pandas(value, preserve_index=False).replace_schema_metadata(), warnings  # fmt: skip
        if kind == "polars":
            frame = value.collect() if hasattr(value, "collect") else value
            return frame.to_arrow(), warnings
        if kind == "ibis":
            return value.to_pyarrow(), warnings
        if kind in {"duckdb", "_duckdb"}:
            return value.to_arrow_table(), warnings
        if isinstance(value, list) and all(isinstance(row, dict) for row in value):
            return pa.Table.from_pylist(value), warnings
        if isinstance(value, dict):
            return pa.table(value), warnings
    except (pa.ArrowException, AttributeError, TypeError, ValueError) as error:
        raise DataError(f"{what} what cannot be a table: {error}") from None
    said = "nothing" if value is None else f"a {type(value).__name__}"
    raise DataError(
        f"{what} {said}; {do}: a DataFrame, a pyarrow.Table, a list of dicts or a dict of columns"
    )
