"""ARFF, Weka's format: a list of attributes, then lines of values."""

import re
from collections.abc import Iterator

from crosstie.data.encoding import whole_in_utf8
from crosstie.data.reader import WholeReader, readers, tidy
from crosstie.data.table import Table
from crosstie.errors import DataError

_NAME = re.compile(
    r"""@attribute\s+('(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"|[^\s{]+)\s*(.*)""", re.IGNORECASE
)
_VALUE = re.compile(r"""\s*('(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"|[^,]*?)\s*(,|$)""")
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r"}


@readers("arff")
class Arff(WholeReader):
    """Dense rows of numbers, nominal values, texts and dates; `?` is missing. Sparse rows are refused."""

    takes = ("encoding",)

    def _read(self) -> Table:
        encoding = self.reading.encoding
        file = whole_in_utf8(self.path, self.name, encoding, self.notes, self.scratch)
        with file.open(encoding="utf-8-sig") as lines:
            numbered = enumerate((line.strip() for line in lines), start=1)
            content = ((number, line) for number, line in numbered if line and line[0] != "%")
            names = self._names(content)
            rows = list(self._values(content, len(names)))
        columns = list(zip(*rows, strict=True)) or [()] * len(names)
        return Table.from_columns(
            dict(zip(names, columns, strict=True)), missing=self.reading.missing
        )

    def _names(self, content: Iterator[tuple[int, str]]) -> tuple[str, ...]:
        names: list[str] = []
        for number, line in content:
            word = line.split(None, 1)[0].lower()
            if word == "@data":
                if not names:
                    raise DataError(f"{self.name}: declares no @attribute before @data")
                return tidy(names, self.notes, self.name)
            if word == "@attribute":
                match = _NAME.match(line)
                if match is None or match[2].lower().startswith("relational"):
                    raise DataError(f"{self.name}: line {number} cannot be read: {line[:60]}")
                names.append(_bare(match[1]))
            elif word != "@relation":
                raise DataError(
                    f"{self.name}: line {number} is none of @relation, @attribute and @data: {line[:60]}"
                )
        raise DataError(f"{self.name}: has no @data line, so it is no ARFF file")

    def _values(self, content: Iterator[tuple[int, str]], width: int) -> Iterator[list[str | None]]:
        for number, line in content:
            if line[0] == "{":
                raise DataError(
                    f"{self.name}: line {number} is a sparse row, {line[:30]}. Save the file as dense ARFF or CSV."
                )
            row = _plain(line) if "'" not in line and '"' not in line else _quoted(line)
            if len(row) != width:
                raise DataError(
                    f"{self.name}: line {number} has {len(row)} values for {width} attributes: {line[:60]}"
                )
            yield row


def _plain(line: str) -> list[str | None]:
    return [None if each == "?" else each for each in map(str.strip, line.split(","))]


def _quoted(line: str) -> list[str | None]:
    found: list[str | None] = []
    for match in _VALUE.finditer(line):
        found.append(None if match[1] == "?" else _bare(match[1]))
        if not match[2]:
            break
    return found


def _bare(text: str) -> str:
    if len(text) > 1 and text[0] == text[-1] and text[0] in "'\"":
        return re.sub(r"\\(.)", lambda match: _ESCAPES.get(match[1], match[1]), text[1:-1])
    return text
