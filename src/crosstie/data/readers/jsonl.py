"""JSON Lines: one object a line. Needs nothing but Python, so a lean service reads it too."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from crosstie.data.encoding import as_utf8
from crosstie.data.reader import Reader, readers, tidy
from crosstie.data.table import Table
from crosstie.errors import DataError

BYTES_PER_BYTE = 6  # Python values take about that much more room than their text


@readers("jsonl")
@readers("ndjson")
class Jsonl(Reader):
    """Lines of objects; a key that an object lacks is missing there."""

    takes = ("encoding",)

    def _open(self) -> None:
        self._file = as_utf8(self.path, self.name, self.reading.encoding, self.notes, self.scratch)
        keys: dict[str, None] = {}
        self._rows = 0
        for row in self._objects():
            keys.update(dict.fromkeys(row))
            self._rows += 1
        if not keys:
            raise DataError(f"{self.name}: holds no objects. Give one JSON object a line.")
        self.columns = tidy(list(keys), self.notes, self.name)
        self._keys = dict(zip(self.columns, keys, strict=True))

    def _objects(self) -> Iterator[dict[str, Any]]:
        with self._file.open(encoding="utf-8-sig") as file:
            try:
                for number, line in enumerate(file, start=1):
                    if line.isspace():
                        continue
                    try:
                        row = json.loads(line)
                    except ValueError as error:
                        raise DataError(f"{self.name}: line {number} is no JSON: {error}") from None
                    if not isinstance(row, dict):
                        raise DataError(
                            f"{self.name}: line {number} holds {line.strip()[:40]}, not an object. "
                            'Write one {"column": value, …} a line.'
                        )
                    yield row
            except UnicodeDecodeError as error:
                raise DataError(f"{self.name}: is not UTF-8: {error}. Say `encoding:`.") from None

    @property
    def rows(self) -> int:
        """Objects."""
        return self._rows

    @property
    def size(self) -> int:
        """As Python values."""
        return self._file.stat().st_size * BYTES_PER_BYTE

    def chunks(self, rows: int, columns: Sequence[str]) -> Iterator[Table]:
        """Read line by line."""
        keys = [self._keys[each] for each in columns]
        cells: list[list[Any]] = [[] for _ in columns]
        for row in self._objects():
            for key, column in zip(keys, cells, strict=True):
                column.append(row.get(key))
            if cells and len(cells[0]) == rows:
                yield self._table(columns, cells)
                cells = [[] for _ in columns]
        if cells and cells[0]:
            yield self._table(columns, cells)

    def _table(self, columns: Sequence[str], cells: list[list[Any]]) -> Table:
        return Table.from_columns(
            dict(zip(columns, cells, strict=True)), missing=self.reading.missing
        )
