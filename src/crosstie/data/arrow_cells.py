"""One column as an Arrow array: what files, frames and SQL bring.

pyarrow must be installed by whoever makes one; nothing here is imported by a served model that gets rows.
"""

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from crosstie.data import parse
from crosstie.data.cells import (
    Cells,
    Codes,
    Floats,
    PlainCells,
    Stored,
    missing_numbers,
    spread,
)
from crosstie.data.style import PLAIN, Style


class ArrowCells:
    """An Arrow array, chunked or not.

    Args:
        array: Of any type.
        missing: Texts that mean that nothing is there.
    """

    def __init__(self, array: "pa.Array | pa.ChunkedArray", missing: frozenset[str]) -> None:
        self._array = _simple(array)
        self._missing = missing

    def __len__(self) -> int:
        return len(self._array)

    @property
    def stored(self) -> Stored:
        """As `ColumnProfile.stored`."""
        kind = self._array.type
        if self._array.null_count == len(self):
            return "empty"
        for name, matches in _STORED:
            if matches(kind):
                return name
        return "text"

    def take(self, rows: NDArray[np.int64]) -> "ArrowCells":
        """See `Cells.take`."""
        return ArrowCells(self._array.take(of_numbers(rows)), self._missing)

    def slice(self, start: int, rows: int) -> "ArrowCells":
        """See `Cells.slice`."""
        return ArrowCells(self._array.slice(start, rows), self._missing)

    def join(self, others: "Sequence[Cells]") -> "Cells":
        """See `Cells.join`."""
        own = [each for each in others if isinstance(each, ArrowCells)]
        arrays = [self._array, *(each._array for each in own)]  # noqa: SLF001 - its own class
        if len(arrays) == len(others) + 1:
            kinds = {each.type for each in arrays}
            if len(kinds) == 1:
                return ArrowCells(pa.chunked_array(arrays), self._missing)
            if all(pa.types.is_integer(kind) or pa.types.is_floating(kind) for kind in kinds):
                wide = [each.cast(pa.float64(), safe=False) for each in arrays]
                return ArrowCells(pa.chunked_array(wide), self._missing)
        return PlainCells(self.values(), self._missing).join(others)

    def values(self) -> list[Any]:
        """See `Cells.values`."""
        return _values(self._array)

    @cached_property
    def distinct(self) -> tuple[Codes, list[str]]:
        """See `Cells.distinct`."""
        if _nested(self._array.type):
            return PlainCells(self._array.to_pylist(), self._missing).distinct
        encoded = self._array.dictionary_encode()
        if isinstance(encoded, pa.ChunkedArray):
            encoded = encoded.combine_chunks() if encoded.num_chunks != 1 else encoded.chunk(0)
        if isinstance(encoded, pa.ChunkedArray):  # no chunk at all
            return np.empty(0, np.int32), []
        return self._merged(_codes(encoded.indices), _values(encoded.dictionary))

    def _merged(self, codes: Codes, values: list[Any]) -> tuple[Codes, list[str]]:
        """Codes after the values became texts: some turn out the same, some missing."""
        texts = list(map(parse.text, values))
        seen: dict[str, int] = {}
        missing = self._missing
        places = [
            -1 if each is None or each in missing else seen.setdefault(each, len(seen))
            for each in texts
        ]
        if places == list(range(len(places))):
            return codes, list(seen)
        return np.array([*places, -1], np.int32)[codes], list(seen)

    @property
    def _is_text(self) -> bool:
        return bool(
            pa.types.is_large_string(self._array.type) or pa.types.is_string(self._array.type)
        )

    def numbers(self, style: Style) -> tuple[Floats, NDArray[np.bool_]]:
        """See `Cells.numbers`."""
        kind = self._array.type
        if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
            return self._typed_numbers()
        if self._is_text:
            if style.decimal == "." and (fast := self._plain_numbers()) is not None:
                return fast
            return spread(self.distinct, lambda texts: parse.numbers(texts, style))
        if _nested(kind):
            return PlainCells(self._array.to_pylist(), self._missing).numbers(PLAIN)
        return spread(self.distinct, lambda texts: parse.numbers(texts, PLAIN))

    def _typed_numbers(self) -> tuple[Floats, NDArray[np.bool_]]:
        values = self._array.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False).copy()
        held = ~np.isnan(values)
        for word in missing_numbers(self._missing):
            held &= values != word
        values[~held | np.isinf(values)] = np.nan
        return values, held

    def _plain_numbers(self) -> tuple[Floats, NDArray[np.bool_]] | None:
        """Arrow's own reading, 17 ms for a million cells, where every cell is a bare number or missing.

        It takes less than `parse.number` does and agrees with it wherever it takes anything (both round
        correctly; tested), so that a column read here and a cell read there have the same bytes.
        """
        array = self._array
        for attempt in ("as it is", "trimmed"):
            if attempt == "trimmed":
                array = pc.utf8_trim_whitespace(array)
            absent = pc.is_in(array, value_set=of_texts(["", *self._missing], array.type))
            held = pc.if_else(absent, pa.nulls(1, array.type)[0], array)
            try:
                numbers = held.cast(pa.float64())
            except pa.ArrowInvalid:
                continue
            there = _there(numbers)
            values = np.where(there, _raw(numbers, np.float64), np.nan)
            return (values, there) if np.isfinite(values[there]).all() else None
        return None

    def dates(self, style: Style) -> tuple[Floats, NDArray[np.bool_]]:
        """See `Cells.dates`."""
        kind = self._array.type
        if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
            micros = self._array.cast(pa.timestamp("us", tz=getattr(kind, "tz", None)), safe=False)
            held = micros.is_valid().to_numpy(zero_copy_only=False)
            whole = pc.fill_null(micros.cast(pa.int64()), 0).to_numpy(zero_copy_only=False)
            return np.where(held, whole / 1e6, np.nan), held
        return spread(self.distinct, lambda texts: parse.dates(texts, style))

    def vectors(self) -> tuple[list[list[float] | None], NDArray[np.bool_]]:
        """See `Cells.vectors`."""
        return PlainCells(self._array.to_pylist(), self._missing).vectors()

    def series(self) -> tuple[list[Floats | None], NDArray[np.bool_]]:
        """See `Cells.series`."""
        return PlainCells(self.values(), self._missing).series()

    def media(self) -> list[Any]:
        """See `Cells.media`."""
        return PlainCells(self.values(), self._missing).media()

    def examples(self, rows: NDArray[np.int64]) -> list[str]:
        """See `Cells.examples`."""
        codes, texts = self.distinct
        return [texts[codes[i]] for i in rows]


def _simple(array: Any) -> Any:
    """One flat array of a type that every Arrow function takes."""
    if isinstance(array.type, pa.ExtensionType):
        array = pa.chunked_array([each.storage for each in array.chunks], array.type.storage_type)
    kind = array.type
    if pa.types.is_dictionary(kind):
        array = array.cast(kind.value_type)
    kind = array.type
    views = getattr(pa.types, "is_string_view", lambda _: False)
    if views(kind) or (pa.types.is_string(kind) and array.nbytes > 1 << 30):
        array = array.cast(pa.large_string())
    if isinstance(array, pa.ChunkedArray):
        if array.num_chunks == 1:
            return array.chunk(0)
        return array.combine_chunks() if array.num_chunks else pa.array([], array.type)
    return array


# `pa.array`, `pa.scalar` and `to_numpy` import pandas (0.3 s) in case it has something to do with it; these do not.


def of_numbers(values: NDArray[Any]) -> Any:
    """Integers or floats as an Arrow array; nothing is null."""
    held = pa.py_buffer(np.ascontiguousarray(values))
    return pa.Array.from_buffers(pa.from_numpy_dtype(values.dtype), len(values), [None, held])


def of_texts(texts: Sequence[str | None], kind: Any) -> Any:
    """Texts as an Arrow array of `kind`, a string type; None is null."""
    encoded = [b"" if each is None else each.encode(errors="surrogatepass") for each in texts]
    wide = np.int64 if pa.types.is_large_string(kind) else np.int32
    ends = np.cumsum([0, *map(len, encoded)]).astype(wide)
    there = np.array([each is not None for each in texts], np.bool_)
    bits = None if there.all() else pa.py_buffer(np.packbits(there, bitorder="little"))
    return pa.Array.from_buffers(
        kind, len(texts), [bits, pa.py_buffer(ends), pa.py_buffer(b"".join(encoded))]
    )


def _codes(indices: Any) -> Codes:
    """Int32 indices of a dictionary, -1 where there is none."""
    return np.where(_there(indices), _raw(indices, np.int32), np.int32(-1))


def _raw(array: Any, kind: Any) -> NDArray[Any]:
    """The cells of a flat array, anything where there is none."""
    held = array.buffers()[1]
    if held is None or not len(array):
        return np.zeros(len(array), kind)
    found: NDArray[Any] = np.frombuffer(held, kind, len(array) + array.offset)
    return found[array.offset :]


def _there(array: Any) -> NDArray[np.bool_]:
    """Which cells are not null."""
    held = array.buffers()[0]
    if held is None or not array.null_count:
        return np.full(len(array), not array.null_count)
    bits = np.unpackbits(np.frombuffer(held, np.uint8), bitorder="little")
    return bits[array.offset : array.offset + len(array)].astype(np.bool_)


def _values(dictionary: Any) -> list[Any]:
    kind = dictionary.type
    if pa.types.is_timestamp(kind):  # nanoseconds would come as pandas objects
        return list(dictionary.cast(pa.timestamp("us", tz=kind.tz), safe=False).to_pylist())
    if pa.types.is_float32(kind) or pa.types.is_float16(kind):
        return [np.float32(each) for each in dictionary.to_numpy(zero_copy_only=False)]
    return list(dictionary.to_pylist())


def _nested(kind: Any) -> bool:
    return bool(pa.types.is_nested(kind))


def _is_number(kind: Any) -> bool:
    return bool(pa.types.is_floating(kind) or pa.types.is_decimal(kind))


def _is_list(kind: Any) -> bool:
    return bool(
        pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind)
    )


def _is_date(kind: Any) -> bool:
    return bool(pa.types.is_timestamp(kind) or pa.types.is_date(kind))


_STORED: tuple[tuple[Stored, Callable[[Any], bool]], ...] = (
    ("bool", pa.types.is_boolean),
    ("integer", pa.types.is_integer),
    ("number", _is_number),
    ("date", _is_date),
    ("list", _is_list),
)
