"""Lines into rows where a strict reader gives up: stray quotation marks, too few cells, too many.

A quoted cell may run over several lines. A mark that nothing closes, or whose closing one would swallow rows
that are fine by themselves, is taken as a character of the text.
"""

import csv
import sys
from collections import deque
from collections.abc import Iterable, Iterator

LONGEST = 1000  # lines that one cell may run over


class Repair:
    """Rows of cells from lines of text; iterate once, then read what happened.

    Args:
        lines: With or without line ends.
        separator: One character.
        width: Cells of a row. Shorter rows are padded, longer ones dropped (unless the excess is empty). None
            leaves rows as they are.
        skip: So many lines stand above the rows.

    Attributes:
        kept: Rows so far.
        padded: Numbers of lines (from 1) that were too short.
        dropped: Of those too long.
        literal: Of those with stray quotation marks.
    """

    def __init__(
        self, lines: Iterable[str], separator: str, *, width: int | None, skip: int = 0
    ) -> None:
        self._skip = skip
        self._lines = lines
        self._separator = separator
        self._width = width
        self.kept = 0
        self.padded: list[int] = []
        self.dropped: list[int] = []
        self.literal: list[int] = []

    def __iter__(self) -> Iterator[list[str]]:
        lines = _Lines(self._lines)
        for number, line in lines:
            if number <= self._skip or (not line.strip(" ") and self._width != 1):
                continue
            cells = (
                self._quoted(number, line, lines) if '"' in line else line.split(self._separator)
            )
            if (row := self._fit(number, cells)) is not None:
                self.kept += 1
                yield row

    def _quoted(self, number: int, line: str, lines: "_Lines") -> list[str]:
        """The cells of a row that begins with `line`; takes more lines where a quoted cell needs them."""
        taken = [line]
        while True:
            cells, is_open = _strict("\n".join(taken), self._separator)
            if cells is not None and not swallowed(cells, self._separator):
                return cells
            if cells is not None or not is_open or len(taken) > LONGEST:
                break
            for _, another in lines:
                taken.append(another)
                if '"' in another or len(taken) > LONGEST:
                    break
            else:
                break
        lines.back(number + 1, taken[1:])
        self.literal.append(number)
        return [_unquoted(each) for each in line.split(self._separator)]

    def _fit(self, number: int, cells: list[str]) -> list[str] | None:
        width = self._width
        if width is None or len(cells) == width:
            return cells
        if len(cells) < width:
            self.padded.append(number)
            return cells + [""] * (width - len(cells))
        if not any(each.strip() for each in cells[width:]):
            return cells[:width]
        self.dropped.append(number)
        return None

    def notes(self, name: str) -> list[str]:
        """What happened, one sentence each."""
        found = []
        if self.padded:
            found.append(
                f"{name}: filled up {_lines(self.padded)} with too few cells; what they lack counts as missing "
                f"({_places(self.padded)})"
            )
        if self.dropped:
            found.append(
                f"{name}: left out {_lines(self.dropped)} with more cells than there are columns "
                f"({_places(self.dropped)})"
            )
        if self.literal:
            found.append(
                f"{name}: kept stray quotation marks as text in {_lines(self.literal)} "
                f"({_places(self.literal)})"
            )
        return found


def swallowed(cells: list[str], separator: str) -> bool:
    """Whether a quoted cell seems to hold whole rows: every line of this row is one by itself.

    Only with tabs and bars, whose files often do not quote at all; who writes commas has to quote.
    """
    if separator not in "\t|" or len(cells) < 2:
        return False
    lines = separator.join(cells).split("\n")
    return len(lines) > 1 and all(line.count(separator) == len(cells) - 1 for line in lines)


class _Lines:
    """Numbered lines that can be put back."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._lines = enumerate((line.rstrip("\r\n") for line in lines), start=1)
        self._returned: deque[tuple[int, str]] = deque()

    def __iter__(self) -> Iterator[tuple[int, str]]:
        return self

    def __next__(self) -> tuple[int, str]:
        return self._returned.popleft() if self._returned else next(self._lines)

    def back(self, number: int, lines: list[str]) -> None:
        self._returned.extendleft(reversed(list(enumerate(lines, start=number))))


def _strict(text: str, separator: str) -> tuple[list[str] | None, bool]:
    """The cells, or None; and whether the text ends inside a quoted cell."""
    limit = csv.field_size_limit(sys.maxsize)
    try:
        rows = csv.reader(
            [line + "\n" for line in text.split("\n")],
            delimiter=separator,
            strict=True,
            skipinitialspace=f'{separator} "' in text,
        )
        return next(rows), False
    except csv.Error as error:
        return None, "unexpected end" in str(error)
    finally:
        csv.field_size_limit(limit)


def _unquoted(cell: str) -> str:
    bare = cell.strip()
    if len(bare) > 1 and bare[0] == bare[-1] == '"' and '"' not in bare[1:-1]:
        return bare[1:-1]
    return cell


def _lines(lines: list[int]) -> str:
    return "1 line" if len(lines) == 1 else f"{len(lines)} lines"


def _places(lines: list[int]) -> str:
    shown = ", ".join(map(str, lines[:5]))
    return f"line {shown}" if len(lines) == 1 else f"lines {shown}{', …' if len(lines) > 5 else ''}"
