"""Tables out: predictions and splits, in the format that the file's name says, never half a file."""

import csv
import json
import math
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from crosstie.data.files import atomic
from crosstie.errors import DataError, MissingExtra

Values = Sequence[Any] | NDArray[Any]
Columns = Mapping[str, Values]


def write_table(columns: Columns, destination: Path | None, *, inputs: Iterable[Path] = ()) -> None:
    """Write columns of equal length.

    Args:
        columns: By name: arrays or lists of numbers, texts, booleans, lists; None and NaN are empty cells.
        destination: A .csv, .tsv, .parquet, .feather, .arrow, .jsonl or .json file; None for CSV on standard output.
        inputs: Files that must not be overwritten: those the columns were made from.

    Raises:
        DataError: The suffix is of no format that can be written, or the file is one of `inputs`.
    """
    if destination is None:
        _write_csv(columns, sys.stdout)
        return
    write = _WRITERS.get(destination.suffix.lower())
    if write is None:
        raise DataError(
            f"{destination}: cannot write a {destination.suffix or 'file without suffix'}. "
            f"Choose one of {', '.join(_WRITERS)}."
        )
    if any(each.resolve() == destination.resolve() for each in inputs):
        raise DataError(f"{destination}: holds the data that was read. Write to another file.")
    with atomic(destination) as temporary:
        write(columns, temporary)


def _rows(columns: Columns) -> Iterator[tuple[Any, ...]]:
    return zip(*(_plain(values) for values in columns.values()), strict=True)


def _plain(values: Values) -> Sequence[Any]:
    return list(values.tolist()) if isinstance(values, np.ndarray) else values


def _write_csv(columns: Columns, file: IO[str], separator: str = ",") -> None:
    writer = csv.writer(file, delimiter=separator, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([_cell(each) for each in row] for row in _rows(columns))


def _cell(value: Any) -> Any:
    if isinstance(value, str):
        return value
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, bool | np.bool_):
        return "true" if value else "false"
    if isinstance(value, list | tuple | dict | np.ndarray):
        return _json(value)
    return value


def _json(value: Any) -> str:
    return json.dumps(_jsonable(value), ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def _jsonable(value: Any) -> Any:
    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, list | tuple):
        return [_jsonable(each) for each in value]
    if isinstance(value, dict):
        return {str(key): _jsonable(each) for key, each in value.items()}
    return value if isinstance(value, bool | int | float | str | None) else str(value)


def _delimited(separator: str) -> Callable[[Columns, Path], None]:
    def write(columns: Columns, path: Path) -> None:
        with path.open("w", encoding="utf-8", newline="") as file:
            _write_csv(columns, file, separator)

    return write


def _write_lines(columns: Columns, path: Path) -> None:
    with path.open("w", encoding="utf-8") as file:
        file.writelines(
            _json(dict(zip(columns, row, strict=True))) + "\n" for row in _rows(columns)
        )


def _write_json(columns: Columns, path: Path) -> None:
    rows = (_json(dict(zip(columns, row, strict=True))) for row in _rows(columns))
    path.write_text("[\n" + ",\n".join(rows) + "\n]\n", encoding="utf-8")


def _arrow(columns: Columns) -> Any:
    try:
        import pyarrow as pa  # 131 ms
    except ModuleNotFoundError:
        raise MissingExtra("pyarrow", "arrow", needed_for="writing Parquet or Arrow") from None
    return pa.table({name: pa.array(_arrowable(values)) for name, values in columns.items()})


def _arrowable(values: Values) -> Any:
    return values if isinstance(values, np.ndarray) and values.ndim == 1 else list(_plain(values))


def _write_parquet(columns: Columns, path: Path) -> None:
    table = _arrow(columns)
    from pyarrow import parquet

    parquet.write_table(table, path)


def _write_feather(columns: Columns, path: Path) -> None:
    table = _arrow(columns)
    from pyarrow import feather

    feather.write_feather(table, str(path), compression="uncompressed")


_WRITERS: dict[str, Callable[[Columns, Path], None]] = {
    ".csv": _delimited(","),
    ".tsv": _delimited("\t"),
    ".parquet": _write_parquet,
    ".feather": _write_feather,
    ".arrow": _write_feather,
    ".jsonl": _write_lines,
    ".json": _write_json,
}
