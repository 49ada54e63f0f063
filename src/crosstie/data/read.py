"""`open_source`: whatever holds a table, opened."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeGuard

from crosstie.data.folder import LABEL, files_source, folder_source, holds_files, is_file_row
from crosstie.data.locate import Located, locate, named
from crosstie.data.reader import Reader, Reading, readers
from crosstie.data.readers.idx import Idx, is_idx, labels_beside
from crosstie.data.scratch import Scratch
from crosstie.data.source import HELD, InMemory, Source
from crosstie.data.table import Table
from crosstie.errors import DataError, nearest


def open_source(spec: Any, *, base: Path = Path(), missing: Sequence[str] | None = None) -> Source:
    """Open a table.

    Args:
        spec: A path, a pattern (`data/*.csv`), a list of paths, an address that fsspec knows, "-" for standard
            input, `{path: …}` with the options of `reader.Reading`, `{connection: duckdb:///shop.db, query: …}`;
            or a table in memory: a pandas or polars DataFrame, an Arrow table, a dict of columns, a list of dicts.
        base: The folder that paths are relative to.
        missing: Texts that mean that nothing is there, in place of `parse.MISSING`.

    Raises:
        DataError: There is no table there, or it cannot be read; the message says what to do.

    Examples:
        >>> open_source({"age": [29, 41], "sex": ["f", "m"]})
        Source('the table given': 2 rows, 2 columns)
    """
    if isinstance(spec, Source):
        return spec
    if isinstance(spec, str | Path):
        return _files([spec], base, Reading(missing=missing))
    if isinstance(spec, Mapping):
        return _mapping(spec, base, missing)
    if isinstance(spec, list | tuple):
        if not spec:
            raise DataError("the list of data is empty. Give files, or rows as dicts.")
        if all(map(_is_path, spec)):
            return _files(spec, base, Reading(missing=missing))
        if all(isinstance(each, Mapping) for each in spec):
            return _in_memory(Table.from_rows(spec, missing=missing), [], missing)
    return _in_memory(*_frame(spec, missing), missing)


def _mapping(spec: Mapping[str, Any], base: Path, missing: Sequence[str] | None) -> Source:
    if "connection" in spec and isinstance(spec["connection"], str):
        from crosstie.data.sql import query  # duckdb, 113 ms

        return query(spec, base, missing)
    path = spec.get("path")
    paths: list[str | Path] = [
        each for each in (path if isinstance(path, list) else [path]) if _is_path(each)
    ]
    if paths and not any(isinstance(spec[name], list) for name in spec if name not in _OPTIONS):
        given = {name: value for name, value in spec.items() if name != "path"}
        unknown = [name for name in given if name not in _OPTIONS]
        if unknown:
            raise DataError(f"data.{unknown[0]}: unknown option; {nearest(unknown[0], _OPTIONS)}")
        return _files(paths, base, Reading(**({"missing": missing} | given)))
    for name, values in spec.items():
        if isinstance(values, str) or not hasattr(values, "__len__"):
            raise DataError(
                f"column {name!r}: holds {values!r}, not a list of values. Give a dict of lists, or a list of dicts."
            )
    return _in_memory(Table.from_columns(spec, missing=missing), [], missing)


def _is_path(value: Any) -> TypeGuard[str | Path]:
    return isinstance(value, str | Path)


_OPTIONS = ("path", *vars(Reading()))


def _files(specs: Sequence[str | Path], base: Path, reading: Reading) -> Source:
    if (rows := file_rows(specs, base)) is not None:
        return rows
    scratch = Scratch()
    found = [each for spec in specs for each in locate(spec, base, scratch)]
    return _opened(found, specs, reading, scratch)


def open_bytes(
    content: bytes, kind: str, name: str, *, missing: Sequence[str] | None = None
) -> Source:
    r"""Open a table that came as the bytes of a file.

    Args:
        content: The bytes.
        kind: What kind of file, a name in `readers`.
        name: What messages call it.
        missing: As for `open_source`.

    Raises:
        DataError: As for `open_source`.

    Examples:
        >>> open_bytes(b"age,sex\n29,f\n41,m\n", "csv", "the body")
        Source('the body': 2 rows, 2 columns)
    """
    scratch = Scratch()
    path = scratch.path(f"table.{kind}")
    path.write_bytes(content)
    found = [Located(path, name, kind, origin=None)]
    return _opened(found, [name], Reading(missing=missing), scratch)


def file_rows(
    specs: Sequence[str | Path], base: Path = Path(), *, column: str | None = None
) -> Source | None:
    """A folder of files, or files named one by one or by a pattern, as a table; None if these are tables.

    Args:
        specs: What the user wrote.
        base: The folder that paths are relative to.
        column: What the column of files is called, if not after what they hold.

    Raises:
        DataError: Some are such files and some are tables; or as for `data.folder`.
    """
    if len(specs) == 1 and "://" not in str(specs[0]) and str(specs[0]) != "-":
        folder = base / Path(specs[0]).expanduser()
        if folder.is_dir() and holds_files(folder):
            return folder_source(folder, str(specs[0]), column=column)
    names = [path for each in specs for path in named(str(each), base)]
    which = [is_file_row(each) for each in names]
    if not any(which):
        return None
    if not all(which):
        table = names[which.index(False)]
        raise DataError(
            f"{table}: is no picture or sound, as {names[which.index(True)]!r} is. Give files of one kind, or one "
            "folder."
        )
    name = names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} more"
    return files_source(names, base, name, column=column)


def own_target(spec: Any) -> str | None:
    """The column that a source by its nature is for predicting: the class of a folder's or an IDX file's pictures."""
    if not isinstance(spec, str | Path) or "://" in str(spec):
        return None
    path = Path(spec).expanduser()
    labelled = is_idx(path.name.removesuffix(".gz")) and labels_beside(path) is not None
    return LABEL if labelled or (path.is_dir() and holds_files(path)) else None


def _opened(
    found: Sequence[Located], specs: Sequence[str | Path], reading: Reading, scratch: Scratch
) -> Source:
    parts = _parts(found, reading, scratch)
    for each, part in zip(found[1:], parts[1:], strict=True):
        _check_same(parts[0].columns, part.columns, found[0].name, each.name)
    name = found[0].name if len(found) == 1 else f"{found[0].name} and {len(found) - 1} more"
    if len(specs) == 1 and len(found) > 1:
        name = str(specs[0])

    def reopen(given: Mapping[str, Any]) -> Source:
        return _opened(found, specs, Reading(**{"missing": reading.missing, **given}), scratch)

    named = all("header" in part.takes for part in parts)
    return Source(
        name,
        parts,
        [each.origin for each in found if each.origin],
        hashed=[path for each in found for path in (each.origin or each.path, each.labels) if path],
        missing=reading.missing,
        reading=_naming(reading, parts[0].columns),
        reopen=reopen if named else None,
        folders=[each.folder for each in found],
    )


def _parts(found: Sequence[Located], reading: Reading, scratch: Scratch) -> list[Reader]:
    """A reader for each file; together they hold no more rows in memory than one alone may."""
    parts: list[Reader] = []
    size = released = 0
    for each in found:
        parts.append(_part(each, reading, scratch))
        size += parts[-1].size
        if size > HELD:
            for part in parts[released:]:
                part.release()
            released = len(parts)
    return parts


def _part(found: Located, reading: Reading, scratch: Scratch) -> Reader:
    cls = readers.get(found.format)
    if found.labels is not None:
        return Idx(found.path, found.name, reading, scratch, labels=found.labels)
    return cls(found.path, found.name, reading, scratch)


def _naming(reading: Reading, columns: Sequence[str]) -> dict[str, Any]:
    """The options that named the columns; `columns` whole, so that another file gets the same names."""
    if reading.header and reading.columns is None:
        return {}
    separator = {"separator": reading.separator} if reading.separator else {}
    return {"header": reading.header, "columns": list(columns), **separator}


def _check_same(first: Sequence[str], columns: Sequence[str], its_name: str, name: str) -> None:
    lacking = [each for each in first if each not in columns]
    extra = [each for each in columns if each not in first]
    if lacking or extra:  # a difference in the headers of files that may well have none
        what = [f"lacks {', '.join(map(repr, lacking))}"] if lacking else []
        what += [f"has {', '.join(map(repr, extra))} besides"] if extra else []
        raise DataError(
            f"{name}: {' and '.join(what)}, compared with {its_name}. Files of one table must have the same columns."
        )


def _in_memory(table: Table, notes: Sequence[str], missing: Sequence[str] | None) -> Source:
    if not table.columns:
        raise DataError("the table given: has no columns")
    return Source("the table given", [InMemory(table, notes)], missing=missing)


def _frame(spec: Any, missing: Sequence[str] | None) -> tuple[Table, list[str]]:
    from crosstie.data.frames import table_of  # whoever has a frame has its library loaded

    return table_of(spec, missing)


__all__ = ["Source", "open_source"]
