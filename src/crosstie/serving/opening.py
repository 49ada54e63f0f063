"""A table opened for a model: its cells and its columns named as the training table's were."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from crosstie.artifact.artifact import Artifact
from crosstie.data.read import Source, file_rows, open_source
from crosstie.errors import DataError
from crosstie.serving.rows import is_row

SHOWN = 8  # names that a message lists
REMEDY = "--no-header --columns a,b,… (in Python header=False, columns=[…])"


def open_for(
    artifact: Artifact, data: Any, *, header: bool = True, columns: Sequence[str] | None = None
) -> Source:
    """A table in any form, for this model.

    A file that lacks the model's columns is read as the training table was, if that had no header line or was
    given other names; it may have the targets or not.

    Args:
        artifact: The model.
        data: What `open_source` takes.
        header: Whether the first line of a CSV, or the first row of a sheet, holds the names of the columns.
        columns: Their names, in place of those in the file.

    Raises:
        DataError: There is no table, or its columns have none of the names that the model needs.
    """
    if isinstance(data, Mapping) and not {*data}.isdisjoint(artifact.columns):
        data = {name: [value] for name, value in data.items()} if is_row(artifact, data) else data
    if header and columns is None:
        source = _file_rows(artifact, data)
        if source is not None:
            return source
        source = open_source(data, missing=artifact.missing)
        if set(artifact.columns) <= set(source.columns) or not source.headed:
            return source
        names = _as_trained(artifact, len(source.columns))
        if names is not None:
            return source.again({**artifact.reading, "columns": names})
        _check_first_line(artifact, source)
        return source
    if not isinstance(data, str | list | tuple) and not hasattr(data, "__fspath__"):
        raise DataError("`header` and `columns` are for files; a table in memory has its names")
    paths = [str(each) for each in (data if isinstance(data, list | tuple) else [data])]
    given = {"path": paths, "header": header, **({"columns": list(columns)} if columns else {})}
    source = open_source(given, missing=artifact.missing)
    if columns is not None:
        return source
    names = _as_trained(artifact, len(source.columns))
    if names is None:
        raise DataError(
            f"{source.name}: has {len(source.columns)} columns without names. Name them in order: --columns a,b,… "
            f"(in Python columns=[…]). The model needs {_some(artifact.columns)}"
        )
    return source.again({**artifact.reading, "columns": names})


def _file_rows(artifact: Artifact, data: Any) -> Source | None:
    """Rows that are files, in the model's one column of files; None if that is not what they are."""
    specs = data if isinstance(data, list | tuple) else [data]
    own = [column for column, feature in artifact.direct if feature.reads == "media"]
    if not specs or not own or not all(isinstance(each, str | Path) for each in specs):
        return None
    return file_rows(specs, column=own[0] if len(own) == 1 else None)


def _as_trained(artifact: Artifact, width: int) -> list[str] | None:
    """The names that training gave, with or without the targets; None if it gave none or of another number."""
    names: list[str] = list(artifact.reading.get("columns", ()))
    targets = {feature.column for feature in artifact.outputs}
    inputs = [name for name in names if name not in targets]
    return next((each for each in (names, inputs) if each and len(each) == width), None)


def _check_first_line(artifact: Artifact, source: Source) -> None:
    """An error where the first line seems to be a row: it names nothing that the model knows."""
    known = {*artifact.columns, *(feature.column for feature in artifact.outputs)}
    if known & set(source.columns):
        return
    raise DataError(
        f"{source.name}: its first line ({_some(source.columns)}) names no column that the model needs. If it is "
        f"a row, say that there is no header line, and name the columns in order: {REMEDY}. The model needs "
        f"{_some(artifact.columns)}"
    )


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return f"{', '.join(map(repr, names[:SHOWN]))}{more}"
