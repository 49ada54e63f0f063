"""Arrow's own files (Feather 2 is one), mapped into memory: a file larger than memory is no trouble."""

from collections.abc import Iterator, Sequence
from typing import Any

from crosstie.data.reader import Reader, readers, tidy
from crosstie.data.table import Table
from crosstie.errors import DataError, MissingExtra


@readers("arrow")
@readers("feather")
@readers("ipc")
class Arrow(Reader):
    """An Arrow file or stream."""

    def _open(self) -> None:
        try:
            import pyarrow as pa  # 131 ms
        except ModuleNotFoundError:
            raise MissingExtra("pyarrow", "arrow", needed_for=f"reading {self.name}") from None
        source = pa.memory_map(str(self.path))
        try:
            file = pa.ipc.open_file(source)
            self._batches = [file.get_batch(i) for i in range(file.num_record_batches)]
        except pa.ArrowInvalid:
            source.seek(0)
            try:
                file = pa.ipc.open_stream(source)
                self._batches = list(file)
            except (pa.ArrowInvalid, OSError) as error:
                raise DataError(
                    f"{self.name}: is no Arrow file that can be read: {error}"
                ) from None
        self.columns = tidy(file.schema.names, self.notes, self.name)
        self._schema: Any = file.schema

    @property
    def rows(self) -> int:
        """Of all batches."""
        return sum(batch.num_rows for batch in self._batches)

    @property
    def size(self) -> int:
        """Of the columns."""
        return sum(int(batch.nbytes) for batch in self._batches)

    def chunks(self, rows: int, columns: Sequence[str]) -> Iterator[Table]:
        """Slices of the file's batches."""
        places = [self.columns.index(each) for each in columns]
        for batch in self._batches:
            chosen = batch.select(places).rename_columns(list(columns))
            for start in range(0, batch.num_rows, rows):
                yield Table.from_arrow(chosen.slice(start, rows), missing=self.reading.missing)
