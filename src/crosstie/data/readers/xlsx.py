"""Workbooks: one sheet as a table."""

from typing import Any

from crosstie.data.reader import WholeReader, readers, tidy
from crosstie.data.table import Table
from crosstie.errors import DataError, MissingExtra, nearest


@readers("xlsx")
@readers("xlsm")
@readers("xlsb")
@readers("xls")
@readers("ods")
class Xlsx(WholeReader):
    """A sheet of an Excel or OpenDocument workbook; its first row that holds anything has the names."""

    takes = ("header", "columns", "sheet")

    def _read(self) -> Table:
        rows = self._cells()
        while rows and not any(each not in ("", None) for each in rows[0]):
            rows = rows[1:]
        if not rows:
            raise DataError(f"{self.name}: the sheet is empty. Name another with `sheet:`.")
        width = len(rows[0])
        if self.reading.columns is not None:
            if len(self.reading.columns) != width:
                raise DataError(
                    f"{self.name}: `columns:` names {len(self.reading.columns)} columns, the sheet has {width}. "
                    "Name every column, in order."
                )
            names = tidy(self.reading.columns, self.notes, self.name)
        elif self.reading.header:
            names = tidy(rows[0], self.notes, self.name)
        else:
            names = tuple(f"column_{place}" for place in range(1, width + 1))
        body = rows[1:] if self.reading.header else rows
        body = [row for row in body if any(each not in ("", None) for each in row)]
        cells = list(zip(*body, strict=True)) or [()] * width
        return Table.from_columns(
            dict(zip(names, cells, strict=True)), missing=self.reading.missing
        )

    def _cells(self) -> list[list[Any]]:
        try:
            import python_calamine as calamine  # 5 ms
        except ModuleNotFoundError:
            raise MissingExtra(
                "python-calamine", "train", needed_for=f"reading {self.name}"
            ) from None
        try:
            book = calamine.CalamineWorkbook.from_path(str(self.path))
        except (calamine.CalamineError, OSError) as error:
            raise DataError(f"{self.name}: is no workbook that can be read: {error}") from None
        sheet = self.reading.sheet or book.sheet_names[0]
        if sheet not in book.sheet_names:
            raise DataError(
                f"{self.name}: has no sheet {sheet!r}; {nearest(sheet, book.sheet_names)}"
            )
        if self.reading.sheet is None and len(book.sheet_names) > 1:
            others = ", ".join(map(repr, book.sheet_names[1:5]))
            self.notes.append(f"{self.name}: read the sheet {sheet!r}; there are also {others}")
        return list(book.get_sheet_by_name(sheet).to_python())
