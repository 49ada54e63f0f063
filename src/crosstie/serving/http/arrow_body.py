"""Arrow and Parquet bodies, from senders who may mean harm: nothing packed unfolds, nothing unchecked is read."""

import struct
from io import BytesIO
from typing import Any

from crosstie.data.table import Table
from crosstie.serving.http.limits import check_rows
from crosstie.serving.http.media import Form
from crosstie.serving.http.refused import Refused, unusable

MAGIC = b"ARROW1\x00\x00"  # what stands before the stream that an Arrow file holds
DEEPEST = 4  # lists in lists; the numbers of a picture are 3
DICTIONARY, BATCH = 2, 3  # kinds of Arrow messages that hold cells
UNFOLDED = 8  # times the size of its body that a table may have


def arrow_rows(body: bytes, form: Form, columns: set[str], missing: Any, most: int) -> Table:
    """The rows of a body.

    Args:
        body: An Arrow stream, an Arrow file or a Parquet file.
        form: Which of them.
        columns: Those that are read; of others the names remain.
        missing: Texts that mean that nothing is there.
        most: Rows.

    Raises:
        Refused: It cannot be read (400), has too many rows or unfolds to too much (413), has a column twice or of a
            type that no model reads (422), or pyarrow is not installed here (415).
    """
    try:
        import pyarrow as pa  # 131 ms
    except ModuleNotFoundError:
        raise without_pyarrow() from None
    try:
        if form == "parquet":
            names, table = _parquet(body, columns, most)
        else:
            names, table = _stream(body.removeprefix(MAGIC), columns, most)
        _check_types(table)
        table.validate(full=True)
        _check_size(table, len(body))
    except (pa.ArrowException, OSError, ValueError, struct.error) as error:
        what = " ".join(str(error).split())[:200]
        raise Refused(400, f"the body is no {form} that can be read: {what}") from None
    twice = sorted({each for each in names if names.count(each) > 1})
    if twice:
        raise unusable([_of_column(each, "stands there twice") for each in twice])
    unread = {each: [None] * table.num_rows for each in names if each not in columns}
    return Table.beside(
        [Table.from_arrow(table, missing=missing), Table.from_columns(unread)], table.num_rows
    )


def without_pyarrow() -> Refused:
    """A 415 that says what would have to be installed."""
    return Refused(
        415,
        "Arrow and Parquet need pyarrow, which this server has not. Send JSON or CSV, or have pip install pyarrow done",
    )


def _stream(body: bytes, columns: set[str], most: int) -> tuple[list[str], Any]:
    import pyarrow as pa

    for message in pa.ipc.MessageReader.open_stream(pa.BufferReader(body)):
        if _packed(message.metadata.to_pybytes()):
            raise Refused(
                415, "packed batches are not unpacked here. Write them without compression"
            )
    reader = pa.ipc.open_stream(pa.BufferReader(body))
    names = reader.schema.names
    wanted = [each for each in dict.fromkeys(names) if each in columns and names.count(each) == 1]
    batches, rows = [], 0
    for batch in reader:
        rows += batch.num_rows
        check_rows(rows, most)
        batches.append(batch.select(wanted))
    schema = pa.schema([reader.schema.field(each) for each in wanted])
    return names, pa.Table.from_batches(batches, schema)


def _parquet(body: bytes, columns: set[str], most: int) -> tuple[list[str], Any]:
    import pyarrow as pa
    from pyarrow import parquet

    file = parquet.ParquetFile(BytesIO(body))
    check_rows(file.metadata.num_rows, most)
    names = file.schema_arrow.names
    wanted = [each for each in dict.fromkeys(names) if each in columns and names.count(each) == 1]
    texts = [each for each in wanted if pa.types.is_string(file.schema_arrow.field(each).type)]
    # a text that every row repeats stays one
    file = parquet.ParquetFile(BytesIO(body), read_dictionary=texts)
    return names, file.read(columns=wanted, use_threads=False)


def _packed(metadata: bytes) -> bool:
    """Whether the cells of an Arrow message are compressed: the fourth field of its record batch is there."""
    message = struct.unpack_from("<I", metadata)[0]
    kind_at, batch_at = _field(metadata, message, 1), _field(metadata, message, 2)
    kind = metadata[kind_at] if kind_at else 0
    if kind not in (DICTIONARY, BATCH) or not batch_at:
        return False
    batch = batch_at + struct.unpack_from("<I", metadata, batch_at)[0]
    if kind == DICTIONARY:
        inner = _field(metadata, batch, 1)
        batch = inner + struct.unpack_from("<I", metadata, inner)[0]
    return _field(metadata, batch, 3) > 0


def _field(buffer: bytes, table: int, field: int) -> int:
    """Where a field of a FlatBuffers table is; 0 if the table has not got it."""
    described = table - struct.unpack_from("<i", buffer, table)[0]
    size = struct.unpack_from("<H", buffer, described)[0]
    place = 4 + 2 * field
    offset = struct.unpack_from("<H", buffer, described + place)[0] if place < size else 0
    return int(table + offset) if offset else 0


def _check_types(table: Any) -> None:
    """Raise where a column is of a type that is nothing a cell of a row can be."""
    odd = [each for each in table.schema if not _is_cell(each.type)]
    if odd:
        what = (
            "its type is {}; wanted numbers, texts, truth values, dates, bytes or lists of numbers"
        )
        raise unusable([_of_column(each.name, what.format(each.type)) for each in odd])


def _is_cell(kind: Any, deep: int = 0) -> bool:
    from pyarrow import types

    if types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind):
        return deep < DEEPEST and _is_cell(kind.value_type, deep + 1)
    if types.is_dictionary(kind):
        return _is_text(kind.value_type) or types.is_null(kind.value_type)
    plain = (
        types.is_null, types.is_boolean, types.is_integer, types.is_floating, types.is_decimal, types.is_date,
        types.is_timestamp, _is_text, types.is_binary, types.is_large_binary,
    )  # fmt: skip
    return any(matches(kind) for matches in plain)


def _is_text(kind: Any) -> bool:
    from pyarrow import types

    return bool(types.is_string(kind) or types.is_large_string(kind))


def _check_size(table: Any, length: int) -> None:
    """Refuse a body whose lists or texts say the same bytes over and over."""
    if table.nbytes > UNFOLDED * length + (1 << 20):
        raise Refused(413, f"the body unfolds to {table.nbytes} bytes. Send the rows in parts")


def _of_column(name: str, what: str) -> dict[str, Any]:
    wanted = "one column of cells"
    message = f"column {name!r}: {what}"
    return {"row": None, "column": name, "value": None, "wanted": wanted, "message": message}
