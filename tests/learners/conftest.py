"""Encoded rows to learn from, made of numbers, categories, tokens, vectors and dates."""

from dataclasses import replace

import numpy as np
import pytest

from crosstie.artifact.runtime import Graph
from crosstie.data.batch import Batch, Categories, Date, Layout, Output, Tokens, Vector
from crosstie.features.date import PARTS
from crosstie.learners.learner import Job

INPUTS = Layout(
    numbers=("a", "b", "c"),
    categories=(Categories("few", 6), Categories("many", 40)),
    tokens=(
        Tokens("words", "tokens_0", "text", 50, 12),
        Tokens("tags", "tokens_1", "set", 8, 4),
        Tokens("stuff", "tokens_2", "bag", 90, 6),
    ),
    vectors=(Vector("v", "vector_0", 3),),
    dates=(Date("d", "date_0", len(PARTS)),),
)
OUTPUTS = {
    "number": Output("y", "output_0", "number", 1),
    "binary": Output("y", "output_0", "binary", 1),
    "category": Output("y", "output_0", "category", 4),
    "set": Output("y", "output_0", "set", 3),
}


def _rows(n: int, of: str, *, seed: int = 0, missing: float = 0.1) -> Batch:
    """Rows whose target depends on every kind of input."""
    rng = np.random.default_rng(seed)

    def tokens(size: int, length: int) -> np.ndarray:
        ids = rng.integers(1, size, (n, length))
        return np.where(np.arange(length) < rng.integers(0, length + 1, n)[:, None], ids, 0)

    inputs = {
        "numbers": rng.normal(size=(n, 3)).astype(np.float32),
        "categories": np.stack([rng.integers(0, 6, n), rng.integers(0, 40, n)], 1).astype(np.int32),
        "tokens_0": tokens(50, 12).astype(np.int32),
        "tokens_1": tokens(8, 4).astype(np.int32),
        "tokens_2": tokens(90, 6).astype(np.int32),
        "vector_0": rng.normal(size=(n, 3)).astype(np.float32),
        "date_0": np.stack(
            [
                rng.integers(0, period, n) if period else rng.normal(size=n)
                for period in PARTS.values()
            ],
            1,
        ).astype(np.float32),
    }
    signal = (
        inputs["numbers"][:, 0]
        + (inputs["categories"][:, 0] == 2)
        - (inputs["categories"][:, 1] % 3 == 0)
        + (inputs["tokens_0"] == 7).sum(1)
        + (inputs["tokens_1"] == 3).any(1)
        + inputs["vector_0"][:, 1]
        + np.sin(2 * np.pi * inputs["date_0"][:, list(PARTS).index("hour")] / 24)
        + 0.3 * rng.normal(size=n)
    )
    target = {
        "number": (signal / 2).astype(np.float32),
        "binary": (signal > 0.5).astype(np.float32),
        "category": np.digitize(signal, [-1, 0.5, 2]).astype(np.int64),
        "set": (signal[:, None] > [-1, 0.5, 2]).astype(np.float32),
    }[of]
    for name in ("numbers", "vector_0", "date_0"):
        array = inputs[name]
        gone = rng.random(n) < missing
        array[gone] = np.nan
    inputs["numbers"][:, 2] = np.nan_to_num(inputs["numbers"][:, 2])  # one column is never missing
    return Batch(inputs, {"y": target})


@pytest.fixture
def rows():
    """Makes rows whose target depends on every kind of input."""
    return _rows


@pytest.fixture
def output():
    """The output `y` of a type."""
    return OUTPUTS.__getitem__


@pytest.fixture
def inputs():
    """The layout of generated rows for an output type, with some parts replaced."""

    def make(of: str, **changes):
        return replace(INPUTS, outputs=(OUTPUTS[of],), **changes)

    return make


@pytest.fixture
def job(tmp_path):
    """Makes a job of generated rows, or of those given."""

    def make(of="binary", *, n=600, seed=0, layout=None, train=None, validation=None, **changes):
        layout = layout or replace(INPUTS, outputs=(OUTPUTS[of],))
        train = train or _rows(n, of)
        validation = _rows(200, of, seed=1) if validation is None else validation
        return Job(layout, train, validation or None, {}, seed, tmp_path, **changes)

    return make


@pytest.fixture
def raw(tmp_path):
    """What a fitted learner's graph puts out for a batch, the first output."""

    def run(learner, batch):
        path = tmp_path / "graph.onnx"
        learner.export(path)
        return Graph(path, threads=1).run(batch.inputs)["output_0"]

    return run
