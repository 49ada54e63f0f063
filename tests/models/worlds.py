"""Small layouts and architectures that tests build networks from."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import torch

from crosstie.artifact.runtime import Graph
from crosstie.data.batch import (
    Array,
    Batch,
    Categories,
    Date,
    Image,
    Layout,
    Output,
    Series,
    Tokens,
    Vector,
)
from crosstie.features.date import PARTS
from crosstie.models.export import examples, export_onnx
from crosstie.models.network import Network

BINARY = Output("y", "output_0", "binary", 1, (0.3,))
NUMBER = Output("y", "output_0", "number", 1)
CATEGORY = Output("y", "output_0", "category", 3, (0.5, 0.3, 0.2))
SET = Output("y", "output_0", "set", 4, (0.5, 0.2, 0.1, 0.4))
SEQUENCE = Output("y", "output_0", "sequence", 3, (0.5, 0.3, 0.2), length=9)
TIMESERIES = Output("y", "output_0", "timeseries", 3)
OUTPUTS = {each.type: each for each in (BINARY, NUMBER, CATEGORY, SET, SEQUENCE, TIMESERIES)}
DECODERS = {
    "binary": "regressor",
    "number": "regressor",
    "category": "classifier",
    "set": "classifier",
    "sequence": "tagger",
    "timeseries": "projector",
    "text": "generator",
}
LOSSES = {
    "binary": "binary_weighted_cross_entropy",
    "number": "mean_squared_error",
    "category": "softmax_cross_entropy",
    "set": "sigmoid_cross_entropy",
    "sequence": "sequence_softmax_cross_entropy",
    "timeseries": "mean_squared_error",
    "text": "sequence_softmax_cross_entropy",
}
SPELLED = Tokens("a", "tokens_0", "text", 40, 9, letters=12, word=6)
PLAIN = {"type": "concat", "members": 1, "output_size": 8}
COLUMNS: dict[str, dict[str, Any]] = {
    "number": {"numbers": ("a", "b", "c")},
    "binary": {"numbers": ("a", "b", "c")},
    "category": {"categories": (Categories("a", 5), Categories("b", 200), Categories("c", 5))},
    "text": {"tokens": (Tokens("a", "tokens_0", "text", 40, 9),)},
    "sequence": {"tokens": (Tokens("a", "tokens_0", "sequence", 40, 9),)},
    "set": {"tokens": (Tokens("a", "tokens_0", "set", 40, 5),)},
    "bag": {"tokens": (Tokens("a", "tokens_0", "bag", 40, 5),)},
    "vector": {"vectors": (Vector("a", "vector_0", 4),)},
    "date": {"dates": (Date("a", "date_0", len(PARTS)),)},
    "timeseries": {"series": (Series("a", "series_0", "timeseries", 9, 2),)},
    "audio": {"series": (Series("a", "series_0", "audio", 9, 5),)},
    "image": {"images": (Image("a", "image_0", 3, 12, 9, (0.5, 0.4, 0.3), (0.2, 0.2, 0.3)),)},
}
MIXED = Layout(
    numbers=("a", "b"),
    categories=(Categories("c", 5), Categories("d", 200)),
    tokens=(Tokens("t", "tokens_0", "text", 40, 6),),
    outputs=(BINARY,),
)
MIXED_TYPES = {"a": "number", "b": "number", "c": "category", "d": "category", "t": "text"}
DEFAULT_ENCODERS = {"number": "ple", "category": "dense", "text": "embed"}


def architecture(
    types: dict[str, str],
    outputs: tuple[Output, ...],
    *,
    encoder: dict[str, Any] | None = None,
    combiner: dict[str, Any] | None = None,
    decoder: dict[str, Any] | None = None,
    loss: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """What the pipeline would hand over, with the parts given in place of small ones."""
    return {
        "inputs": {
            name: {"type": kind, "encoder": encoder or {"type": DEFAULT_ENCODERS[kind]}}
            for name, kind in types.items()
        },
        "combiner": combiner or PLAIN,
        "outputs": {
            output.name: {
                "type": output.type,
                "decoder": decoder or {"type": DECODERS[output.type]},
                "loss": loss or {"type": LOSSES[output.type], "weight": 1.0},
                "dependencies": [],
            }
            for output in outputs
        },
    }


def targets(outputs: tuple[Output, ...], rows: int, *, seed: int = 0) -> dict[str, Array]:
    """Random ones."""
    rng = np.random.default_rng(seed)
    found: dict[str, Array] = {}
    for output in outputs:
        if output.type == "category":
            found[output.name] = rng.integers(0, output.size, rows)
        elif output.type == "sequence":
            found[output.name] = rng.integers(-2, output.size, (rows, output.length)).astype("i4")
        elif output.type == "number":
            found[output.name] = rng.normal(size=rows).astype(np.float32)
        elif output.type == "timeseries":
            found[output.name] = rng.normal(size=(rows, output.size)).astype(np.float32)
        else:
            shape = (rows, output.size) if output.type == "set" else (rows,)
            found[output.name] = (rng.random(shape) < 0.4).astype(np.float32)
    return found


def batch(layout: Layout, rows: int, *, seed: int = 0) -> Batch:
    """Random rows."""
    return Batch(examples(layout, rows, seed=seed), targets(layout.outputs, rows, seed=seed))


def tensors(arrays: Any) -> dict[str, torch.Tensor]:
    """The same as tensors."""
    return {name: torch.from_numpy(array) for name, array in arrays.items()}


def network(layout: Layout, parts: dict[str, Any], *, rows: int = 300, seed: int = 0) -> Network:
    """Built on random rows."""
    torch.manual_seed(seed)
    return Network(layout, parts, batch(layout, rows))


def check_graph_and_config(built: Network, layout: Layout, folder: Path) -> None:
    """See that the graph predicts as a network does, and that its configuration and weights are all of it."""
    export_onnx(built, layout, folder / "graph.onnx")
    given = examples(layout, 9, seed=4)
    tensors = {name: torch.from_numpy(each) for name, each in given.items()}
    with torch.no_grad():
        logits = built(tensors)
        expected = built.predict(logits)["output_0"].numpy()
    found = Graph(folder / "graph.onnx").run(given)["output_0"]
    np.testing.assert_allclose(found, expected, atol=1e-5, rtol=0)
    again = Network.from_config(json.loads(json.dumps(built.to_config()))).eval()
    again.load_state_dict(built.state_dict())
    with torch.no_grad():
        assert torch.equal(again(tensors)["y"], logits["y"])
