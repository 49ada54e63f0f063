"""A digest of a table's rows, whatever file, chunks and compression they lie in.

Each column is a stream of bytes that does not know where chunks begin: which values are there, then the values, with
zeros where none is. The order of rows and columns counts, and so does what a reader makes of the file: names, types,
and which columns pandas takes for its index.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator
from typing import Any

_SAME = {
    "large_string": "string",
    "string_view": "string",
    "large_binary": "binary",
    "binary_view": "binary",
}


def rows_digest(schema: Any, batches: Iterable[Any]) -> str:
    """The digest of a table's rows.

    Args:
        schema: Arrow's.
        batches: Its rows in order, as Arrow's batches of any size.
    """
    columns = [_Column(each.type) for each in schema]
    rows = 0
    for batch in batches:
        rows += len(batch)
        for column, array in zip(columns, batch.columns, strict=True):
            column.update(array)
    said = {
        "rows": rows,
        "columns": [
            [field.name, _type(field.type), list(column.digests())]
            for field, column in zip(schema, columns, strict=True)
        ],
        "index": _index(schema.metadata),
    }
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()


class _Column:
    """The streams of one column, and of the columns within it."""

    def __init__(self, kind: Any) -> None:
        import pyarrow.types as kinds

        while kinds.is_dictionary(kind) or hasattr(kind, "storage_type"):
            kind = kind.value_type if kinds.is_dictionary(kind) else kind.storage_type
        self._kind = kind
        self._valid = hashlib.sha256()
        self._sizes = hashlib.sha256()
        self._values = hashlib.sha256()
        self._parts: list[_Column] = []
        if kinds.is_struct(kind):
            self._parts = [_Column(kind.field(each).type) for each in range(kind.num_fields)]
        elif kinds.is_list(kind) or kinds.is_large_list(kind):
            self._parts = [_Column(kind.value_type)]

    def update(self, array: Any) -> None:
        import pyarrow as pa
        import pyarrow.types as kinds

        while kinds.is_dictionary(array.type) or hasattr(array.type, "storage_type"):
            dictionary = kinds.is_dictionary(array.type)
            array = array.dictionary_decode() if dictionary else array.storage
        kind = self._kind
        self._valid.update(_bytes(array.is_valid()) if array.null_count else b"\1" * len(array))
        if kinds.is_struct(kind):
            for part, below in zip(self._parts, array.flatten(), strict=True):
                part.update(below)
        elif self._parts:
            import pyarrow.compute as pc

            self._sizes.update(_bytes(pc.list_value_length(array).cast(pa.int64()).fill_null(0)))
            self._parts[0].update(array.flatten())
        elif str(_type(kind)) in ("string", "binary"):
            self._texts(array)
        elif kinds.is_boolean(kind):
            self._values.update(_bytes(array.cast(pa.uint8()).fill_null(0)))
        elif kinds.is_integer(kind) or kinds.is_floating(kind):
            self._values.update(_bytes(array.fill_null(0)))
        elif kinds.is_temporal(kind) and not kinds.is_interval(kind):
            whole = pa.int32() if kind.bit_width == 32 else pa.int64()
            self._values.update(_bytes(array.view(whole).fill_null(0)))
        elif not kinds.is_null(kind):
            for value in array.to_pylist():  # decimals, maps and the rare rest
                text = repr(value).encode("utf-8", "surrogatepass")
                self._values.update(b"%d:" % len(text) + text)

    def digests(self) -> Iterator[str]:
        yield self._valid.hexdigest()
        yield self._sizes.hexdigest()
        yield self._values.hexdigest()
        for part in self._parts:
            yield from part.digests()

    def _texts(self, array: Any) -> None:
        import numpy as np
        import pyarrow as pa

        array = array.cast(pa.large_binary())
        if array.null_count:
            array = array.fill_null(b"")
        _, offsets, content = array.buffers()
        if not len(array):
            return
        ends = np.frombuffer(offsets, np.int64)[array.offset : array.offset + len(array) + 1]
        self._sizes.update(np.diff(ends).tobytes())
        if content is not None:
            self._values.update(memoryview(content)[ends[0] : ends[-1]])


def _bytes(array: Any) -> bytes:
    found: bytes = array.to_numpy(zero_copy_only=False).tobytes()
    return found


def _type(kind: Any) -> Any:
    """A type as JSON; what a reader cannot tell apart is one."""
    import pyarrow.types as kinds

    if kinds.is_dictionary(kind):
        return ["dictionary", _type(kind.value_type), kind.ordered]
    if kinds.is_struct(kind):
        return ["struct", *([each.name, _type(each.type)] for each in kind.fields)]
    if kinds.is_list(kind) or kinds.is_large_list(kind):
        return ["list", _type(kind.value_type)]
    return _SAME.get(str(kind), str(kind))


def _index(metadata: Any) -> Any:
    """What pandas makes its index of; the rest of what it notes is versions."""
    try:
        return json.loads((metadata or {})[b"pandas"])["index_columns"]
    except (KeyError, ValueError, TypeError):
        return None
