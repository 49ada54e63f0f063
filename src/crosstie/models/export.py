"""A network as an ONNX graph that holds nothing of where it was made.

The exporter that traces takes 0.1 s for a table's network where the newer one takes 1 to 8 s, but it bakes what
depends on the batch into the graph if a component lets it. So its graph is compared with torch on batches of
several sizes, and only one that agrees is kept; otherwise the newer exporter has its turn.

Rows of tokens may end where the longest of a batch does, if the graph agrees on such rows too; else they have the
length that training gave them.
"""

import ctypes
import io
import logging
import os
import sys
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import onnx
import torch
from torch import Tensor, nn

from crosstie.artifact.runtime import PADDED, Graph
from crosstie.data.batch import Array, Layout
from crosstie.errors import TrainingError
from crosstie.models.network import Network
from crosstie.models.writing_graph import Axes, Export, scored, searches, written_graph

OPSET = 18
TOLERANCE = 1e-5
BATCHES = (1, 7, 300)
LARGE = 5_000_000  # weights, from which on so many rows take longer than they tell
FEW = (1, 3, 8)
SHORT = {3: 0.0, 7: 0.5}  # rows, and how much of the length they take at most
SWAPPED = 0.01  # share of texts that may differ


class ExportError(TrainingError):
    """No exporter makes a graph that agrees with the network: a component does what ONNX cannot say."""


class Predictor(nn.Module):
    """The network as the graph sees it: arrays by position in, predictions by position out."""

    def __init__(self, network: Network, names: tuple[str, ...]) -> None:
        super().__init__()
        self.network = network
        self.names = names

        self.searches = searches(network)

    def forward(self, *arrays: Tensor) -> tuple[Tensor, ...]:
        """Predictions in the order of the layout's outputs, texts after all others."""
        inputs = dict(zip(self.names, arrays, strict=True))
        logits, states = self.network.answer(inputs)
        found = self.network.predict(logits)
        for name, search in self.searches.items():
            output = self.network.outputs[name]
            seen = states[self.network.read[name]]
            found[output.array], found[scored(output.array)] = search(
                *seen, inputs.get(output.copied)
            )
        return tuple(found.values())

    @property
    def outputs(self) -> list[str]:
        """What `forward` gives."""
        outputs = self.network.outputs
        found = [each.array for name, each in outputs.items() if name not in self.searches]
        for name in self.searches:
            found += [outputs[name].array, scored(outputs[name].array)]
        return found


def export_onnx(network: Network, layout: Layout, path: Path) -> None:
    """Write the network, with `predict` applied, as a graph with a free first axis.

    Inputs are named and typed as `layout.inputs`, outputs as `Output.array`. The second axis of tokens is free too
    where what is padding does not change what the graph says. The graph agrees with the network to 1e-5 on random
    rows, or it is not written.

    Raises:
        ExportError: No exporter makes a graph that agrees: a component does what ONNX cannot say.
    """
    training = network.training
    network.eval()
    try:
        predictor = Predictor(network, tuple(layout.inputs)).eval()
        problems = []
        for name, attempt, free in _attempts(layout):
            try:
                model = strip(_graph(predictor, layout, attempt, free=free))
                difference = _difference(model, predictor, layout)
            except Exception as error:  # noqa: BLE001 - exporters raise whatever they like
                first = (str(error).strip() or type(error).__name__).splitlines()[0]
                first = first.partition("\x1b")[0].strip()  # coloured advice to exporters' authors
                problems.append((free, f"{name}: {first}"))
                continue
            if difference <= TOLERANCE:
                _drop_scores(model, predictor)
                path.write_bytes(model.SerializeToString(deterministic=True))
                return
            problems.append((free, f"{name}: differs from torch by {difference:.2g}"))
    finally:
        network.train(training)
    why = "; ".join(problem for free, problem in problems if not free)
    raise ExportError(
        f"the network cannot be written as a graph: a component does what ONNX cannot say ({why}). "
        "Write it with tensor operations only, without Python numbers that depend on the batch."
    )


def _attempts(layout: Layout) -> Iterator[tuple[str, Export, bool]]:
    """Ways to write a graph, the best first: what it is called, the exporter, whether lengths are free."""
    for name, attempt in (("traced", _trace), ("exported", _dynamo)):
        if layout.tokens:
            yield name, attempt, True
        yield name, attempt, False


def examples(layout: Layout, rows: int, *, seed: int = 0, share: float = 1.0) -> dict[str, Array]:
    """Random rows that could stand in a batch: missing numbers, unknown codes, rows of any length.

    Args:
        layout: What they are.
        rows: How many.
        seed: Of the random numbers.
        share: How much of their length rows of tokens take at most; there is one token at least.
    """
    rng = np.random.default_rng(seed)
    found: dict[str, Array] = {}
    if layout.categories:
        found["categories"] = np.stack(
            [rng.integers(0, each.size, rows, dtype=np.int32) for each in layout.categories], 1
        )
    for each in layout.tokens:
        ids = rng.integers(1, max(each.size, 2), (rows, each.length), dtype=np.int32)
        longest = max(int(each.length * share), 1)
        lengths = rng.integers(0, longest + 1, (rows, 1))
        lengths[:1] = longest
        there = np.arange(each.length) < lengths
        found[each.array] = np.where(there, ids, 0).astype(np.int32)
        if each.word:
            letters = rng.integers(0, each.letters, (rows, each.length, each.word), dtype=np.int32)
            parts = [found[each.array][..., None], np.where(there[..., None], letters, 0)]
            found[each.array] = np.concatenate(parts, 2, dtype=np.int32)
        if each.words:  # words of one piece or more, the first and the last piece are of none
            begins = rng.random((rows, each.length)) < 0.7
            begins[:, 0] = False
            begins[:, 1:2] = True
            places = np.minimum(begins.cumsum(1), each.words)
            last = np.arange(each.length) == there.sum(1, keepdims=True) - 1
            places = np.where(there & ~last, places, 0)
            found[each.array] = np.stack([found[each.array], places], 2).astype(np.int32)
    for output in layout.outputs:
        if output.copies:  # 0 is the end, 1 unknown: no token is copied as either
            most = output.size + output.copies
            found[output.copied] = rng.integers(2, most, (rows, output.copies), dtype=np.int32)
    for name, (dtype, shape) in layout.inputs.items():
        if dtype == "uint8":
            found[name] = rng.integers(0, 256, (rows, *shape), dtype=np.uint8)
        if dtype == "float32":
            values = rng.normal(size=(rows, *shape)).astype(np.float32)
            values[rng.random(values.shape) < 0.1] = np.nan
            if len(shape) == 2:  # a series: some end early
                ends = rng.integers(1, shape[0] + 1, (rows, 1, 1))
                ends[:1] = shape[0]
                values = np.where(np.arange(shape[0])[:, None] < ends, values, np.nan)
            found[name] = values.astype(np.float32)
    return {name: found[name] for name in layout.inputs}


def strip(model: onnx.ModelProto) -> onnx.ModelProto:
    """Without producer, doc strings, metadata and the source paths in node names."""
    model.producer_name = model.producer_version = model.domain = model.doc_string = ""
    del model.metadata_props[:]
    for number, function in enumerate(model.functions):
        function.doc_string = ""
        _strip_nodes(function.node, f"f{number}_")
    _strip_graph(model.graph, "n")
    model.graph.name = "crosstie"
    return model


def _strip_graph(graph: onnx.GraphProto, prefix: str) -> None:
    graph.doc_string = ""
    del graph.metadata_props[:]
    for value in (*graph.input, *graph.output, *graph.value_info):
        value.doc_string = ""
        del value.metadata_props[:]
    for tensor in graph.initializer:
        tensor.doc_string = ""
        del tensor.metadata_props[:]
        tensor.name = _plain(tensor.name)
    for value in (*graph.input, *graph.output):
        value.name = _plain(value.name)
    del graph.value_info[:]
    _strip_nodes(graph.node, prefix)


def _strip_nodes(nodes: Sequence[onnx.NodeProto], prefix: str) -> None:
    for number, node in enumerate(nodes):
        node.name = f"{prefix}{number}"
        node.input[:] = [_plain(name) for name in node.input]
        node.output[:] = [_plain(name) for name in node.output]
        node.doc_string = ""
        del node.metadata_props[:]
        for attribute in node.attribute:
            attribute.doc_string = ""
            if attribute.HasField("g"):
                _strip_graph(attribute.g, f"{node.name}_")


def _plain(name: str) -> str:
    """A value's name without slashes, so that nothing in a graph looks like a path."""
    return name.strip("/").replace("/", ".")


@contextmanager
def _quiet() -> Iterator[None]:
    """Without the exporters' chatter.

    One logs what it lacks. The other warns of its age and, when it does not know an operation, prints the
    whole graph from C++, past `sys.stdout`, to where a command's result goes.
    """
    loggers = [logging.getLogger(name) for name in ("torch.onnx", "onnxscript", "onnx_ir")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL)
    flush = ctypes.CDLL(None).fflush
    sys.stdout.flush()
    flush(None)
    kept = os.dup(1)
    with open(os.devnull, "wb") as nowhere:  # noqa: PTH123 - a descriptor is wanted
        os.dup2(nowhere.fileno(), 1)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        flush(None)
        os.dup2(kept, 1)
        os.close(kept)
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


def _graph(predictor: Predictor, layout: Layout, attempt: Export, *, free: bool) -> onnx.ModelProto:
    """The whole network as one graph; texts are written in a loop inside it."""
    rows = examples(layout, 3)
    lengths = {each.array: f"{PADDED}_{i}" for i, each in enumerate(layout.tokens) if free}
    axes: Axes = {name: {1: lengths[name]} if name in lengths else {} for name in rows}
    if predictor.searches:
        return written_graph(predictor.network, layout, rows, axes, attempt, _trace)
    tensors = tuple(torch.from_numpy(array) for array in rows.values())
    return attempt(predictor, tensors, axes, {name: {} for name in predictor.outputs})


def _drop_scores(model: onnx.ModelProto, predictor: Predictor) -> None:
    """Take out what only the comparison with torch reads."""
    arrays = [predictor.network.outputs[name].array for name in predictor.searches]
    unread = {scored(array) for array in arrays}
    for value in [each for each in model.graph.output if each.name in unread]:
        model.graph.output.remove(value)


def _trace(
    module: nn.Module,
    tensors: tuple[Tensor, ...],
    inputs: Axes,
    outputs: Axes,
    *,
    fixed: Sequence[str] = (),
) -> onnx.ModelProto:
    """`fixed` have no axis for the rows."""
    target = io.BytesIO()
    free = {**inputs, **outputs}
    with _quiet(), torch.no_grad():
        torch.onnx.export(
            module,
            tensors,
            target,  # type: ignore[arg-type]
            dynamo=False,
            opset_version=OPSET,
            input_names=list(inputs),
            output_names=list(outputs),
            dynamic_axes={name: {0: "rows", **free[name]} for name in free if name not in fixed},
        )
    return onnx.load_from_string(target.getvalue())


def _dynamo(
    module: nn.Module, tensors: tuple[Tensor, ...], inputs: Axes, outputs: Axes
) -> onnx.ModelProto:
    rows = torch.export.Dim("rows")
    shapes = tuple(
        {0: rows, **{axis: torch.export.Dim(name) for axis, name in free.items()}}
        for free in inputs.values()
    )
    with _quiet(), torch.no_grad():
        program = torch.onnx.export(
            module,
            tensors,
            dynamo=True,
            verbose=False,
            input_names=list(inputs),
            output_names=list(outputs),
            dynamic_shapes=(shapes,),
        )
    assert program is not None
    return program.model_proto


def _difference(model: onnx.ModelProto, predictor: Predictor, layout: Layout) -> float:
    """The largest difference from torch over several batch sizes."""
    worst = 0.0
    with TemporaryDirectory() as folder:
        path = Path(folder) / "graph.onnx"
        path.write_bytes(model.SerializeToString())
        graph = Graph(path)
        weights = sum(each.numel() for each in predictor.parameters())
        batches = [(rows, 1.0) for rows in (BATCHES if weights < LARGE else FEW)]
        for rows, share in [*batches, *(SHORT.items() if layout.tokens else ())]:
            given = examples(layout, rows, seed=rows, share=share)
            with torch.no_grad():
                expected = predictor(*(torch.from_numpy(array) for array in given.values()))
            found = graph.run(given)
            true = dict(zip(predictor.outputs, (each.numpy() for each in expected), strict=True))
            if any(found[name].shape != each.shape for name, each in true.items()):
                return float("inf")
            for name in predictor.searches:
                array = predictor.network.outputs[name].array
                said = (found[array], found.pop(scored(array)))
                worst = max(worst, _apart(said, (true.pop(array), true.pop(scored(array)))))
            for name, each in true.items():
                apart = np.abs(found[name] - each)
                worst = max(worst, float(apart[_there(name, predictor, given)].max(initial=0.0)))
    return worst


def _there(array: str, predictor: Predictor, given: Mapping[str, Array]) -> Any:
    """Which of an output's numbers mean something: not those of what is padding."""
    network = predictor.network
    for name, output in network.outputs.items():
        if output.array == array and output.type == "sequence":
            read = next(each for each in network.layout.tokens if each.name == network.read[name])
            ids = given[read.array]
            if read.words:
                return np.arange(1, read.words + 1) <= ids[..., 1].max(1, keepdims=True)
            return (ids if ids.ndim == 2 else ids[..., 0]) != 0
    return ...


def _apart(found: tuple[Array, Array], expected: tuple[Array, Array]) -> float:
    """How far texts and their log-likelihoods are from torch's: 1 where more rows differ than near ties can explain.

    A search takes the larger of two numbers, and goes another way where those differ by a rounding error. Where it
    went the same way, the likelihoods agree, relative to their size: they are sums over all tokens.
    """
    same = (found[0] == expected[0]).all(1)
    if len(same) - same.sum() > max(SWAPPED * len(same), 1):
        return 1.0
    apart = np.abs(found[1] - expected[1]) / np.maximum(np.abs(expected[1]), 1.0)
    return float(apart[same].max(initial=0.0))
