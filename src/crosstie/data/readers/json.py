"""JSON: a list of objects, or an object of lists."""

import json
from typing import Any

from crosstie.data.encoding import as_utf8
from crosstie.data.reader import WholeReader, readers, tidy
from crosstie.data.table import Table
from crosstie.errors import DataError


@readers("json")
class Json(WholeReader):
    """`[{"age": 29}, …]` or `{"age": [29, …]}`; read whole."""

    takes = ("encoding",)

    def _read(self) -> Table:
        file = as_utf8(self.path, self.name, self.reading.encoding, self.notes, self.scratch)
        try:
            found = json.loads(file.read_text(encoding="utf-8-sig"))
        except ValueError as error:
            raise DataError(
                f"{self.name}: is no JSON: {error}. If it has one object a line, call it .jsonl."
            ) from None
        columns = _columns(found)
        if columns is None:
            raise DataError(
                f'{self.name}: is no table. Give a list of objects, [{{"a": 1}}, …], or an object of lists, '
                '{"a": [1, …]}.'
            )
        names = tidy(list(columns), self.notes, self.name)
        return Table.from_columns(
            dict(zip(names, columns.values(), strict=True)), missing=self.reading.missing
        )


def _columns(found: Any) -> dict[str, list[Any]] | None:
    if isinstance(found, list) and all(isinstance(row, dict) for row in found):
        names = dict.fromkeys(name for row in found for name in row)
        return {name: [row.get(name) for row in found] for name in names}
    if isinstance(found, dict) and all(isinstance(values, list) for values in found.values()):
        return found
    return None
