"""Tables out: predictions and splits, in the format that the file's name says, never half a file."""

import csv
import io
import json
import math
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Any, Protocol, Self

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
    with TableWriter(destination, inputs=inputs) as writer:
        writer.append(columns)


class TableWriter:
    """A table on its way out piece by piece, so that it need never be in memory whole.

    The file has its name only when the block has ended well; until then whatever had that name stays.

    Args:
        destination: As for `write_table`.
        inputs: As for `write_table`.

    Raises:
        DataError: As `write_table`.

    Example:
        >>> with TableWriter(None) as writer:
        ...     writer.append({"row": [1, 2], "price": [1.5, None]})
        ...     writer.append({"row": [3], "price": [0.25]})
        row,price
        1,1.5
        2,
        3,0.25
    """

    def __init__(self, destination: Path | None, *, inputs: Iterable[Path] = ()) -> None:
        self._destination = destination
        self._stack = ExitStack()
        if destination is None:
            self._format = _FORMATS[".csv"]
            return
        suffix = destination.suffix.lower()
        if suffix not in _FORMATS:
            raise DataError(
                f"{destination}: cannot write a {suffix or 'file without suffix'}. "
                f"Choose one of {', '.join(_FORMATS)}."
            )
        if any(each.resolve() == destination.resolve() for each in inputs):
            raise DataError(f"{destination}: holds the data that was read. Write to another file.")
        self._format = _FORMATS[suffix]

    def __enter__(self) -> Self:
        if self._destination is None:
            self._pieces: _Pieces = _Csv(sys.stdout)
            return self
        temporary = self._stack.enter_context(atomic(self._destination))
        try:
            self._pieces = self._format(temporary, self._stack)
        except BaseException:
            self._stack.__exit__(*sys.exc_info())
            raise
        return self

    def append(self, columns: Columns) -> None:
        """Write rows below those that are there.

        Args:
            columns: As for `write_table`; names and types are those of the first piece.
        """
        self._pieces.append(columns)

    def __exit__(self, *error: object) -> None:
        with self._stack:
            if error[0] is None:
                self._pieces.end()
            self._stack.pop_all().__exit__(*error)  # type: ignore[arg-type]


def csv_text(columns: Columns) -> str:
    r"""Columns as CSV with a header line.

    Examples:
        >>> csv_text({"row": [1, 2], "tag": ["a", None]})
        'row,tag\n1,a\n2,\n'
    """
    text = io.StringIO()
    _Csv(text).append(columns)
    return text.getvalue()


def arrow_table(columns: Columns, schema: Any = None) -> Any:
    """Columns as a `pyarrow.Table`; one that shows nothing is of text.

    Args:
        columns: As for `write_table`.
        schema: The names and types of a piece before; None finds them.
    """
    import pyarrow as pa  # 131 ms

    if schema is not None:
        arrays = [_arrow_array(columns[each.name], each.type) for each in schema]
        return pa.table(arrays, schema=schema)
    table = pa.table({name: _arrow_array(each) for name, each in columns.items()})
    return table.cast(pa.schema([(each.name, _open_type(each.type)) for each in table.schema]))


class _Pieces(Protocol):
    """How one format takes a table piece by piece."""

    def append(self, columns: Columns) -> None:
        """More rows."""

    def end(self) -> None:
        """No more rows."""


class _Csv:
    def __init__(self, file: IO[str], separator: str = ",") -> None:
        self._writer = csv.writer(file, delimiter=separator, lineterminator="\n")
        self._begun = False

    def append(self, columns: Columns) -> None:
        if not self._begun:
            self._writer.writerow(columns)
            self._begun = True
        self._writer.writerows(zip(*map(_cells, columns.values()), strict=True))

    def end(self) -> None:
        pass


def _cells(values: Values) -> Iterable[Any]:
    """A column as `csv` writes it; whole arrays at once where their type says how."""
    if isinstance(values, np.ndarray) and values.dtype.kind in "iuU":
        return list(values.tolist())
    if isinstance(values, np.ndarray) and values.dtype.kind == "f":
        return ["" if each != each else each for each in values.tolist()]  # noqa: PLR0124 - NaN
    return [_cell(each) for each in _plain(values)]


class _Lines:
    def __init__(self, file: IO[str]) -> None:
        self._file = file

    def append(self, columns: Columns) -> None:
        self._file.writelines(each + "\n" for each in _objects(columns))

    def end(self) -> None:
        pass


class _Json:
    def __init__(self, file: IO[str]) -> None:
        self._file = file
        self._before = "[\n"

    def append(self, columns: Columns) -> None:
        for each in _objects(columns):
            self._file.write(self._before + each)
            self._before = ",\n"

    def end(self) -> None:
        self._file.write("[]\n" if self._before == "[\n" else "\n]\n")


def _objects(columns: Columns) -> Iterator[str]:
    rows = zip(*map(_plain, columns.values()), strict=True)
    return (_json(dict(zip(columns, row, strict=True))) for row in rows)


def _plain(values: Values) -> Sequence[Any]:
    return list(values.tolist()) if isinstance(values, np.ndarray) else values


class _Arrow:
    """Record batches into whatever takes them; the first piece decides the types."""

    def __init__(self, open_writer: Callable[[Any], Any], stack: ExitStack) -> None:
        self._open_writer = open_writer
        self._stack = stack  # closes the writer, also where something fails
        self._writer: Any = None
        self._schema: Any = None

    def append(self, columns: Columns) -> None:
        table = arrow_table(columns, self._schema)
        if self._writer is None:
            self._schema = table.schema
            self._writer = self._stack.enter_context(self._open_writer(self._schema))
        self._writer.write_table(table)

    def end(self) -> None:
        if self._writer is None:
            self.append({})


def _open_type(kind: Any) -> Any:
    """The type of a column of which the first piece may have shown nothing: that is text."""
    import pyarrow as pa

    if pa.types.is_null(kind):
        return pa.string()
    if pa.types.is_list(kind) and pa.types.is_null(kind.value_type):
        return pa.list_(pa.string())
    return kind


def _arrow_array(values: Values, kind: Any = None) -> Any:
    """A column as an Arrow array; the usual ones without pandas, which `pa.array` imports."""
    import pyarrow as pa

    from crosstie.data.arrow_cells import of_numbers, of_texts

    if isinstance(values, np.ndarray) and values.ndim == 1 and values.dtype.kind in "iuf":
        found = of_numbers(values)
        return found if kind in (None, found.type) else found.cast(kind)
    cells = _plain(values)
    kinds = set(map(type, cells))
    if kind in (None, pa.string()) and str in kinds and kinds <= {str, type(None)}:
        return of_texts(cells, pa.string())
    return pa.array(list(cells), kind)


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


def _text(path: Path, stack: ExitStack) -> IO[str]:
    return stack.enter_context(path.open("w", encoding="utf-8", newline=""))


def _parquet(path: Path, stack: ExitStack) -> _Pieces:
    try:
        from pyarrow import parquet  # 131 ms
    except ModuleNotFoundError:
        raise MissingExtra("pyarrow", "arrow", needed_for="writing Parquet") from None
    file = stack.enter_context(path.open("wb"))
    return _Arrow(lambda schema: parquet.ParquetWriter(file, schema), stack)


def _feather(path: Path, stack: ExitStack) -> _Pieces:
    try:
        import pyarrow as pa  # 131 ms
    except ModuleNotFoundError:
        raise MissingExtra("pyarrow", "arrow", needed_for="writing Arrow") from None
    file = stack.enter_context(path.open("wb"))
    return _Arrow(lambda schema: pa.ipc.new_file(file, schema), stack)


_FORMATS: dict[str, Callable[[Path, ExitStack], _Pieces]] = {
    ".csv": lambda path, stack: _Csv(_text(path, stack)),
    ".tsv": lambda path, stack: _Csv(_text(path, stack), "\t"),
    ".parquet": _parquet,
    ".feather": _feather,
    ".arrow": _feather,
    ".jsonl": lambda path, stack: _Lines(_text(path, stack)),
    ".json": lambda path, stack: _Json(_text(path, stack)),
}
