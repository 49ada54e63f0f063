"""The .ts files of sktime and of the archives of classified series: a header, then a row a line."""

from collections.abc import Iterator
from typing import Any

from crosstie.data import parse
from crosstie.data.encoding import as_utf8
from crosstie.data.reader import WholeReader, readers
from crosstie.data.table import Table
from crosstie.errors import DataError

CELL, LABEL = "series", "label"


@readers("ts")
class Ts(WholeReader):
    """Rows as a column `series`, a list of steps with a number a channel, and `label` where there are classes or targets.

    Channels stand between colons, steps between commas, the label last. Rows with a time at each step are refused.
    """

    takes = ("encoding",)

    def _read(self) -> Table:
        file = as_utf8(self.path, self.name, self.reading.encoding, self.notes, self.scratch)
        with file.open(encoding="utf-8-sig") as lines:
            numbered = enumerate((line.strip() for line in lines), start=1)
            content = ((number, line) for number, line in numbered if line and line[0] != "#")
            labelled = self._header(content)
            rows = [self._row(number, line, labelled=labelled) for number, line in content]
        columns: dict[str, list[Any]] = {CELL: [series for series, _ in rows]}
        if labelled:
            columns[LABEL] = [label for _, label in rows]
        return Table.from_columns(columns, missing=self.reading.missing)

    def _header(self, content: Iterator[tuple[int, str]]) -> bool:
        """Whether rows end in a label."""
        labelled = False
        for number, line in content:
            word, _, rest = line.partition(" ")
            word, said = word.lower(), rest.split(None, 1)[0].lower() if rest.strip() else ""
            if word == "@data":
                return labelled
            if not word.startswith("@"):
                raise DataError(
                    f"{self.name}: line {number} comes before @data and begins with no @: {line[:60]}"
                )
            if word == "@timestamps" and said == "true":
                raise DataError(
                    f"{self.name}: has a time at each step, which this reader does not know. Give a table with a "
                    "column of times in place of it."
                )
            if word in ("@classlabel", "@targetlabel"):
                labelled = said == "true"
        raise DataError(f"{self.name}: has no @data line, so it is no .ts file")

    def _row(
        self, number: int, line: str, *, labelled: bool
    ) -> tuple[list[list[float | None]], str | None]:
        channels = line.split(":")
        label = channels.pop() if labelled else None
        numbers = [[_number(each) for each in channel.split(",")] for channel in channels]
        if not numbers or any(_BAD in channel for channel in numbers):
            raise DataError(
                f"{self.name}: line {number} holds something that is no number: {line[:60]}"
            )
        length = max(map(len, numbers))
        padded = [[*channel, *[None] * (length - len(channel))] for channel in numbers]
        return [list(step) for step in zip(*padded, strict=True)], label


_BAD = float("inf")


def _number(text: str) -> float | None:
    """None where it is missing, infinity where it is no number."""
    bare = text.strip()
    if not bare or bare.lower() in ("?", "nan"):
        return None
    found = parse.number(bare)
    return _BAD if found is None else found
