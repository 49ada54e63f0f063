"""Encoders that do not learn run once: training then sees their vectors, of rows or of words, in place of what they read."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crosstie.data.batch import Batch
from crosstie.data.scratch import Scratch
from crosstie.data.vectors import VectorStore
from crosstie.models.network import Network
from crosstie.models.vectors import identity, vectors
from crosstie.models.word_vectors import word_vectors


def run_once(
    network: Network,
    batches: Mapping[str, Batch | None],
    cache: Path | None,
    scratch: Scratch,
    *,
    cut: bool = False,
) -> dict[str, Batch | None]:
    """The batches with float vectors in place of what encoders read that do not learn.

    They are `[rows, width]`, or where outputs read an input token by token `[rows, words, width]`.

    Args:
        network: Its encoders take either.
        batches: By part.
        cache: Folder of all vectors computed before; None keeps none.
        scratch: For vectors of words that are more than fit in memory; as long as the batches are read.
        cut: Whether pieces of training pictures are put into others.

    Training pictures that change from epoch to epoch stay pictures.
    """
    found, read = dict(batches), set(network.read.values())
    changing = {
        ("train", each.array)
        for each in network.layout.images
        if cut or network.inputs.sections[each.name].get("augmentation")
    }
    modules = dict(network.inputs.pixels.items())
    for array, options, encoder in network.inputs.once(read):
        width = int(sum(encoder.widths))
        store = None if cache is None else VectorStore(cache, identity(encoder, options), width)
        prepare = modules.get(array)
        for part, batch in found.items():
            if batch is None or (part, array) in changing:
                continue
            rows: NDArray[Any] = np.asarray(batch.inputs[array])
            inputs = {**batch.inputs, array: vectors(encoder, rows, store=store, prepare=prepare)}
            found[part] = Batch(inputs, batch.targets, batch.weights)
    for tokens, options, encoder in network.inputs.once_by_word(read):
        assert encoder.states_width is not None
        store = (
            None
            if cache is None
            else VectorStore(cache, f"words {identity(encoder, options)}", encoder.states_width)
        )
        for part, batch in found.items():
            if batch is not None:
                rows = np.asarray(batch.inputs[tokens.array])
                told = word_vectors(encoder, rows, tokens.words, store=store, scratch=scratch)
                inputs = {**batch.inputs, tokens.array: told}
                found[part] = Batch(inputs, batch.targets, batch.weights)
    return found
