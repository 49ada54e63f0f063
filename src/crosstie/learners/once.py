"""Encoders that do not learn run once: training then sees their vectors in place of what they read."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crosstie.data.batch import Batch
from crosstie.data.vectors import VectorStore
from crosstie.models.network import Network
from crosstie.models.vectors import identity, vectors


def run_once(
    network: Network, batches: Mapping[str, Batch | None], cache: Path | None, *, cut: bool = False
) -> dict[str, Batch | None]:
    """The batches with float vectors `[rows, width]` in place of what encoders read that do not learn.

    Args:
        network: Its encoders take either.
        batches: By part.
        cache: Folder of all vectors computed before; None keeps none.
        cut: Whether pieces of training pictures are put into others.

    Training pictures that change from epoch to epoch stay pictures.
    """
    found = dict(batches)
    changing = {
        ("train", each.array)
        for each in network.layout.images
        if cut or network.inputs.sections[each.name].get("augmentation")
    }
    modules = dict(network.inputs.pixels.items())
    for array, options, encoder in network.inputs.once(set(network.read.values())):
        width = int(sum(encoder.widths))
        store = None if cache is None else VectorStore(cache, identity(encoder, options), width)
        prepare = modules.get(array)
        for part, batch in found.items():
            if batch is None or (part, array) in changing:
                continue
            rows: NDArray[Any] = np.asarray(batch.inputs[array])
            inputs = {**batch.inputs, array: vectors(encoder, rows, store=store, prepare=prepare)}
            found[part] = Batch(inputs, batch.targets, batch.weights)
    return found
