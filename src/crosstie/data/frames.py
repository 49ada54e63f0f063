"""Frames of other libraries as tables, told apart by the module of their class: none is imported for it."""

from collections.abc import Sequence
from typing import Any

from crosstie.data.reader import tidy
from crosstie.data.table import Table
from crosstie.errors import DataError


def table_of(frame: Any, missing: Sequence[str] | None) -> tuple[Table, list[str]]:
    """A table on a pandas or polars DataFrame or an Arrow table, and what had to be renamed.

    Raises:
        DataError: It is nothing of the kind.
    """
    notes: list[str] = []
    library = type(frame).__module__.partition(".")[0]
    kind = type(frame).__name__
    if library == "polars" and kind == "LazyFrame":
        frame, kind = frame.collect(), "DataFrame"
    if library == "pyarrow" and kind in ("Table", "RecordBatch"):
        names = tidy(frame.schema.names, notes, "the table given")
        return Table.from_arrow(frame.rename_columns(list(names)), missing=missing), notes
    if kind == "DataFrame" and library in ("pandas", "polars"):
        names = tidy(list(frame.columns), notes, "the table given")
        places = range(len(names))
        if library == "polars":
            columns = [_polars(frame.to_series(place)) for place in places]
        else:
            columns = [_pandas(frame.iloc[:, place]) for place in places]
        return _mixed(dict(zip(names, columns, strict=True)), len(frame), missing), notes
    raise DataError(
        f"a {library}.{kind} is no table. Give a path, a DataFrame (pandas or polars), an Arrow table, a dict of "
        "lists or a list of dicts."
    )


def _mixed(columns: dict[str, Any], rows: int, missing: Sequence[str] | None) -> Table:
    """Column by column on Arrow where that could hold it, else on its Python values."""
    parts = [
        Table.from_columns({name: values}, missing=missing)
        if isinstance(values, list)
        else Table.from_array(name, values, missing=missing)
        for name, values in columns.items()
    ]
    return Table.beside(parts, rows)


def _pandas(series: Any) -> Any:
    try:
        import pyarrow as pa
    except ModuleNotFoundError:
        return series.tolist()
    try:
        return pa.Array.from_pandas(series)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError):
        return series.tolist()  # texts and numbers mixed


def _polars(series: Any) -> Any:
    try:
        return series.to_arrow()
    except (ModuleNotFoundError, TypeError):  # no pyarrow; or Python objects
        return series.to_list()
