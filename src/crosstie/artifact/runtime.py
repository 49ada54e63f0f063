"""Running a graph: the only place that does. Arrays in, arrays out, through ONNX Runtime.

A graph says itself which inputs may end where the longest row of a batch does: those whose second axis is called
`PADDED` and something. Rows of like length then go through together, so that little of a batch is padding.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crosstie.artifact.outside import keeps_outside
from crosstie.data.batch import ROWS_AT_ONCE, Layout
from crosstie.data.processors import processors
from crosstie.errors import ArtifactError

CELLS_AT_ONCE = 1 << 18  # long texts go in smaller batches than `ROWS_AT_ONCE`
TOKENS_AT_ONCE = 1 << 11  # of rows sorted by length: 2 to 7 times as fast as 1 << 16, by encoder
BYTES_SORTED = 1 << 26  # of inputs that are sorted together, as `serving.model.BYTES_AT_ONCE`
LEAST = 32  # rows at once, however wide

PADDED = "padded_length"

Places = slice | NDArray[np.int64]


def onnx_runtime() -> Any:
    """ONNX Runtime, told to report nothing to anyone.

    Since 1.29 it writes an identifier of this computer to the user's folder when it is imported, and sends events to its
    makers, unless the environment says otherwise before that. Whoever wants it sets `ORT_DISABLE_TELEMETRY=0`.
    """
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    import onnxruntime  # 134 ms

    return onnxruntime


class Graph:
    """A loaded ONNX graph.

    Args:
        path: The `.onnx` file.
        threads: Threads inside one operation; None takes what this process may use.

    Raises:
        ArtifactError: The file is absent, no graph that ONNX Runtime can run, or keeps its numbers elsewhere.
    """

    def __init__(self, path: Path, *, threads: int | None = None) -> None:
        onnxruntime = onnx_runtime()
        _check_whole(path)
        self._path = path
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads or processors()
        options.log_severity_level = 3
        # threads that wait for work in a loop took 1.5 s of processor time for 98,304 rows of 100 trees, not 0.85
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        # not what a file says it is: of the runtime's own format less is checked
        options.add_session_config_entry("session.load_model_format", "ONNX")
        try:
            self._session = onnxruntime.InferenceSession(
                str(path), options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:
            raise ArtifactError(f"{path}: not a graph that can be run here: {error}") from error
        self._inputs = {each.name for each in self._session.get_inputs()}
        self._padded = [
            each.name
            for each in self._session.get_inputs()
            if len(each.shape) > 1 and str(each.shape[1]).startswith(PADDED)
        ]
        self._outputs = [each.name for each in self._session.get_outputs()]

    def check(self, layout: Layout) -> None:
        """See that a graph takes what features give, and gives what they decode.

        Raises:
            ArtifactError: It is the graph of other features.
        """
        given = layout.inputs
        for each in self._session.get_inputs():
            dtype, shape = given.get(each.name, ("", ()))
            sizes = zip(each.shape[1:], shape, strict=False)
            fits = len(each.shape) == len(shape) + 1 and all(
                one == other for one, other in sizes if isinstance(one, int)
            )
            if not dtype or not fits:
                its = f"rows of {list(shape)}" if dtype else "nothing"
                raise ArtifactError(
                    f"{self._path}: reads {each.name!r} of the shape {each.shape}, and its features give {its}; it is "
                    "the graph of another model"
                )
        absent = [each.array for each in layout.outputs if each.array not in self._outputs]
        if absent:
            raise ArtifactError(
                f"{self._path}: gives {self._outputs} and not {absent[0]!r}; it is the graph of another model"
            )

    def run(
        self, inputs: Mapping[str, NDArray[Any]], *, most: int = ROWS_AT_ONCE
    ) -> dict[str, NDArray[Any]]:
        """Outputs by name for all rows; large inputs go through in pieces.

        Args:
            inputs: As `Batch.inputs`; arrays that the graph does not use are left out.
            most: Rows at once.
        """
        rows = len(next(iter(inputs.values())))
        if not rows:  # ONNX Runtime divides by the size of an empty array: the process dies of it
            one = {
                name: np.zeros((1, *array.shape[1:]), array.dtype) for name, array in inputs.items()
            }
            return {name: array[:0] for name, array in self.run(one).items()}
        found: dict[str, NDArray[Any]] = {}
        for places, given in self._pieces(inputs, rows, most):
            for name, part in zip(
                self._outputs, self._session.run(self._outputs, given), strict=True
            ):
                if len(part) == rows and isinstance(places, slice):
                    found[name] = part
                    continue
                if name not in found:  # whole at once: pieces beside it would be as much again
                    found[name] = np.empty((rows, *part.shape[1:]), part.dtype)
                found[name][places] = part
        return found

    def _pieces(
        self, inputs: Mapping[str, NDArray[Any]], rows: int, most: int
    ) -> Iterator[tuple[Places, dict[str, NDArray[Any]]]]:
        """Rows that go through at once: which they are, and their arrays.

        What is cut here divides `serving.model.PIECE`, so that pieces of a table say what the whole would.
        """
        if self._padded:
            fitting = BYTES_SORTED // max(sum(each.nbytes for each in inputs.values()) // rows, 1)
        else:
            fitting = CELLS_AT_ONCE // max(sum(each.size for each in inputs.values()) // rows, 1)
        at_once = min(most, 1 << (max(fitting, LEAST).bit_length() - 1))
        for start in range(0, rows, at_once):
            part = {
                name: array[start : start + at_once]
                for name, array in inputs.items()
                if name in self._inputs
            }
            if self._padded:
                yield from self._by_length(part, start)
            else:
                yield (
                    slice(start, start + at_once),
                    {name: np.ascontiguousarray(array) for name, array in part.items()},
                )

    def _by_length(
        self, arrays: Mapping[str, NDArray[Any]], start: int
    ) -> Iterator[tuple[Places, dict[str, NDArray[Any]]]]:
        """The longest rows first, for they show what memory it takes; none with columns that are padding in all."""
        rows = len(next(iter(arrays.values())))
        if rows <= LEAST:  # a request: of few tokens sorting takes longer than it saves
            ends = [_end(arrays[name]) for name in self._padded]
            if rows * sum(ends) <= TOKENS_AT_ONCE:
                yield slice(start, start + rows), self._cut(arrays, slice(rows), ends)
                return
        lengths = [_lengths(arrays[name]) for name in self._padded]
        order = np.argsort(-sum(lengths), kind="stable")
        ordered = np.stack(lengths)[:, order]
        wide = np.array([[arrays[name][0, :1].size] for name in self._padded])  # cells of a token
        rest = sum(each.size // rows for name, each in arrays.items() if name not in self._padded)
        begin = 0
        while begin < rows:
            longest = np.maximum.accumulate(ordered[:, begin:], axis=1)
            count = np.arange(1, rows - begin + 1)
            tokens = longest.sum(0) * count <= TOKENS_AT_ONCE
            cells = (((longest * wide).sum(0) + rest) * count <= CELLS_AT_ONCE) | (count <= LEAST)
            fitting = max(int(np.count_nonzero(tokens & cells)), 1)
            places = order[begin : begin + fitting]
            yield places + start, self._cut(arrays, places, longest[:, fitting - 1].tolist())
            begin += fitting

    def _cut(
        self, arrays: Mapping[str, NDArray[Any]], places: Places, ends: Sequence[int]
    ) -> dict[str, NDArray[Any]]:
        """These rows, up to one end for each array that may be cut."""
        until = dict(zip(self._padded, ends, strict=True))
        return {
            name: np.ascontiguousarray(
                array[places, : until[name]] if name in until else array[places]
            )
            for name, array in arrays.items()
        }


def _there(ids: NDArray[Any]) -> NDArray[np.bool_]:
    """What is no padding, of ids `[rows, length]`, or with letters behind each."""
    return np.asarray((ids if ids.ndim == 2 else ids[..., 0]) != 0)


def _lengths(ids: NDArray[Any]) -> NDArray[np.int64]:
    """Where each row of ids ends, at 1 at least."""
    there = _there(ids)
    ends: NDArray[np.int64] = (there.shape[1] - there[:, ::-1].argmax(1)) * there.any(1)
    return np.maximum(ends, 1)


def _end(ids: NDArray[Any]) -> int:
    """Where the longest row of ids ends, at 1 at least."""
    places = np.flatnonzero(_there(ids).any(0))
    return int(places[-1]) + 1 if len(places) else 1


def _check_whole(path: Path) -> None:
    """Raise unless a graph is there and holds all its numbers itself."""
    try:
        outside = keeps_outside(path.read_bytes())
    except OSError as error:
        raise ArtifactError(f"{path}: cannot be read ({error.strerror})") from None
    except ValueError as error:
        raise ArtifactError(
            f"{path}: not a graph that can be run here: no ONNX ({error}); it may be truncated"
        ) from None
    if outside:
        raise ArtifactError(
            f"{path}: keeps numbers in other files, which a model never does: they could lie anywhere. Save the "
            "graph with all of its weights inside"
        )
