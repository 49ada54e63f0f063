"""Parquet: row groups are read one after another, so that a file need not fit into memory."""

from collections.abc import Iterator, Sequence
from functools import cached_property

from crosstie.data.reader import Reader, readers, tidy
from crosstie.data.table import Table
from crosstie.errors import DataError, MissingExtra


@readers("parquet")
@readers("pq")
class Parquet(Reader):
    """A Parquet file."""

    def _open(self) -> None:
        try:
            import pyarrow as pa
            from pyarrow import parquet  # 131 ms
        except ModuleNotFoundError:
            raise MissingExtra("pyarrow", "arrow", needed_for=f"reading {self.name}") from None
        try:
            # buffered ahead, all that was read of a file stays in memory until its last row
            self._file = parquet.ParquetFile(self.path, pre_buffer=False)
        except (pa.ArrowInvalid, OSError) as error:
            raise DataError(f"{self.name}: is no Parquet file that can be read: {error}") from None
        names = self._file.schema_arrow.names
        self.columns = tidy(names, self.notes, self.name)
        self._stored = dict(zip(self.columns, names, strict=True))

    @cached_property
    def rows(self) -> int:
        """From the file's own footer."""
        return int(self._file.metadata.num_rows)

    @property
    def size(self) -> int:
        """Of the uncompressed columns."""
        groups = self._file.metadata
        return sum(groups.row_group(i).total_byte_size for i in range(groups.num_row_groups))

    def chunks(self, rows: int, columns: Sequence[str]) -> Iterator[Table]:
        """Batches of its row groups."""
        stored = [self._stored[each] for each in columns]
        for batch in self._file.iter_batches(batch_size=rows, columns=stored):
            yield Table.from_arrow(
                batch.select(stored).rename_columns(list(columns)), missing=self.reading.missing
            )
