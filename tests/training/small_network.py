"""A small network's layout and architecture, and rows that it can learn from."""

import numpy as np
import torch

from crosstie.data.batch import Batch, Categories, Layout, Output

LAYOUT = Layout(
    numbers=("a", "b", "c"),
    categories=(Categories("k", 5),),
    outputs=(Output("y", "output_0", "binary", 1, (0.5,)),),
)
SECTIONS = {"type": "concat", "members": 1, "output_size": 8, "num_fc_layers": 1, "dropout": 0.1}


def architecture(outputs=LAYOUT.outputs, encoder="dense"):
    losses = {
        "binary": {"type": "binary_weighted_cross_entropy", "weight": 1.0},
        "number": {"type": "mean_squared_error", "weight": 1.0},
    }
    return {
        "inputs": {
            "a": {"type": "number", "encoder": {"type": encoder}},
            "b": {"type": "number", "encoder": {"type": encoder}},
            "c": {"type": "number", "encoder": {"type": encoder}},
            "k": {"type": "category", "encoder": {"type": "dense"}},
        },
        "combiner": SECTIONS,
        "outputs": {
            output.name: {
                "type": output.type,
                "decoder": {"type": "regressor"},
                "loss": losses[output.type],
                "dependencies": [],
            }
            for output in outputs
        },
    }


def batch(rows, *, seed=0, weights=False):
    rng = np.random.default_rng(seed)
    numbers = rng.normal(size=(rows, 3)).astype(np.float32)
    categories = rng.integers(0, 5, (rows, 1)).astype(np.int32)
    signal = numbers[:, 0] + (categories[:, 0] == 2) + 0.3 * rng.normal(size=rows)
    return Batch(
        {"numbers": numbers, "categories": categories},
        {"y": (signal > 0.3).astype(np.float32)},
        rng.random(rows).astype(np.float32) if weights else None,
    )


def same(one, other):
    """Whether two sets of weights are equal to the last bit."""
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)
