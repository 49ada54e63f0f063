"""LightGBM through its C interface: a dataset, a booster, and no more of it than training needs.

`import lightgbm` costs 1.8 s, for it imports scikit-learn and pandas whether they are used or not. The library that
does the work loads in 20 ms, and its C interface is its public, stable one; so this talks to that.
"""

import ctypes
import importlib.util
import os
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from crosstie.data.processors import processors
from crosstie.errors import CrosstieError, MissingExtra, TrainingError

Floats = NDArray[np.float32]

FLOAT32 = 0  # C_API_DTYPE_FLOAT32
ZERO = np.float32(1e-35)  # kZeroThreshold: nothing to LightGBM
ROWS_AT_ONCE = 1 << 16
CELLS_A_THREAD = 1_000_000
ALL_TREES = -1
CONTRIBUTIONS = 3  # C_API_PREDICT_CONTRIB


class Features(Protocol):
    """A matrix that gives some of its rows when asked: an array, or one that is made as it is read."""

    @property
    def shape(self) -> tuple[int, ...]:
        """`(rows, columns)`."""

    def __getitem__(self, rows: Any, /) -> Floats:
        """The rows of a slice or of an array of row numbers, `[rows, columns]`."""


class Dataset:
    """Rows binned for training: one byte a value, two where there are more than 256 bins.

    The matrix is read in pieces and never held. Bins are found in the rows that LightGBM would sample, so the trees
    are those of handing it the whole matrix (tested).

    Args:
        features: `[rows, columns]`, NaN where missing; a categorical column holds codes.
        target: `[rows]`.
        weights: `[rows]`, or None for all equal.
        parameters: LightGBM's, by its names.
        reference: Training rows whose bins validation rows are to share.
    """

    def __init__(
        self,
        features: Features,
        target: NDArray[Any],
        weights: NDArray[Any] | None,
        parameters: Mapping[str, Any],
        *,
        reference: "Dataset | None" = None,
    ) -> None:
        self.rows = features.shape[0]
        self.handle = ctypes.c_void_p()
        if reference is None:
            self._find_bins(features, parameters)
        else:
            _call(
                "LGBM_DatasetCreateByReference",
                reference.handle,
                ctypes.c_int64(self.rows),
                ctypes.byref(self.handle),
            )
        for start in range(0, self.rows, ROWS_AT_ONCE):
            rows = np.ascontiguousarray(features[start : start + ROWS_AT_ONCE], np.float32)
            _call(
                "LGBM_DatasetPushRows",  # after the last row it knows by itself that all are there
                self.handle,
                _pointer(rows),
                ctypes.c_int(FLOAT32),
                ctypes.c_int32(rows.shape[0]),
                ctypes.c_int32(rows.shape[1]),
                ctypes.c_int32(start),
            )
        self._set("label", target)
        if weights is not None:
            self._set("weight", weights)

    def _find_bins(self, features: Features, parameters: Mapping[str, Any]) -> None:
        """As LightGBM does it for a matrix: zeros count as what is not there."""
        text, count = _text(parameters), ctypes.c_int32()
        _call("LGBM_GetSampleCount", ctypes.c_int32(self.rows), text, ctypes.byref(count))
        sample = np.empty(count.value, np.int32)
        _call(
            "LGBM_SampleIndices",
            ctypes.c_int32(self.rows),
            text,
            _pointer(sample),
            ctypes.byref(count),
        )
        sample = sample[: count.value]
        width = features.shape[1]
        rows = np.ascontiguousarray(features[sample], np.float32)
        places = [
            np.flatnonzero(~(np.abs(rows[:, i]) <= ZERO)).astype(np.int32) for i in range(width)
        ]
        values = [rows[each, i].astype(np.float64) for i, each in enumerate(places)]
        _call(
            "LGBM_DatasetCreateFromSampledColumn",
            (ctypes.c_void_p * width)(*(each.ctypes.data for each in values)),
            (ctypes.c_void_p * width)(*(each.ctypes.data for each in places)),
            ctypes.c_int32(width),
            (ctypes.c_int32 * width)(*map(len, places)),
            ctypes.c_int32(len(sample)),
            ctypes.c_int32(self.rows),
            ctypes.c_int64(self.rows),
            text,
            ctypes.byref(self.handle),
        )

    def _set(self, field: str, values: NDArray[Any]) -> None:
        values = np.ascontiguousarray(values, np.float32)
        _call(
            "LGBM_DatasetSetField",
            self.handle,
            field.encode(),
            _pointer(values),
            ctypes.c_int(len(values)),
            ctypes.c_int(FLOAT32),
        )

    def __del__(self) -> None:
        if self.handle:
            _library().LGBM_DatasetFree(self.handle)


class Booster:
    """Trees in the making.

    Args:
        train: Training rows.
        parameters: LightGBM's, by its names.
        validation: Rows whose predictions are wanted as trees are added.
    """

    def __init__(
        self, train: Dataset, parameters: Mapping[str, Any], *, validation: Dataset | None = None
    ) -> None:
        self.handle = ctypes.c_void_p()
        self._datasets = [train] if validation is None else [train, validation]  # keeps them alive
        _call("LGBM_BoosterCreate", train.handle, _text(parameters), ctypes.byref(self.handle))
        if validation is not None:
            _call("LGBM_BoosterAddValidData", self.handle, validation.handle)

    def add_tree(self) -> bool:
        """One more boosting round; False when no split gains anything any more."""
        finished = ctypes.c_int()
        _call("LGBM_BoosterUpdateOneIter", self.handle, ctypes.byref(finished))
        return not finished.value

    def fitted(self, which: int) -> NDArray[np.float64]:
        """Predictions so far for the training rows (0) or the validation rows (1).

        Returns:
            `[rows]` numbers or probabilities of 1; `[rows, classes]` probabilities of a multiclass objective.
        """
        length = ctypes.c_int64()
        _call(
            "LGBM_BoosterGetNumPredict",
            self.handle,
            ctypes.c_int(which),
            ctypes.byref(length),
        )
        values = np.empty(length.value, np.float64)
        _call(
            "LGBM_BoosterGetPredict",
            self.handle,
            ctypes.c_int(which),
            ctypes.byref(length),
            _pointer(values),
        )
        rows = self._datasets[which].rows
        return values if length.value == rows else values.reshape(-1, rows).T

    def predict(self, features: Floats, *, trees: int = ALL_TREES) -> NDArray[np.float64]:
        """Predictions for new rows, in the shape of `fitted`.

        Args:
            features: As a dataset takes them.
            trees: Only the first so many rounds.
        """
        rows = np.ascontiguousarray(features, np.float32)
        size = ctypes.c_int()
        _call("LGBM_BoosterGetNumClasses", self.handle, ctypes.byref(size))
        values = np.empty(len(rows) * size.value, np.float64)
        length = ctypes.c_int64()
        _call(
            "LGBM_BoosterPredictForMat",
            self.handle,
            _pointer(rows),
            ctypes.c_int(FLOAT32),
            ctypes.c_int32(rows.shape[0]),
            ctypes.c_int32(rows.shape[1]),
            ctypes.c_int(1),  # row-major
            ctypes.c_int(0),  # predictions, not leaves or contributions
            ctypes.c_int(0),
            ctypes.c_int(trees),
            b"",
            ctypes.byref(length),
            _pointer(values),
        )
        return values if size.value == 1 else values.reshape(len(rows), size.value)

    def text(self, *, trees: int = ALL_TREES) -> str:
        """The model in LightGBM's own format, which every LightGBM reads.

        Args:
            trees: Only the first so many rounds.
        """
        length = ctypes.c_int64()
        buffer = ctypes.create_string_buffer(1 << 20)
        for _ in range(2):
            _call(
                "LGBM_BoosterSaveModelToString",
                self.handle,
                ctypes.c_int(0),
                ctypes.c_int(trees),
                ctypes.c_int(0),  # importance by splits
                ctypes.c_int64(len(buffer)),
                ctypes.byref(length),
                buffer,
            )
            if length.value <= len(buffer):
                break
            buffer = ctypes.create_string_buffer(length.value)
        return buffer.value.decode()

    def __del__(self) -> None:
        if self.handle:
            _library().LGBM_BoosterFree(self.handle)


def tree_contributions(text: str, features: Floats) -> NDArray[np.float64]:
    """What each column adds to the sum of all trees, exactly (TreeSHAP, Lundberg et al. 2020).

    A tree that cannot read a column goes both ways, weighted by how many training rows went there.

    Args:
        text: A model with one sum a row, as `Booster.text` gives it.
        features: As a dataset takes them.

    Returns:
        `[rows, columns + 1]`; last the mean over training rows. Each row adds up to the sum of its trees.
    """
    rows = np.ascontiguousarray(features, np.float32)
    values = np.empty((len(rows), rows.shape[1] + 1), np.float64)
    handle, rounds, length = ctypes.c_void_p(), ctypes.c_int(), ctypes.c_int64()
    _call(
        "LGBM_BoosterLoadModelFromString",
        text.encode(),
        ctypes.byref(rounds),
        ctypes.byref(handle),
    )
    try:
        _call("LGBM_BoosterGetNumFeature", handle, ctypes.byref(rounds))
        if rounds.value != rows.shape[1]:
            raise TrainingError(f"trees of {rounds.value} columns, rows of {rows.shape[1]}")
        _call(
            "LGBM_BoosterPredictForMat",
            handle,
            _pointer(rows),
            ctypes.c_int(FLOAT32),
            ctypes.c_int32(rows.shape[0]),
            ctypes.c_int32(rows.shape[1]),
            ctypes.c_int(1),  # row-major
            ctypes.c_int(CONTRIBUTIONS),
            ctypes.c_int(0),
            ctypes.c_int(ALL_TREES),
            _text({"num_threads": threads(rows.size)}),
            ctypes.byref(length),
            _pointer(values),
        )
    finally:
        _library().LGBM_BoosterFree(handle)
    return values


def threads(cells: int) -> int:
    """Threads that pay for a table of so many cells, of those that this process may use.

    Threads wait for each other by spinning: on a machine where something else runs too, two of them took 0.5 to 2 s for
    the 9,000 cells of Titanic, one 0.06 s; for the 500,000 of Adult 4 to 12 s against 0.6 to 0.9 s.
    """
    free = processors()
    asked = os.environ.get("OMP_NUM_THREADS", "").split(",")[0]
    free = min(free, int(asked)) if asked.isdecimal() and int(asked) else free
    return max(1, min(free, cells // CELLS_A_THREAD))


def _text(parameters: Mapping[str, Any]) -> bytes:
    def plain(value: Any) -> str:
        if isinstance(value, list | tuple):
            return ",".join(map(str, value))
        return str(value).lower() if isinstance(value, bool) else str(value)

    return " ".join(f"{name}={plain(value)}" for name, value in parameters.items()).encode()


def _pointer(array: NDArray[Any]) -> ctypes.c_void_p:
    return ctypes.c_void_p(array.ctypes.data)


def _call(name: str, *arguments: Any) -> None:
    library = _library()
    if getattr(library, name)(*arguments) != 0:
        raise TrainingError(f"LightGBM: {library.LGBM_GetLastError().decode()}")


@cache
def _library() -> ctypes.CDLL:
    package = importlib.util.find_spec("lightgbm")
    if package is None or not package.submodule_search_locations:
        raise MissingExtra("lightgbm", "train", needed_for="model_type gbm")
    for folder in (Path(package.submodule_search_locations[0]), Path(sys.prefix) / "lib"):
        for path in sorted(folder.rglob("lib_lightgbm.*")):
            try:
                library = ctypes.CDLL(str(path))
            except OSError as error:
                raise CrosstieError(
                    f"model_type gbm: LightGBM cannot be loaded: {error}. If libgomp is what is missing, "
                    "install it: apt-get install libgomp1"
                ) from error
            library.LGBM_GetLastError.restype = ctypes.c_char_p
            return library
    raise MissingExtra("lightgbm", "train", needed_for="model_type gbm")
