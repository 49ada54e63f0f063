"""A network as an ONNX graph that holds nothing of where it was made.

The exporter that traces takes 0.1 s for a table's network where the newer one takes 1 to 8 s, but it bakes what
depends on the batch into the graph if a component lets it. So its graph is compared with torch on batches of
several sizes, and only one that agrees is kept; otherwise the newer exporter has its turn.
"""

import ctypes
import io
import logging
import os
import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import onnx
import torch
from torch import Tensor, nn

from crosstie.artifact.runtime import Graph
from crosstie.data.batch import Array, Layout
from crosstie.errors import TrainingError
from crosstie.models.network import Network

OPSET = 18
TOLERANCE = 1e-5
BATCHES = (1, 7, 300)
LARGE = 5_000_000  # weights, from which on so many rows take longer than they tell
FEW = (1, 3, 8)


class ExportError(TrainingError):
    """No exporter makes a graph that agrees with the network: a component does what ONNX cannot say."""


class Predictor(nn.Module):
    """The network as the graph sees it: arrays by position in, predictions by position out."""

    def __init__(self, network: Network, names: tuple[str, ...]) -> None:
        super().__init__()
        self.network = network
        self.names = names

    def forward(self, *arrays: Tensor) -> tuple[Tensor, ...]:
        """Predictions in the order of the layout's outputs."""
        logits = self.network(dict(zip(self.names, arrays, strict=True)))
        return tuple(self.network.predict(logits).values())


def export_onnx(network: Network, layout: Layout, path: Path) -> None:
    """Write the network, with `predict` applied, as a graph with a free first axis.

    Inputs are named and typed as `layout.inputs`, outputs as `Output.array`. The graph agrees with the network to
    1e-5 on random rows, or it is not written.

    Raises:
        ExportError: No exporter makes a graph that agrees: a component does what ONNX cannot say.
    """
    training = network.training
    network.eval()
    try:
        predictor = Predictor(network, tuple(layout.inputs)).eval()
        problems = []
        for name, attempt in (("traced", _trace), ("exported", _dynamo)):
            try:
                model = strip(attempt(predictor, layout))
                difference = _difference(model, predictor, layout)
            except Exception as error:  # noqa: BLE001 - exporters raise whatever they like
                first = (str(error).strip() or type(error).__name__).splitlines()[0]
                first = first.partition("\x1b")[0].strip()  # coloured advice to exporters' authors
                problems.append(f"{name}: {first}")
                continue
            if difference <= TOLERANCE:
                path.write_bytes(model.SerializeToString(deterministic=True))
                return
            problems.append(f"{name}: differs from torch by {difference:.2g}")
    finally:
        network.train(training)
    raise ExportError(
        f"the network cannot be written as a graph: a component does what ONNX cannot say ({'; '.join(problems)}). "
        "Write it with tensor operations only, without Python numbers that depend on the batch."
    )


def examples(layout: Layout, rows: int, *, seed: int = 0) -> dict[str, Array]:
    """Random rows that could stand in a batch: missing numbers, unknown codes, rows of any length."""
    rng = np.random.default_rng(seed)
    found: dict[str, Array] = {}
    if layout.categories:
        found["categories"] = np.stack(
            [rng.integers(0, each.size, rows, dtype=np.int32) for each in layout.categories], 1
        )
    for each in layout.tokens:
        ids = rng.integers(1, max(each.size, 2), (rows, each.length), dtype=np.int32)
        lengths = rng.integers(0, each.length + 1, (rows, 1))
        lengths[:1] = each.length
        there = np.arange(each.length) < lengths
        found[each.array] = np.where(there, ids, 0).astype(np.int32)
        if each.word:
            letters = rng.integers(0, each.letters, (rows, each.length, each.word), dtype=np.int32)
            parts = [found[each.array][..., None], np.where(there[..., None], letters, 0)]
            found[each.array] = np.concatenate(parts, 2, dtype=np.int32)
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


def _arrays(layout: Layout, rows: int) -> tuple[Tensor, ...]:
    return tuple(torch.from_numpy(array) for array in examples(layout, rows).values())


def _trace(predictor: Predictor, layout: Layout) -> onnx.ModelProto:
    names = [*layout.inputs, *(each.array for each in layout.outputs)]
    target = io.BytesIO()
    with _quiet(), torch.no_grad():
        torch.onnx.export(
            predictor,
            _arrays(layout, 3),
            target,  # type: ignore[arg-type]
            dynamo=False,
            opset_version=OPSET,
            input_names=list(layout.inputs),
            output_names=[each.array for each in layout.outputs],
            dynamic_axes={name: {0: "rows"} for name in names},
        )
    return onnx.load_from_string(target.getvalue())


def _dynamo(predictor: Predictor, layout: Layout) -> onnx.ModelProto:
    with _quiet(), torch.no_grad():
        program = torch.onnx.export(
            predictor,
            _arrays(layout, 3),
            dynamo=True,
            verbose=False,
            input_names=list(layout.inputs),
            output_names=[each.array for each in layout.outputs],
            dynamic_shapes=(tuple({0: torch.export.Dim("rows")} for _ in layout.inputs),),
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
        for rows in BATCHES if weights < LARGE else FEW:
            given = examples(layout, rows, seed=rows)
            with torch.no_grad():
                expected = predictor(*(torch.from_numpy(array) for array in given.values()))
            found = graph.run(given)
            for output, one in zip(layout.outputs, expected, strict=True):
                if found[output.array].shape != tuple(one.shape):
                    return float("inf")
                worst = max(worst, float(np.abs(found[output.array] - one.numpy()).max()))
    return worst
