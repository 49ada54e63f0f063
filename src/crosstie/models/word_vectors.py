"""What an encoder that does not learn says of words: each row read once, its words' vectors kept."""

import hashlib
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from crosstie.data.scratch import Scratch
from crosstie.data.vectors import DIGEST, VectorStore, keys_of
from crosstie.models.encoders.encoder import Encoder
from crosstie.models.vectors import KEPT, TOKENS

IN_MEMORY = 1 << 30  # bytes of one array; a larger one lies in a file


def word_vectors(
    encoder: Encoder,
    rows: NDArray[Any],
    words: int,
    *,
    store: VectorStore | None = None,
    scratch: Scratch,
    in_memory: int = IN_MEMORY,
) -> NDArray[np.float32]:
    """Vectors `[rows, words, states_width]`, 0 behind a row's last word.

    Args:
        encoder: As it is, in evaluation mode.
        rows: Pieces `[rows, pieces, 2]`.
        words: Of a row at most.
        store: Of vectors computed before, one a word; None keeps none.
        scratch: For a file where they are many; what is behind a row's words takes no room in it.
        in_memory: Bytes up to which they lie in memory.
    """
    assert encoder.states_width is not None
    encoder.eval()
    device = next(iter(encoder.parameters()), torch.zeros(0)).device
    found = _array((len(rows), words, encoder.states_width), scratch, in_memory)
    counts = np.minimum(rows[..., 1].max(axis=1, initial=0), words)
    keys = [_keys(key, count) for key, count in zip(keys_of(rows), counts, strict=True)]
    waiting = _known(found, keys, store)
    lengths = (rows[..., 0] != 0).sum(1)
    order = sorted(waiting, key=lambda row: -lengths[row])  # what memory takes is seen at once
    start = written = 0

    def keep() -> None:
        nonlocal written
        these = [row for row in order[written:start] if keys[row]]
        if store is not None and these:
            store.add(
                [key for row in these for key in keys[row]],
                np.concatenate([found[row, : counts[row]] for row in these]),
            )
        written = start

    try:
        while start < len(order):
            longest = max(int(lengths[order[start]]), 1)
            these = order[start : start + max(TOKENS // longest, 1)]
            ids = torch.from_numpy(np.ascontiguousarray(rows[these][:, :longest]))
            with torch.inference_mode():
                states, _ = encoder.states(ids.to(device))
            told = states.float().cpu().numpy()
            for row, vectors in zip(these, told, strict=True):
                found[row, : counts[row]] = vectors[: counts[row]]
            start += len(these)
            if start - written >= KEPT:
                keep()
    finally:
        keep()
    return found


def _known(
    found: NDArray[np.float32], keys: list[list[bytes]], store: VectorStore | None
) -> list[int]:
    """Fill in the words of rows that were read before; the rows that are left."""
    if store is None:
        return list(range(len(keys)))
    waiting = []
    for start in range(0, len(keys), KEPT):
        some = keys[start : start + KEPT]
        vectors, kept = store.find([key for row in some for key in row])
        ends = np.cumsum([0, *map(len, some)])
        for place, own in enumerate(some):
            words = slice(ends[place], ends[place + 1])
            if kept[words].all():
                found[start + place, : len(own)] = vectors[words]
            else:
                waiting.append(start + place)
    return waiting


def _keys(row: bytes, count: int) -> list[bytes]:
    """A key for each word of a row: its neighbours are part of what it means."""
    return [
        hashlib.blake2b(row + place.to_bytes(4), digest_size=DIGEST).digest()
        for place in range(int(count))
    ]


def _array(shape: tuple[int, ...], scratch: Scratch, in_memory: int) -> NDArray[np.float32]:
    if 4 * int(np.prod(shape)) <= in_memory:
        return np.zeros(shape, np.float32)
    return np.lib.format.open_memmap(
        scratch.path("words.npy"), mode="w+", dtype=np.float32, shape=shape
    )
