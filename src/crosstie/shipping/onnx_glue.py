"""Nodes before and behind somebody else's ONNX graph, so that it reads a batch of ours and answers as ours do."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from crosstie.data.batch import Output
from crosstie.shipping.foreign import Fed

OPSETS = {"": 18, "ai.onnx.ml": 3}  # of domains that the graph itself does without
PREFIX = "its_"  # of its names, where one of them is one of ours
UNKNOWN = "<UNK>"  # the word for what the graph does not know


@dataclass(frozen=True)
class Feed:
    """One of a graph's own inputs.

    Attributes:
        name: As in the graph.
        dtype: numpy's name of its type; "str" of words.
        start: Its first column among all that the graph reads.
        width: How many columns it has.
        flat: Whether it is `[rows]` rather than `[rows, width]`.
    """

    name: str
    dtype: str
    start: int
    width: int
    flat: bool

    @property
    def whole(self) -> bool:
        """Whether it can hold no NaN."""
        return self.dtype != "str" and not self.dtype.startswith("float")


@dataclass(frozen=True)
class Answer:
    """Where a graph's answer is found.

    Attributes:
        name: One of its outputs.
        dtype: numpy's name of its type; "str" of words.
        width: How many columns it has.
        logits: Whether they are logits.
        words: Of an answer that is the class itself: the classes as it writes them.
    """

    name: str
    dtype: str
    width: int
    logits: bool = False
    words: tuple[str | int, ...] = ()


def glued(
    model: Any, fed: Fed, feeds: Sequence[Feed], answer: Answer, missing: Sequence[str]
) -> Any:
    """The graph between our inputs and our output.

    Args:
        model: Its `onnx.ModelProto`; it is not changed.
        fed: Our inputs and our one output.
        feeds: Its inputs.
        answer: Its output.
        missing: By column the word that stands for a missing one.

    Returns:
        An `onnx.ModelProto` that reads `fed.layout.inputs`; a missing number where it reads whole ones makes its
        answer NaN.
    """
    import onnx  # 150 ms

    output = fed.layout.outputs[0]
    its = onnx.ModelProto()
    its.CopyFrom(model)
    prefix = ""
    if {*fed.layout.inputs, output.array} & names_in(its.graph):
        its, prefix = onnx.compose.add_prefix(its, PREFIX), PREFIX
    before, behind = _Glue("crosstie_in"), _Glue("crosstie_out")
    for feed in feeds:
        _fill(before, feed, fed, missing, prefix + feed.name)
    whole = [
        fed.places[i][1]
        for feed in feeds
        if feed.whole
        for i in range(feed.start, feed.start + feed.width)
    ]
    opsets = {**OPSETS, **{each.domain: each.version for each in its.opset_import}}
    _say(behind, output, answer, prefix + answer.name, whole, opsets["ai.onnx.ml"])
    helper = onnx.helper
    row = [output.size] if output.type == "category" else []
    graph = helper.make_graph(
        [*before.nodes, *its.graph.node, *behind.nodes],
        "crosstie",
        [
            helper.make_tensor_value_info(name, _type(np.dtype(dtype)), ["rows", *shape])
            for name, (dtype, shape) in fed.layout.inputs.items()
        ],
        [helper.make_tensor_value_info(output.array, onnx.TensorProto.FLOAT, ["rows", *row])],
        initializer=[*its.graph.initializer, *before.constants, *behind.constants],
        sparse_initializer=list(its.graph.sparse_initializer),
    )
    return helper.make_model(
        graph,
        opset_imports=[helper.make_opsetid(domain, version) for domain, version in opsets.items()],
        ir_version=its.ir_version,
        functions=list(its.functions),
        producer_name="",
        producer_version="",
    )


def names_in(graph: Any) -> set[str]:
    """Every name of a value in a graph."""
    values = [*graph.input, *graph.initializer, *graph.output]
    return {each.name for each in values} | {
        name for node in graph.node for name in (*node.input, *node.output)
    }


class _Glue:
    """Nodes in the making; `name` begins the names of their results."""

    def __init__(self, name: str) -> None:
        self._name = name
        self.nodes: list[Any] = []
        self.constants: list[Any] = []

    def add(
        self, operation: str, *inputs: str, called: str = "", domain: str = "", **attributes: Any
    ) -> str:
        """A node with one result, whose name is given back."""
        from onnx import helper

        name = called or f"{self._name}_{len(self.nodes)}"
        self.nodes.append(
            helper.make_node(operation, list(inputs), [name], domain=domain, **attributes)
        )
        return name

    def constant(self, values: Any, dtype: Any) -> str:
        """An array in the graph."""
        from onnx import numpy_helper

        name = f"{self._name}_constant_{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.asarray(values, dtype), name))
        return name

    def reshape(self, value: str, *shape: int, called: str = "") -> str:
        """The same values in another shape."""
        return self.add("Reshape", value, self.constant(shape, np.int64), called=called)


def _fill(glue: _Glue, feed: Feed, fed: Fed, missing: Sequence[str], name: str) -> None:
    """One of the graph's inputs out of the arrays of a batch."""
    columns = range(feed.start, feed.start + feed.width)
    if feed.dtype == "str":
        parts = []
        for i in columns:
            table = [UNKNOWN, missing[i], *fed.levels[i]]
            place = glue.constant([fed.places[i][1]], np.int64)
            codes = glue.add("Gather", "categories", place, axis=1)  # [rows, 1]
            parts.append(glue.add("Gather", glue.constant(table, object), codes, axis=0))
        value = parts[0] if len(parts) == 1 else glue.add("Concat", *parts, axis=1)
    else:
        places = glue.constant([fed.places[i][1] for i in columns], np.int64)
        value = glue.add("Gather", "numbers", places, axis=1)
    if feed.dtype not in ("str", "float32"):
        value = glue.add("Cast", value, to=_type(np.dtype(feed.dtype)))
    if feed.flat:
        glue.reshape(value, -1, called=name)
    else:
        glue.add("Identity", value, called=name)


def _say(
    glue: _Glue, output: Output, answer: Answer, name: str, whole: Sequence[int], opset: int
) -> None:
    """Our output out of the graph's: probabilities, or a number."""
    value = glue.reshape(name, -1, answer.width)
    if answer.words:
        value = _one_hot(glue, value, answer, opset)
    elif answer.dtype != "float32":
        value = glue.add("Cast", value, to=_type(np.dtype(np.float32)))
    if answer.logits:
        alone = answer.width == 1
        value = glue.add("Sigmoid", value) if alone else glue.add("Softmax", value, axis=1)
    if whole:  # a sum of nothing but NaN where a number is missing
        read = glue.add("Gather", "numbers", glue.constant([*whole], np.int64), axis=1)
        nothing = glue.constant(np.zeros((len(whole), 1)), np.float32)
        value = glue.add("Add", value, glue.add("MatMul", read, nothing))
    if output.type == "category":
        glue.add("Identity", value, called=output.array)
        return
    last = (
        max(answer.width, len(answer.words)) - 1
    )  # of a binary output the probability of the second class
    value = glue.add("Gather", value, glue.constant([last], np.int64), axis=1)
    glue.reshape(value, -1, called=output.array)


def _one_hot(glue: _Glue, value: str, answer: Answer, opset: int) -> str:
    """Classes `[rows, 1]` as 1 at the place of the class and 0 elsewhere `[rows, classes]`."""
    classes: Sequence[Any] = answer.words
    if answer.dtype == "str":
        names = [str(each) for each in classes]
        table: dict[str, Any] = {"classes_strings": names}  # of the operator's first version
        if opset > 1:
            table = {"keys_strings": names, "values_int64s": list(range(len(names)))}
        value = glue.add("LabelEncoder", value, domain="ai.onnx.ml", **table)
        classes = range(len(classes))
    elif answer.dtype != "int64":
        value = glue.add("Cast", value, to=_type(np.dtype(np.int64)))
    hit = glue.add("Equal", value, glue.constant([[*map(int, classes)]], np.int64))
    return glue.add("Cast", hit, to=_type(np.dtype(np.float32)))


def _type(dtype: np.dtype[Any]) -> int:
    from onnx import helper

    return int(helper.np_dtype_to_tensor_dtype(dtype))


def strip(model: Any) -> None:
    """Take out what a graph says beside what it computes: names of files, people, programs."""
    model.doc_string = model.domain = model.producer_name = model.producer_version = ""
    del model.metadata_props[:]
    stack: list[Any] = [model.graph, *model.functions]
    while stack:
        part = stack.pop()
        part.doc_string = ""
        _bare(part)
        for value in (
            *getattr(part, "input", ()),
            *getattr(part, "output", ()),
            *getattr(part, "value_info", ()),
        ):
            if not isinstance(value, str):
                value.doc_string = ""
        for node in part.node:
            node.doc_string = ""
            _bare(node)
            for each in node.attribute:
                each.doc_string = ""
                stack += [each.g, *each.graphs] if each.type in (5, 10) else []


def _bare(part: Any) -> None:
    if hasattr(part, "metadata_props"):
        del part.metadata_props[:]
