"""CSV and its kin: text between commas, tabs, semicolons or bars.

DuckDB reads what is well formed, every cell as text (`parse` alone gives meaning to text). What it refuses
goes through `repair` first, which is slower and takes anything. Without DuckDB, as in a lean service, all does.
"""

import csv
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

from crosstie.data import parse
from crosstie.data.encoding import whole_in_utf8
from crosstie.data.reader import NO_HEADER, TITLE, Reader, readers, tidy
from crosstie.data.repair import Repair, swallowed
from crosstie.data.table import Table
from crosstie.errors import DataError

HELD = 1 << 29  # bytes of a file up to which its text is kept in memory
SAMPLE = 1 << 18  # characters looked at to find the separator
SEPARATORS = ("\t", ";", "|", ",")
ONE_COLUMN = "\x1f"  # stands in no text: what a file of one column is "separated" by


@readers("csv")
@readers("tsv")
@readers("tab")
@readers("txt")
@readers("data")
class Csv(Reader):
    """Lines of cells, with a header line unless told otherwise.

    The separator is found among tab, semicolon, bar and comma, unless the suffix is .tsv or it is given.
    """

    takes = ("header", "columns", "separator", "encoding")
    _held: Any  # the rows, where they are kept
    _connection: Any  # to DuckDB, None without it

    def _open(self) -> None:
        encoding = self.reading.encoding
        self._file = whole_in_utf8(self.path, self.name, encoding, self.notes, self.scratch)
        with _text(self._file) as file:
            sample = file.read(SAMPLE) + file.readline()  # to the end of a line
        if not sample.strip():
            raise DataError(f"{self.name}: is empty. Give a file with a header line and rows.")
        lines = sample.split("\n")
        self._above = self._lines_above(lines)
        lines = lines[self._above :]
        self._separator = self.reading.separator or self._find_separator(lines)
        first = list(islice(Repair(lines, self._separator, width=None), 200))
        if len(first[0]) == 1:
            self._warn_of_title(first[0][0], lines)
        if self.reading.header or len(first) == 1:
            self._width = len(first[0])
        else:
            self._width = Counter(map(len, first)).most_common(1)[0][0]
        self._names_run_on = any("\n" in each for each in first[0])
        self.columns = self._names(first[0])
        if self.reading.header and self.reading.columns is None:
            self._warn_of_data_as_header(first[0], first[1:])
        self._load()
        if not self.rows:
            raise DataError(f"{self.name}: has a header line but no rows. Give a file with rows.")

    def _lines_above(self, lines: list[str]) -> int:
        """How many lines stand above the table: blank ones, and remarks that begin with #.

        A line that begins so and has as many cells as those below it holds the names.
        """
        blank = next(place for place, line in enumerate(lines) if line.strip(" "))
        end = blank
        while end < len(lines) and (lines[end].startswith("#") or not lines[end].strip(" ")):
            end += 1
        if end in (blank, len(lines)):
            return blank
        separator = self.reading.separator or self._find_separator(lines[end:])
        width = len(lines[end].split(separator))
        if width == 1:
            return blank  # words behind a # like any other
        while end > blank and len(lines[end - 1].split(separator)) == width:
            end -= 1
        remarks = [line for line in lines[blank:end] if line.strip(" ")]
        if remarks:
            count = "the first line" if len(remarks) == 1 else f"the first {len(remarks)} lines"
            more = ", …" if len(remarks) > 1 else ""
            self.notes.append(
                f"{self.name}: left out {count}, remarks above the table ({remarks[0].strip()!r}{more})"
            )
        return end

    def _warn_of_title(self, first: str, lines: list[str]) -> None:
        """Say that the first line may be a title: alone in its line, above lines that are a table."""
        below = lines[next(place for place, line in enumerate(lines) if line.strip(" ")) + 1 :]
        if not any(line.strip(" ") for line in below):
            return
        separator = self._find_separator(below)
        rows = list(islice(Repair(below, separator, width=None), 200))
        if len(rows) > 1 and len(rows[0]) > 1:
            self.notes.append(
                f"{self.name}: {TITLE} ({first.strip()!r}), above lines of {len(rows[0])} cells. If it is a title, take "
                "it out: the line with the columns' names comes first"
            )

    def _find_separator(self, lines: list[str]) -> str:
        if {".tsv", ".tab"} & set(Path(self.name.lower()).suffixes):
            return "\t"
        best, most = ONE_COLUMN, 0.25
        for separator in SEPARATORS:
            rows = list(islice(Repair(lines, separator, width=None), 200))
            width = len(rows[0])
            share = sum(len(row) == width for row in rows) / len(rows)
            if width > 1 and share > most:
                best, most = separator, share
        return best

    def _names(self, first: list[str]) -> tuple[str, ...]:
        given = self.reading.columns
        if given is not None:
            if len(given) != self._width:
                raise DataError(
                    f"{self.name}: `columns:` names {len(given)} columns, the file has {self._width}. "
                    "Name every column, in order."
                )
            return tidy(given, self.notes, self.name)
        if not self.reading.header:
            return tuple(f"column_{place}" for place in range(1, self._width + 1))
        return tidy(first, self.notes, self.name)

    def _warn_of_data_as_header(self, first: list[str], below: list[list[str]]) -> None:
        """Say that the first line may be data: numbers stand above numbers, or a word that comes again below.

        A word above numbers is a name, and one name makes a header line.
        """
        numeric, repeated = [], False
        for place, name in enumerate(map(str.strip, first)):
            cells = [row[place].strip() for row in below if place < len(row)]
            cells = [each for each in cells if each and each not in parse.MISSING]
            if cells and all(parse.number(each) is not None for each in cells):
                numeric.append(name in parse.MISSING or parse.number(name) is not None)
            repeated = repeated or (name != "" and cells.count(name) > 1)
        if all(numeric) if numeric else repeated:
            shown = ", ".join(map(repr, first[:4])) + (", …" if len(first) > 4 else "")
            self.notes.append(
                f"{self.name}: {NO_HEADER} ({shown}). If there is no header line, say `data: {{path: …, header: "
                "false, columns: […]}` in the file, or --set data.header=false"
            )

    def _load(self) -> None:
        """Count the rows, keep them if they are few, and see to it that `self._file` is sound."""
        try:
            import duckdb  # 113 ms
        except ModuleNotFoundError:
            self._load_without_duckdb()
            return
        self._connect()
        try:
            self._scan()
            sound = not self._misread_names() and not self._swallows()
        except duckdb.Error:
            sound = False
        if not sound:
            self._repair()
            try:
                self._scan()
            except duckdb.Error as error:
                raise DataError(f"{self.name}: cannot be read: {error}") from None
        if self._held is not None:
            self._connection.close()

    def _connect(self) -> None:
        import duckdb

        self._connection = duckdb.connect(
            config={"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"}
        )

    def release(self) -> None:
        """Let go of the rows; DuckDB reads them again."""
        if self._held is not None and self._connection is not None:
            self._held = None
            self._connect()

    def _scan(self) -> None:
        self._held = None
        self._rows: int
        if self._file.stat().st_size <= HELD:
            self._held = self._query("*").to_arrow_table().rename_columns(list(self.columns))
            self._rows = self._held.num_rows
        else:  # counting every column makes DuckDB look at every cell
            counts = self._query("count(*), count(COLUMNS(*))").fetchone()
            self._rows = counts[0]

    def _query(self, wanted: str) -> Any:
        """A select from the file, whose columns are c0, c1, …, on a cursor of its own."""
        options = {
            "columns": "{"
            + ", ".join(f"c{place}: 'VARCHAR'" for place in range(self._width))
            + "}",
            "delim": _literal(self._separator),
            "quote": "'\"'",
            "escape": "'\"'",
            "header": str(self.reading.header),
            "skip": str(self._above),
            "auto_detect": "false",
            "strict_mode": "true",
            "null_padding": "false",
            "compression": "'none'",
            # a buffer of one longest line: it would be 16 of them, which took 1 GB instead of 0.3 and was no quicker
            "max_line_size": "33554432",
            "buffer_size": "33554432",
        }
        given = ", ".join(f"{name} = {value}" for name, value in options.items())
        # no bound parameters: DuckDB imports pandas (0.3 s) to look at them
        return self._connection.cursor().execute(
            f"SELECT {wanted} FROM read_csv({_literal(str(self._file))}, {given})"  # noqa: S608
        )

    def _misread_names(self) -> bool:
        """Whether DuckDB may have taken rows for names.

        It ends a header at the wrong place if the names hold line breaks of another kind than the lines.
        """
        return self.reading.header and (not self._rows or self._names_run_on)

    def _swallows(self) -> bool:
        """Whether some quotation mark, never closed where it should be, made cells of whole rows."""
        if self._separator not in "\t|":
            return False
        with self._file.open("rb") as file:
            lines, marks = 0, 0
            while block := file.read(SAMPLE):
                lines += block.count(b"\n")
                marks += block.count(b'"')
        if not marks or self._rows + self.reading.header >= lines:
            return False
        batches = self._query("*").to_arrow_reader(10_000)
        return any(
            swallowed([each or "" for each in row.values()], self._separator)
            for batch in batches
            for row in batch.to_pylist()
        )

    def _repair(self) -> None:
        """Put a well-formed copy in the file's place."""
        sound = self.scratch.path("sound.csv")
        with _text(self._file) as lines, sound.open("w", encoding="utf-8", newline="") as out:
            repair = Repair(lines, self._separator, width=self._width, skip=self._above)
            csv.writer(out, delimiter=self._separator, lineterminator="\n").writerows(repair)
        self._file, self._above = sound, 0
        self.notes += repair.notes(self.name)

    def _load_without_duckdb(self) -> None:
        self._connection = None
        with _text(self._file) as lines:
            repair = Repair(lines, self._separator, width=self._width, skip=self._above)
            cells = list(repair)[self.reading.header :]
        self.notes += repair.notes(self.name)
        columns = list(zip(*cells, strict=True)) or [()] * self._width
        self._held = Table.from_columns(
            dict(zip(self.columns, columns, strict=True)), missing=self.reading.missing
        )
        self._rows = len(self._held)

    @property
    def rows(self) -> int:
        """Rows that were kept."""
        return self._rows

    @property
    def size(self) -> int:
        """The file's."""
        return self._file.stat().st_size

    def chunks(self, rows: int, columns: Sequence[str]) -> Iterator[Table]:
        """Streamed from DuckDB, or cut from what is held."""
        if self._held is not None:
            table = self.table(columns)
            yield from (table.slice(start, rows) for start in range(0, len(table), rows))
            return
        for batch in self._query(self._places(columns)).to_arrow_reader(rows):
            named = batch.rename_columns(list(columns))
            yield Table.from_arrow(named, missing=self.reading.missing)

    def _places(self, columns: Sequence[str]) -> str:
        places = {name: place for place, name in enumerate(self.columns)}
        return ", ".join(f"c{places[each]}" for each in columns)

    def table(self, columns: Sequence[str]) -> Table:
        """The columns whole."""
        if self._connection is None:
            found: Table = self._held.select(columns)
            return found
        if self._held is None:
            whole = self._query(self._places(columns)).to_arrow_table()
            arrow = whole.rename_columns(list(columns))
        else:
            arrow = self._held.select(list(columns))
        return Table.from_arrow(arrow, missing=self.reading.missing)


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


@contextmanager
def _text(path: Path) -> Iterator[Any]:
    with path.open(encoding="utf-8-sig", errors="replace") as file:
        yield file
