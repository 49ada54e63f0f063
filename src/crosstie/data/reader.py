"""The contract of a reader: one file of one format in, chunks of a table out."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, ClassVar

from annotated_types import Len

from crosstie.config.registry import Registry
from crosstie.data.scratch import Scratch
from crosstie.data.table import Table
from crosstie.errors import DataError

ROWS_AT_ONCE = 100_000
NO_HEADER = "the first line looks like data, not like names of columns"  # how the note on it begins
TITLE = "the first line holds a single cell"  # likewise


class Reading:
    """How to read a file, where the file itself does not say: the options beside `path:` in `data:`.

    Args:
        header: Whether the first line of a CSV or the first row of a sheet holds the names of the columns.
        columns: Names of the columns, in place of those in the file.
        separator: What stands between the cells of a line; found from the first lines if not given.
        encoding: Of a text file; UTF-8, or what the first bytes give away, if not given.
        sheet: Of a workbook; the first if not given.
        missing: Texts that mean that nothing is there, in place of NA, null, ? and the like. Blank cells are
            always missing.
    """

    def __init__(
        self,
        *,
        header: bool = True,
        columns: Sequence[str] | None = None,
        separator: Annotated[str, Len(1, 1)] | None = None,
        encoding: str | None = None,
        sheet: str | None = None,
        missing: Sequence[str] | None = None,
    ) -> None:
        self.header = header
        self.columns = columns
        self.separator = separator
        self.encoding = encoding
        self.sheet = sheet
        self.missing = missing

    @property
    def given(self) -> dict[str, object]:
        """The options that are not at their default."""
        return {name: value for name, value in vars(self).items() if value is not _USUAL[name]}


_USUAL = {
    "header": True, "columns": None, "separator": None, "encoding": None, "sheet": None, "missing": None,
}  # fmt: skip


class Reader(ABC):
    """A file of one format.

    Args:
        path: A plain local file: compression and remote stores are dealt with before.
        name: What the user called it, for messages.
        reading: The user's options.
        scratch: Where it may put a readable copy.

    Attributes:
        columns: Names, in order, each once.
        notes: What reading had to rename, drop or guess, one sentence each.

    Class attributes:
        takes: Which options of `Reading` it reads; `missing` fits all.

    Raises:
        DataError: The file cannot be read as a table, or an option is given that the format has no use for.
    """

    takes: ClassVar[tuple[str, ...]] = ()
    columns: tuple[str, ...]
    notes: list[str]

    def __init__(self, path: Path, name: str, reading: Reading, scratch: Scratch) -> None:
        self.path = path
        self.name = name
        self.reading = reading
        self.scratch = scratch
        self.notes = []
        unused = [each for each in reading.given if each not in (*self.takes, "missing")]
        if unused:
            what = ", ".join(f"{each!r}" for each in unused)
            raise DataError(f"{name}: this format has no use for the option {what}. Take it out.")
        self._open()

    @abstractmethod
    def _open(self) -> None:
        """Find out `columns`; read no more than that needs."""

    @property
    @abstractmethod
    def rows(self) -> int:
        """How many rows there are."""

    @property
    @abstractmethod
    def size(self) -> int:
        """About how many bytes the whole table takes in memory."""

    @abstractmethod
    def chunks(self, rows: int, columns: Sequence[str]) -> Iterator[Table]:
        """The table's columns in pieces of at most `rows` rows."""

    def release(self) -> None:
        """Hold no rows in memory where they can be read again: the table has other files, and is large."""

    def table(self, columns: Sequence[str]) -> Table:
        """The table's columns whole."""
        return Table.concat(list(self.chunks(ROWS_AT_ONCE, columns)), columns)


class WholeReader(Reader):
    """A format that has to be read whole."""

    def _open(self) -> None:
        self._whole = self._read()
        self.columns = self._whole.columns
        if not len(self._whole):
            raise DataError(f"{self.name}: has no rows. Give a file with rows.")

    @abstractmethod
    def _read(self) -> Table:
        """The table."""

    @property
    def rows(self) -> int:
        """Of the table read."""
        return len(self._whole)

    @property
    def size(self) -> int:
        """Nothing more: the table is in memory already."""
        return 0

    def chunks(self, rows: int, columns: Sequence[str]) -> Iterator[Table]:
        """Cut from the table."""
        table = self.table(columns)
        yield from (table.slice(start, rows) for start in range(0, len(table), rows))

    def table(self, columns: Sequence[str]) -> Table:
        """These columns of it."""
        return self._whole.select(columns)


def tidy(names: Sequence[object], notes: list[str], source: str) -> tuple[str, ...]:
    """Names that can be used: none empty, none twice. What was changed is said in `notes`."""
    taken = {str(each).strip() for each in names if each is not None}
    found: list[str] = []
    renamed: list[str] = []
    for place, each in enumerate(names, start=1):
        was = "" if each is None else str(each).strip()
        name = was or f"column_{place}"
        number = 2
        while name in found or (name != was and name in taken):
            name = f"{was or f'column_{place}'}_{number}"
            number += 1
        if name != was:
            renamed.append(f"{was!r} at place {place} is now {name!r}")
        found.append(name)
    if renamed:
        more = f" and {len(renamed) - 5} more" if len(renamed) > 5 else ""
        notes.append(
            f"{source}: column names that were empty or there twice: {'; '.join(renamed[:5])}{more}"
        )
    return tuple(found)


readers: Registry[Reader] = Registry("kind of file", home=f"{__package__}.readers")
