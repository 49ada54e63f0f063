"""Running a graph: the only place that does. Arrays in, arrays out, through ONNX Runtime."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crosstie.data.batch import ROWS_AT_ONCE
from crosstie.data.processors import processors
from crosstie.errors import ArtifactError

CELLS_AT_ONCE = 1 << 18  # long texts go in smaller batches than `ROWS_AT_ONCE`


class Graph:
    """A loaded ONNX graph.

    Args:
        path: The `.onnx` file.
        threads: Threads inside one operation; None takes what this process may use.

    Raises:
        ArtifactError: The file is absent or no graph that ONNX Runtime can run.
    """

    def __init__(self, path: Path, *, threads: int | None = None) -> None:
        import onnxruntime  # 134 ms

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads or processors()
        options.log_severity_level = 3
        try:
            self._session = onnxruntime.InferenceSession(
                str(path), options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:
            raise ArtifactError(f"{path}: not a graph that can be run here: {error}") from error
        self._inputs = {each.name for each in self._session.get_inputs()}
        self._outputs = [each.name for each in self._session.get_outputs()]

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
        cells = sum(array.size // rows for array in inputs.values())
        fitting = max(CELLS_AT_ONCE // max(cells, 1), 32)
        at_once = min(most, 1 << (fitting.bit_length() - 1))  # divides `serving.model.PIECE`
        found: dict[str, NDArray[Any]] = {}
        for start in range(0, rows, at_once):
            given = {
                name: np.ascontiguousarray(array[start : start + at_once])
                for name, array in inputs.items()
                if name in self._inputs
            }
            for name, part in zip(
                self._outputs, self._session.run(self._outputs, given), strict=True
            ):
                if len(part) == rows:
                    found[name] = part
                    continue
                if name not in found:  # whole at once: pieces beside it would be as much again
                    found[name] = np.empty((rows, *part.shape[1:]), part.dtype)
                found[name][start : start + at_once] = part
        return found
