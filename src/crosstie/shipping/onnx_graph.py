"""An ONNX graph that another tool exported: what it reads and says, found by looking and by asking it two rows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crosstie.artifact.runtime import onnx_runtime
from crosstie.data.batch import Output
from crosstie.errors import ArtifactError, ConfigError, nearest
from crosstie.shipping.foreign import Asked, Fed, Task
from crosstie.shipping.onnx_glue import UNKNOWN, Answer, Feed, glued, strip
from crosstie.shipping.vocabulary import words_of

MISSING = ("nan", "None", "")  # what encoders were fitted on where a cell was missing
NEAR = 1e-3  # how far probabilities may be from adding up to 1
_TYPES = {
    "tensor(float)": "float32",
    "tensor(double)": "float64",
    "tensor(float16)": "float16",
    "tensor(int64)": "int64",
    "tensor(int32)": "int32",
    "tensor(int16)": "int16",
    "tensor(int8)": "int8",
    "tensor(uint8)": "uint8",
    "tensor(bool)": "bool",
    "tensor(string)": "str",
}


@dataclass(frozen=True)
class OnnxGraph:
    """A `Foreign` that is a graph already.

    Attributes:
        proto: The `onnx.ModelProto`, with tensors for all outputs.
        feeds: Its inputs.
        outputs: What it says of two rows, by output.
        columns: As `Foreign`, and so on.
        labels: Likewise.
        tool: Likewise.
        version: Likewise.
        missing: By column the word that stands for a missing one.
        picked: The output that is wanted, where that was said.
        logits: Whether it holds logits rather than probabilities.
        task: As `Foreign`.
        classes: Likewise.
    """

    proto: Any = field(repr=False)
    feeds: tuple[Feed, ...]
    outputs: Mapping[str, NDArray[Any]] = field(repr=False)
    columns: tuple[Asked, ...]
    labels: tuple[str, ...]
    tool: str
    version: str
    missing: tuple[str, ...]
    picked: str | None = None
    logits: bool = False
    task: Task | None = None
    classes: int | None = None

    def write(self, path: Path, fed: Fed) -> None:
        """As `Foreign.write`.

        Raises:
            ConfigError: None of its outputs holds what is to be predicted, or several do.
        """
        whole = glued(
            self.proto, fed, self.feeds, self._answer(fed.layout.outputs[0]), self.missing
        )
        strip(whole)
        path.write_bytes(whole.SerializeToString(deterministic=True))

    def says(
        self,
        cells: Sequence[NDArray[np.float64]],
        absent: Sequence[NDArray[np.bool_]],
        output: Output,
    ) -> NDArray[np.float64]:
        """As `Foreign.says`: the graph as it came, asked by itself.

        Raises:
            ArtifactError: A cell is missing where it reads whole numbers, or what it says are no probabilities.
        """
        answer = self._answer(output)
        said = _ask(self.proto, self._rows(cells, absent), [answer.name])[answer.name]
        said = said.reshape(len(said), -1)
        if answer.words:
            texts = np.array([*map(str, said[:, 0])])[:, None]
            found = (texts == np.array([*map(str, answer.words)])).astype(np.float64)
        else:
            found = said.astype(np.float64)
        if answer.logits:
            raised = np.exp(found - found.max(axis=1, keepdims=True))
            found = (
                1 / (1 + np.exp(-found))
                if answer.width == 1
                else raised / raised.sum(axis=1, keepdims=True)
            )
        if output.type != "number":
            _check_probabilities(found, answer)
        return np.asarray(found if output.type == "category" else found[:, -1])

    def _rows(
        self, cells: Sequence[NDArray[np.float64]], absent: Sequence[NDArray[np.bool_]]
    ) -> dict[str, NDArray[Any]]:
        """Rows as the graph's own inputs take them."""
        found: dict[str, NDArray[Any]] = {}
        for feed in self.feeds:
            places = range(feed.start, feed.start + feed.width)
            if feed.dtype == "str":
                parts: list[Any] = []
                for i in places:
                    known = np.array([*self.columns[i].levels, UNKNOWN], object)
                    codes = np.where(np.isnan(cells[i]), len(known) - 1, cells[i]).astype(np.int64)
                    parts.append(np.where(absent[i], self.missing[i], known[codes]))
                value = np.stack(parts, axis=1).astype(object)
            else:
                numbers = np.stack([cells[i] for i in places], axis=1)
                gone = np.isnan(numbers).any(axis=0)
                if feed.whole and gone.any():
                    name = self.columns[feed.start + int(gone.argmax())].name or feed.name
                    raise ArtifactError(
                        f"{name!r} goes to the graph as a whole number, which cannot be missing, and a row of the "
                        "example has none. Leave such rows out"
                    )
                value = numbers.astype(feed.dtype)
            found[feed.name] = value[:, 0] if feed.flat else value
        return found

    def _answer(self, output: Output) -> Answer:
        """The output of the graph that holds what is to be predicted."""
        known = sorted(self.outputs)
        if self.picked is not None and self.picked not in self.outputs:
            raise ConfigError(
                f"--graph-output {self.picked}: the graph has no such output; {nearest(self.picked, known)}"
            )
        among = known if self.picked is None else [self.picked]
        widths = {"number": (1,), "binary": (2, 1)}.get(output.type, (output.size,))
        fitting = [
            Answer(name, str(array.dtype), _width(array), self.logits)
            for name, array in self.outputs.items()
            if name in among and array.dtype.kind == "f" and _width(array) in widths
        ]
        likely = [each for each in fitting if "prob" in each.name.lower()]
        fitting = likely if len(fitting) > 1 and likely and output.type != "number" else fitting
        if not fitting and output.type != "number":
            fitting = [
                Answer(
                    name,
                    "str" if array.dtype == object else str(array.dtype),
                    1,
                    words=self._words(array, output),
                )
                for name, array in self.outputs.items()
                if name in among and array.dtype.kind in "iO" and _width(array) == 1
            ]
        if len(fitting) == 1:
            return fitting[0]
        shown = ", ".join(f"{name} {_shape(array)}" for name, array in self.outputs.items())
        if not fitting:
            raise ConfigError(
                f"no output of the graph holds {_wanted(output)}; it has {shown}. Mend --task or --labels"
            )
        raise ConfigError(
            f"several outputs of the graph may hold {_wanted(output)}: {shown}. Say which: --graph-output "
            f"{fitting[0].name}"
        )

    def _words(self, array: NDArray[Any], output: Output) -> tuple[str | int, ...]:
        """The classes as the graph writes them: by name, or by their numbers from 0 on."""
        if array.dtype == object:
            return self.labels or output.labels
        try:
            return tuple(map(int, self.labels or output.labels))
        except ValueError:
            return tuple(range(len(output.labels)))


def read_onnx(
    content: bytes, where: str, *, picked: str | None = None, logits: bool = False
) -> OnnxGraph:
    """The graph in an ONNX file.

    Args:
        content: The whole file.
        where: What messages call it.
        picked: The output that is wanted.
        logits: Whether it holds logits.

    Raises:
        ArtifactError: It is none, its weights lie in other files, or it reads what is no row of a table.
    """
    import onnx  # 150 ms

    try:
        proto = onnx.load_model_from_string(content)
        onnx.checker.check_model(proto)
    except Exception as error:  # noqa: BLE001 - protobuf's own, and the checker's
        raise ArtifactError(
            f"{where}: is no ONNX graph that can be read ({str(error).splitlines()[0]}); it may be truncated, or its "
            "weights lie in another file: save them in it"
        ) from None
    labels = _without_maps(proto.graph)
    constants = _constants(proto.graph)
    feeds, columns = _feeds(proto.graph, constants, where)
    names = {feed.name: feed.width for feed in feeds if feed.dtype == "str"}
    places = [feed.start + i for feed in feeds if feed.dtype == "str" for i in range(feed.width)]
    words = words_of(proto.graph, names, constants, where)
    missing = [""] * len(columns)
    for known, place in zip(words.values(), places, strict=True):
        missing[place] = next((each for each in MISSING if each in known), UNKNOWN)
        levels = tuple(each for each in known if each not in MISSING)
        if not levels:
            raise ArtifactError(
                f"{where}: compares the words of {columns[place].name!r} with none of its own"
            )
        columns[place] = replace(columns[place], levels=levels)
    return OnnxGraph(
        proto=proto,
        feeds=tuple(feeds),
        outputs=_tried(proto, feeds, where),
        columns=tuple(columns),
        labels=labels or _labels(proto.graph),
        tool=proto.producer_name or "onnx",
        version=proto.producer_version,
        missing=tuple(missing),
        picked=picked,
        logits=logits,
    )


def _feeds(graph: Any, constants: Mapping[str, Any], where: str) -> tuple[list[Feed], list[Asked]]:
    import onnx

    feeds: list[Feed] = []
    columns: list[Asked] = []
    for each in graph.input:
        if each.name in constants:
            continue
        tensor = each.type.tensor_type
        numpy_type = np.dtype(onnx.helper.tensor_dtype_to_np_dtype(tensor.elem_type)).name
        dtype = "str" if tensor.elem_type == onnx.TensorProto.STRING else numpy_type
        shape = [dim.dim_value or None for dim in tensor.shape.dim]
        if dtype not in _TYPES.values() or len(shape) not in (1, 2) or None in shape[1:]:
            raise ArtifactError(
                f"{where}: its input {each.name!r} is {dtype} {_dims(shape)}; only columns of a table can be read: "
                "[rows, columns] with a number of columns that is known"
            )
        if shape[0] is not None:
            raise ArtifactError(
                f"{where}: its input {each.name!r} takes {shape[0]} rows at once, no more and no less. Export it with "
                "a first axis of any length (dynamic_axes, dynamic_shapes)"
            )
        width = shape[1] if len(shape) == 2 else 1
        assert width is not None
        feeds.append(Feed(each.name, dtype, len(columns), width, len(shape) == 1))
        name = each.name if width == 1 else ""
        columns += [Asked(name, "category") if dtype == "str" else Asked(name)] * width
    if not feeds:
        raise ArtifactError(f"{where}: reads nothing")
    return feeds, columns


def _without_maps(graph: Any) -> tuple[str, ...]:
    """Put the tensor in place of each output that is a list of maps (ZipMap); gives the classes named there."""
    import onnx

    maps = {node.output[0]: node for node in graph.node if node.op_type == "ZipMap"}
    labels: tuple[str, ...] = ()
    for output in graph.output:
        node = maps.get(output.name)
        if node is None:
            continue
        labels = labels or _named(node)
        tensor = onnx.helper.make_tensor_value_info(
            node.input[0], onnx.TensorProto.FLOAT, [None, len(labels) or None]
        )
        output.CopyFrom(tensor)
        graph.node.remove(node)
    return labels


def _labels(graph: Any) -> tuple[str, ...]:
    """The classes that a classifier in the graph names."""
    found = [_named(node) for node in graph.node if node.op_type.endswith("Classifier")]
    return next((each for each in found if each), ())


def _named(node: Any) -> tuple[str, ...]:
    for each in node.attribute:
        if each.name == "classlabels_strings" and each.strings:
            return tuple(word.decode() for word in each.strings)
        if each.name in ("classlabels_int64s", "classlabels_ints") and each.ints:
            return tuple(map(str, each.ints))
    return ()


def _constants(graph: Any) -> dict[str, Any]:
    from onnx import numpy_helper

    found = {each.name: numpy_helper.to_array(each) for each in graph.initializer}
    for node in graph.node:
        if node.op_type == "Constant" and node.attribute and node.attribute[0].name == "value":
            found[node.output[0]] = numpy_helper.to_array(node.attribute[0].t)
    return found


def _tried(proto: Any, feeds: Sequence[Feed], where: str) -> dict[str, NDArray[Any]]:
    """What the graph says of two rows of nothing."""
    rows: dict[str, NDArray[Any]] = {}
    for feed in feeds:
        shape = (2,) if feed.flat else (2, feed.width)
        rows[feed.name] = (
            np.full(shape, UNKNOWN, object) if feed.dtype == "str" else np.zeros(shape, feed.dtype)
        )
    try:
        found = _ask(proto, rows, None)
    except Exception as error:  # noqa: BLE001 - ONNX Runtime raises many kinds
        raise ArtifactError(
            f"{where}: is no graph that can be run here: {str(error).splitlines()[0]}"
        ) from None
    return {
        name: array
        for name, array in found.items()
        if isinstance(array, np.ndarray) and array.ndim in (1, 2) and len(array) == 2
    }


def _ask(proto: Any, rows: Mapping[str, Any], outputs: list[str] | None) -> dict[str, Any]:
    onnxruntime = onnx_runtime()
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(
        proto.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    names = outputs or [each.name for each in session.get_outputs()]
    return dict(zip(names, session.run(names, dict(rows)), strict=True))


def _check_probabilities(found: NDArray[np.float64], answer: Answer) -> None:
    outside = (found < -NEAR) | (found > 1 + NEAR)
    sums = found.sum(axis=1) if found.shape[1] > 1 else np.ones(len(found))
    wrong = outside.any(axis=1) | (np.abs(sums - 1) > NEAR)
    if wrong.any():
        row = int(wrong.argmax())
        raise ArtifactError(
            f"output {answer.name!r} says {found[row].tolist()} of row {row + 1} of the example, which are no "
            "probabilities. If they are logits, say --logits (in Python logits=True)"
        )


def _width(array: NDArray[Any]) -> int:
    return int(array.shape[1]) if array.ndim == 2 else 1


def _wanted(output: Output) -> str:
    if output.type == "number":
        return "one number a row"
    classes = 2 if output.type == "binary" else output.size
    return f"the probabilities of {classes} classes, or the class itself"


def _shape(array: NDArray[Any]) -> str:
    return f"{'str' if array.dtype == object else array.dtype} {_dims([None, *array.shape[1:]])}"


def _dims(shape: Sequence[int | None]) -> str:
    return f"[{', '.join('rows' if each is None and i == 0 else '?' if each is None else str(each) for i, each in enumerate(shape))}]"
