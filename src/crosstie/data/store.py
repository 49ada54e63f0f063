"""A `Batch` filled chunk by chunk: in memory, or in memory-mapped files when it is larger than that."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crosstie.data.batch import Batch, Layout, Output

_TARGETS = {
    "number": np.float32,
    "binary": np.float32,
    "category": np.int64,
    "set": np.float32,
    "sequence": np.int32,
    "timeseries": np.float32,
    "text": np.int32,
}


class BatchStore:
    """Arrays of a known shape that grow to at most `rows` rows.

    The bytes are those of encoding everything at once, in memory or not.

    Args:
        layout: What the arrays are.
        rows: The most rows there will be.
        weighted: Whether the chunks have row weights.
        folder: Where the `.npy` files go; None keeps the arrays in memory. A file has its name only once it is
            complete; until then it ends in `.part`.
    """

    def __init__(
        self, layout: Layout, *, rows: int, weighted: bool, folder: Path | None = None
    ) -> None:
        self._rows = rows
        self._folder = folder
        self._filled = 0
        self._inputs = {
            name: self._array(f"inputs.{place}", dtype, shape)
            for place, (name, (dtype, shape)) in enumerate(layout.inputs.items())
        }
        self._targets = {
            each.name: self._array(f"targets.{place}", _TARGETS[each.type], _row(each))
            for place, each in enumerate(layout.outputs)
        }
        self._weights = self._array("weights", np.float32, ()) if weighted else None

    def append(self, batch: Batch) -> None:
        """Copy a chunk below what is there."""
        start, self._filled = self._filled, self._filled + len(batch)
        assert self._filled <= self._rows, "more rows than were announced"
        place = slice(start, self._filled)
        for name, array in self._inputs.items():
            array[place] = batch.inputs[name]
        for name, array in self._targets.items():
            array[place] = batch.targets[name]
        if self._weights is not None:
            assert batch.weights is not None
            self._weights[place] = batch.weights

    def finish(self) -> Batch:
        """Everything appended, read-only where it lies in files."""
        return Batch(
            {name: self._finished(array) for name, array in self._inputs.items()},
            {name: self._finished(array) for name, array in self._targets.items()},
            None if self._weights is None else self._finished(self._weights),
        )

    def _array(self, name: str, dtype: Any, shape: tuple[int, ...]) -> NDArray[Any]:
        shape = (self._rows, *shape)
        if self._folder is None or 0 in shape:
            return np.empty(shape, dtype)
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._folder / f"{name}.npy.part"
        return np.lib.format.open_memmap(path, mode="w+", dtype=dtype, shape=shape)

    def _finished(self, array: NDArray[Any]) -> NDArray[Any]:
        if not isinstance(array, np.memmap):
            return array[: self._filled]
        array.flush()
        part = Path(str(array.filename))
        complete = part.with_suffix("")
        part.replace(complete)
        return np.load(complete, mmap_mode="r")[: self._filled]  # type: ignore[no-any-return]


def _row(output: Output) -> tuple[int, ...]:
    """The shape of one row's target."""
    if output.length:
        return (output.length,)
    return (output.size,) if output.type in ("set", "timeseries") else ()
