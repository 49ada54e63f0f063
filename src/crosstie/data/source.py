"""`Source`: a table somewhere, as one thing with columns, rows and chunks."""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from crosstie.data.files import sha256
from crosstie.data.media import Media
from crosstie.data.reader import ROWS_AT_ONCE
from crosstie.data.table import Table
from crosstie.errors import DataError, nearest

HELD = 1 << 29  # bytes that a source may keep in memory so that the next pass need not read again


class Part(Protocol):
    """One file of a source, or a table in memory: as `reader.Reader`."""

    columns: tuple[str, ...]
    notes: list[str]

    @property
    def rows(self) -> int:
        """See `Reader.rows`."""

    @property
    def size(self) -> int:
        """See `Reader.size`."""

    def chunks(self, rows: int, columns: Sequence[str]) -> Iterator[Table]:
        """See `Reader.chunks`."""

    def table(self, columns: Sequence[str]) -> Table:
        """See `Reader.table`."""


class InMemory:
    """A table that somebody already holds."""

    def __init__(self, table: Table, notes: Sequence[str] = ()) -> None:
        self._table = table
        self.columns = table.columns
        self.notes = list(notes)

    @property
    def rows(self) -> int:
        """See `Reader.rows`."""
        return len(self._table)

    @property
    def size(self) -> int:
        """See `Reader.size`."""
        return 0  # it costs nothing more to keep it

    def chunks(self, rows: int, columns: Sequence[str]) -> Iterator[Table]:
        """See `Reader.chunks`."""
        table = self.table(columns)
        yield from (table.slice(start, rows) for start in range(0, len(table), rows))

    def table(self, columns: Sequence[str]) -> Table:
        """See `Reader.table`."""
        return self._table.select(columns)


class Made:
    """A part whose columns are worked out of another's.

    Args:
        part: The other.
        columns: What they are called.
        of: Makes them of some of its rows.
    """

    def __init__(self, part: Part, columns: Sequence[str], of: Callable[[Table], Table]) -> None:
        self._part = part
        self._of = of
        self.columns = tuple(columns)
        self.notes = part.notes

    @property
    def rows(self) -> int:
        """See `Reader.rows`."""
        return self._part.rows

    @property
    def size(self) -> int:
        """See `Reader.size`."""
        return self._part.size

    def chunks(self, rows: int, columns: Sequence[str]) -> Iterator[Table]:
        """See `Reader.chunks`."""
        for table in self._part.chunks(rows, self._part.columns):
            yield self._of(table).select(columns)

    def table(self, columns: Sequence[str]) -> Table:
        """See `Reader.table`."""
        return self._of(self._part.table(self._part.columns)).select(columns)


class Source:
    """A table somewhere: in a file or several, in a database, in memory.

    Args:
        name: What the user called it.
        parts: Read one after another; all with the columns of the first.
        files: The user's files that it comes from.
        hashed: Files whose content is the table's, where those are others.
        missing: The texts that mean that nothing is there, where they are not the usual ones.
        reading: Options that give the columns their names, where the file does not: `header`, `columns`,
            `separator`. Another file of this kind has to be read with the same.
        reopen: Reads the same files with such options; None where nothing can be read anew.
        folders: By part, what relative paths in its cells are relative to; where one stands if not given.
        media: What each row is a file of, where rows are files.
        fingerprint: Changes when the content does; found from files or cells if not given.

    Attributes:
        notes: What reading dropped, renamed or guessed, one sentence each.
        before: The table whose columns these were made of, where some were.
    """

    def __init__(
        self,
        name: str,
        parts: Sequence[Part],
        files: Sequence[Path] = (),
        *,
        hashed: Sequence[Path] | None = None,
        missing: Sequence[str] | None = None,
        reading: Mapping[str, Any] | None = None,
        reopen: Callable[[Mapping[str, Any]], "Source"] | None = None,
        folders: Sequence[str] | None = None,
        media: Media | None = None,
        fingerprint: str | None = None,
    ) -> None:
        self.name = name
        self.missing = missing
        self.reading = dict(reading or {})
        self.files = tuple(files)
        self._hashed = self.files if hashed is None else tuple(hashed)
        self._parts = parts
        self._folders = folders or [""] * len(parts)
        self._reopen = reopen
        self.media = media
        self._fingerprint = fingerprint
        self._held: Table | None = None
        self.before: Source | None = None
        self.notes = [note for part in parts for note in part.notes]
        self.columns = parts[0].columns
        self.rows = sum(part.rows for part in parts)

    def __repr__(self) -> str:
        return f"Source({self.name!r}: {self.rows} rows, {len(self.columns)} columns)"

    @property
    def headed(self) -> bool:
        """Whether its columns' names are from a line of a file, which may be no names at all."""
        return self._reopen is not None and not self.reading

    def again(self, reading: Mapping[str, Any]) -> "Source":
        """The same files read with options that name the columns otherwise; of a headed source only."""
        assert self._reopen is not None
        return self._reopen(reading)

    def holding(self, table: Table) -> "Source":
        """The same source with `table` made of its rows, in memory."""
        found = Source(
            self.name,
            [InMemory(table)],
            self.files,
            hashed=self._hashed,
            missing=self.missing,
            reading=self.reading,
        )
        found.notes = self.notes
        return found

    def made(
        self, columns: Sequence[str], of: Callable[[Table], Table], *, fingerprint: str
    ) -> "Source":
        """The same rows with other columns, worked out as they are read.

        Args:
            columns: What they are called.
            of: Makes them of some rows with the columns that are here.
            fingerprint: Of what comes out.
        """
        found = Source(
            self.name,
            [Made(part, columns, of) for part in self._parts],
            self.files,
            missing=self.missing,
            reading=self.reading,
            folders=self._folders,
            media=self.media,
            fingerprint=fingerprint,
        )
        found.before = self
        return found

    def table(self, columns: Sequence[str] | None = None) -> Table:
        """The whole table (with `columns` only), in memory."""
        wanted = self._checked(columns)
        if self.size > HELD:
            return self._whole(wanted)
        if self._held is None:
            self._held = self._whole(self.columns)
        return self._held.select(wanted)

    def _whole(self, columns: Sequence[str]) -> Table:
        parts = zip(self._parts, self._folders, strict=True)
        return Table.concat([part.table(columns).within(folder) for part, folder in parts], columns)

    def chunks(
        self, rows: int = ROWS_AT_ONCE, columns: Sequence[str] | None = None
    ) -> Iterator[Table]:
        """The table in pieces of at most `rows` rows; holds no more than one if the table is large."""
        wanted = self._checked(columns)
        if self.size > HELD:
            yield from self._pass(rows, wanted)
            return
        table = self.table(wanted)
        yield from (table.slice(start, rows) for start in range(0, len(table), rows))

    def passing(self, rows: int, columns: Sequence[str]) -> Iterator[Table]:
        """As `chunks`, for who reads it but once: nothing is kept for a next time, however small the table is."""
        yield from (
            self._pass(rows, self._checked(columns))
            if self._held is None
            else self.chunks(rows, columns)
        )

    def _pass(self, rows: int, columns: Sequence[str]) -> Iterator[Table]:
        for part, folder in zip(self._parts, self._folders, strict=True):
            yield from (chunk.within(folder) for chunk in part.chunks(rows, columns))

    @property
    def size(self) -> int:
        """About how many bytes the whole table takes in memory, where it is not there yet."""
        return sum(part.size for part in self._parts)

    @property
    def fingerprint(self) -> str:
        """Changes when the content does: a hash of the files' bytes, or of the cells of a table in memory."""
        if self._fingerprint is not None:
            return self._fingerprint
        if self._hashed:
            parts = [_file_fingerprint(each) for each in self._hashed]
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
