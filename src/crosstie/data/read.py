"""`open_source`: whatever holds a table, as one thing with columns, rows and chunks."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from crosstie.data.files import sha256
from crosstie.data.locate import locate
from crosstie.data.reader import ROWS_AT_ONCE, Reading, readers
from crosstie.data.scratch import Scratch
from crosstie.data.table import Table
from crosstie.errors import DataError, nearest

HELD = 1 << 29  # bytes that a source may keep in memory so that the next pass need not read again


class Part(Protocol):
    """One file of a source, or a table in memory: as `reader.Reader`."""

    columns: tuple[str, ...]
    notes: list[str]

    @property
    def rows(self) -> int: ...
    @property
    def size(self) -> int: ...
    def chunks(self, rows: int, columns: Sequence[str]) -> Iterator[Table]: ...
    def table(self, columns: Sequence[str]) -> Table: ...


class InMemory:
    """A table that somebody already holds."""

    def __init__(self, table: Table, notes: Sequence[str] = ()) -> None:
        self._table = table
        self.columns = table.columns
        self.notes = list(notes)

    @property
    def rows(self) -> int:
        return len(self._table)

    @property
    def size(self) -> int:
        return 0  # it costs nothing more to keep it

    def chunks(self, rows: int, columns: Sequence[str]) -> Iterator[Table]:
        table = self.table(columns)
        yield from (table.slice(start, rows) for start in range(0, len(table), rows))

    def table(self, columns: Sequence[str]) -> Table:
        return self._table.select(columns)


class Source:
    """A table somewhere: in a file or several, in a database, in memory.

    Args:
        name: What the user called it.
        parts: Read one after another; all with the columns of the first.
        files: The files it comes from, as far as there are any.

    Attributes:
        notes: What reading dropped, renamed or guessed, one sentence each.
    """

    def __init__(self, name: str, parts: Sequence[Part], files: Sequence[Path] = ()) -> None:
        self.name = name
        self.files = tuple(files)
        self._parts = parts
        self._held: Table | None = None
        self.notes = [note for part in parts for note in part.notes]
        self.columns = parts[0].columns
        self.rows = sum(part.rows for part in parts)

    def __repr__(self) -> str:
        return f"Source({self.name!r}: {self.rows} rows × {len(self.columns)} columns)"

    def table(self, columns: Sequence[str] | None = None) -> Table:
        """The whole table (with `columns` only), in memory."""
        wanted = self._checked(columns)
        if sum(part.size for part in self._parts) > HELD:
            return Table.concat([part.table(wanted) for part in self._parts], wanted)
        if self._held is None:
            whole = [part.table(self.columns) for part in self._parts]
            self._held = Table.concat(whole, self.columns)
        return self._held.select(wanted)

    def chunks(
        self, rows: int = ROWS_AT_ONCE, columns: Sequence[str] | None = None
    ) -> Iterator[Table]:
        """The table in pieces of at most `rows` rows; holds no more than one if the table is large."""
        wanted = self._checked(columns)
        if sum(part.size for part in self._parts) > HELD:
            for part in self._parts:
                yield from part.chunks(rows, wanted)
            return
        table = self.table(wanted)
        yield from (table.slice(start, rows) for start in range(0, len(table), rows))

    @property
    def fingerprint(self) -> str:
        """Changes when the content does: a hash of the files' bytes, or of the cells of a table in memory."""
        if self.files:
            parts = [_file_fingerprint(each) for each in self.files]
            return (
                parts[0] if len(parts) == 1 else hashlib.sha256("".join(parts).encode()).hexdigest()
            )
        digest = hashlib.sha256()
        for table in self.chunks():
            for name in self.columns:
                cells = json.dumps([name, table.cells(name)], ensure_ascii=False)
                digest.update(cells.encode(errors="surrogatepass"))
        return digest.hexdigest()

    def _checked(self, columns: Sequence[str] | None) -> list[str]:
        wanted = list(self.columns if columns is None else columns)
        for each in wanted:
            if each not in self.columns:
                raise DataError(
                    f"{self.name}: has no column {each!r}; {nearest(each, self.columns)}"
                )
        return wanted


def _file_fingerprint(path: Path) -> str:
    """Of the bytes; of size, time and 64 places in it where there are more than a thousand million."""
    facts = path.stat()
    if facts.st_size <= 1 << 30:
        return sha256(path)
    digest = hashlib.sha256(f"{facts.st_size} {facts.st_mtime_ns}".encode())
    with path.open("rb") as file:
        for place in range(64):
            file.seek(facts.st_size // 64 * place)
            digest.update(file.read(1 << 16))
    return digest.hexdigest()


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
        Source('the table given': 2 rows × 2 columns)
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
        if all(isinstance(each, str | Path) for each in spec):
            return _files(spec, base, Reading(missing=missing))
        if all(isinstance(each, Mapping) for each in spec):
            return _in_memory(Table.from_rows(spec, missing=missing))
    return _in_memory(*_frame(spec, missing))


def _mapping(spec: Mapping[str, Any], base: Path, missing: Sequence[str] | None) -> Source:
    if "connection" in spec and isinstance(spec["connection"], str):
        from crosstie.data.sql import query  # duckdb, 113 ms

        return query(spec, base, missing)
    path = spec.get("path")
    paths = path if isinstance(path, list) else [path]
    if all(isinstance(each, str | Path) for each in paths) and not any(
        isinstance(value, list) for name, value in spec.items() if name not in _OPTIONS
    ):
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
    return _in_memory(Table.from_columns(spec, missing=missing))


_OPTIONS = ("path", *vars(Reading()))


def _files(specs: Sequence[str | Path], base: Path, reading: Reading) -> Source:
    scratch = Scratch()
    found = [each for spec in specs for each in locate(spec, base, scratch)]
    parts = [readers.get(each.format)(each.path, each.name, reading, scratch) for each in found]
    for each, part in zip(found[1:], parts[1:], strict=True):
        _check_same(parts[0].columns, part.columns, found[0].name, each.name)
    name = found[0].name if len(found) == 1 else f"{found[0].name} and {len(found) - 1} more"
    if len(specs) == 1 and len(found) > 1:
        name = str(specs[0])
    return Source(name, parts, [each.origin for each in found])


def _check_same(first: Sequence[str], columns: Sequence[str], its_name: str, name: str) -> None:
    lacking = [each for each in first if each not in columns]
    extra = [each for each in columns if each not in first]
    if lacking or extra:
        what = [f"lacks {', '.join(map(repr, lacking))}"] if lacking else []
        what += [f"has {', '.join(map(repr, extra))} besides"] if extra else []
        raise DataError(
            f"{name}: {' and '.join(what)}, compared with {its_name}. Files of one table must have the same columns."
        )


def _in_memory(table: Table, notes: Sequence[str] = ()) -> Source:
    if not table.columns:
        raise DataError("the table given: has no columns")
    return Source("the table given", [InMemory(table, notes)])


def _frame(spec: Any, missing: Sequence[str] | None) -> tuple[Table, list[str]]:
    from crosstie.data.frames import table_of  # whoever has a frame has its library loaded

    return table_of(spec, missing)
