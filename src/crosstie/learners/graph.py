"""Writing an ONNX graph by hand: names for values, constants from arrays, and a file without metadata."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crosstie.data.batch import Layout, Output

OPSET = 21
ML_OPSET = 5  # the first with TreeEnsemble
IR_VERSION = 10
ROWS = "rows"


class GraphWriter:
    """A graph in the making; every method adds a node and gives the name of its result.

    Args:
        layout: Its inputs become the graph's, those that some node reads.
    """

    def __init__(self, layout: Layout) -> None:
        import onnx  # 150 ms

        self._onnx = onnx
        self._layout = layout
        self._nodes: list[Any] = []
        self._constants: list[Any] = []
        self._outputs: list[Any] = []
        self._read: set[str] = set()

    def add(
        self, operation: str, *inputs: str, domain: str = "", unused: int = 0, **attributes: Any
    ) -> str:
        """A node with one result that is used, its first, and so many that are not."""
        name = f"value_{len(self._nodes)}"
        self._read.update(inputs)
        self._nodes.append(
            self._onnx.helper.make_node(
                operation,
                list(inputs),
                [name, *(f"{name}_{i + 1}" for i in range(unused))],
                domain=domain,
                **attributes,
            )
        )
        return name

    def constant(self, values: Any, dtype: Any = np.float32) -> str:
        """An array in the graph."""
        name = f"constant_{len(self._constants)}"
        array: NDArray[Any] = np.ascontiguousarray(values, dtype)
        self._constants.append(self._onnx.numpy_helper.from_array(array, name))
        return name

    def cast(self, value: str, dtype: Any) -> str:
        """The same values in another type."""
        return self.add("Cast", value, to=self._type(dtype))

    def columns(self, value: str, start: int, stop: int) -> str:
        """Columns from `start` up to `stop` of `[rows, columns]`."""
        bounds = [self.constant([each], np.int64) for each in (start, stop, 1)]
        return self.add("Slice", value, *bounds)

    def concat(self, values: list[str]) -> str:
        """Values side by side."""
        return values[0] if len(values) == 1 else self.add("Concat", *values, axis=1)

    def flat(self, value: str) -> str:
        """`[rows, 1]` as `[rows]`."""
        return self.add("Squeeze", value, self.constant([1], np.int64))

    def output(self, name: str, value: str, *, width: int | None) -> None:
        """An output of the graph, float32 `[rows]` or `[rows, width]`."""
        self._read.add(value)
        self._nodes.append(self._onnx.helper.make_node("Identity", [value], [name]))
        self._outputs.append(self._value(name, np.float32, *(() if width is None else (width,))))

    def predict(self, output: Output, sums: str) -> None:
        """An output of the model: the probabilities or the number that its scores `[rows, size]` stand for."""
        if output.type == "category":
            self.output(output.array, self.add("Softmax", sums, axis=1), width=output.size)
        elif output.type == "set":
            self.output(output.array, self.add("Sigmoid", sums), width=output.size)
        else:
            value = self.flat(sums)
            value = self.add("Sigmoid", value) if output.type == "binary" else value
            self.output(output.array, value, width=None)

    def write(self, path: Path) -> None:
        """Check the graph and write it to `path`."""
        helper = self._onnx.helper
        inputs = [
            self._value(name, np.dtype(dtype), *shape)
            for name, (dtype, shape) in self._layout.inputs.items()
            if name in self._read
        ]
        graph = helper.make_graph(
            self._nodes, "crosstie", inputs, self._outputs, initializer=self._constants
        )
        opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid("ai.onnx.ml", ML_OPSET)]
        model = helper.make_model(
            graph,
            opset_imports=opsets,
            ir_version=IR_VERSION,
            producer_name="",
            producer_version="",
        )
        self._onnx.checker.check_model(model)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(model.SerializeToString(deterministic=True))

    def tensor(self, values: Any, dtype: Any) -> Any:
        """An attribute that is an array."""
        return self._onnx.numpy_helper.from_array(np.ascontiguousarray(values, dtype))

    def _type(self, dtype: Any) -> int:
        return int(self._onnx.helper.np_dtype_to_tensor_dtype(np.dtype(dtype)))

    def _value(self, name: str, dtype: Any, *row: int) -> Any:
        return self._onnx.helper.make_tensor_value_info(name, self._type(dtype), [ROWS, *row])
