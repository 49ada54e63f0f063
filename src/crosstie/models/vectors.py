"""What an encoder that does not learn says of rows: each computed once, rows of like length together, and kept."""

import hashlib
import json
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from crosstie.data.vectors import VectorStore, ends_of, keys_of
from crosstie.models.encoders.encoder import Encoder

TOKENS = 4096  # of a batch: more gains nothing on a processor's cache
ROWS = 32  # of images or sounds
KEPT = 4096  # rows after which what was computed is written down

Progress = Callable[[int, int], None]  # rows done, rows in all


def vectors(
    encoder: Encoder,
    rows: NDArray[Any],
    *,
    store: VectorStore | None = None,
    prepare: Callable[[torch.Tensor], torch.Tensor] | None = None,
    progress: Progress | None = None,
    kept: int = KEPT,
) -> NDArray[np.float32]:
    """Vectors `[rows, width]`.

    Args:
        encoder: As it is, in evaluation mode.
        rows: Ids `[rows, length]`, 0 where padded; or what the encoder takes.
        store: Of vectors computed before; None keeps none.
        prepare: What the network does to rows before the encoder has them.
        progress: Told after every batch.
        kept: Rows after which what was computed is written down.
    """
    keys = keys_of(rows)
    first: dict[bytes, int] = {}
    for place, key in enumerate(keys):
        first.setdefault(key, place)
    single = list(first)
    width = int(sum(encoder.widths))
    if store is None:
        found, known = np.zeros((len(single), width), np.float32), np.zeros(len(single), bool)
    else:
        found, known = store.find(single)
    wanted = np.flatnonzero(~known)
    places = np.array([first[key] for key in single], np.int64)
    ids = rows.ndim == 2 and np.issubdtype(rows.dtype, np.integer)
    series = rows.ndim == 3 and np.issubdtype(rows.dtype, np.floating)
    lengths = np.ones(len(wanted), np.int64)
    if ids:
        lengths = (rows[places[wanted]] != 0).sum(1)
    elif series:
        lengths = ends_of(rows[places[wanted]])
    wanted = wanted[
        np.argsort(-lengths, kind="stable")
    ]  # the longest first: what memory takes is seen at once
    lengths = -np.sort(-lengths)
    done = int(known.sum())
    if progress is not None:
        progress(done, len(single))
    start = written = 0
    encoder.eval()
    device = next(iter(encoder.parameters()), torch.zeros(0)).device

    def keep() -> None:
        nonlocal written
        these = wanted[written:start]
        if store is not None and len(these):
            store.add([single[place] for place in these], found[these])
        written = start

    try:
        while start < len(wanted):
            longest = max(int(lengths[start]), 1)
            these = wanted[start : start + (max(TOKENS // longest, 1) if ids else ROWS)]
            given = rows[places[these]]
            batch = torch.from_numpy(
                np.ascontiguousarray(given[:, :longest] if ids or series else given)
            )
            with torch.inference_mode():
                batch = batch.to(device)
                told = encoder(batch if prepare is None else prepare(batch))
            found[these] = told.flatten(1).float().cpu().numpy()
            start += len(these)
            if start - written >= kept:
                keep()
            if progress is not None:
                progress(done + start, len(single))
    finally:
        keep()
    order = {key: place for place, key in enumerate(single)}
    return found[np.array([order[key] for key in keys], np.int64)]


def identity(encoder: Encoder, options: dict[str, Any]) -> str:
    """All that an encoder's vectors depend on, as text: its options and a hash of its weights."""
    found = hashlib.sha256()
    for name, each in sorted(encoder.state_dict().items()):
        found.update(f"{name} {each.dtype} {tuple(each.shape)} ".encode())
        found.update(each.detach().cpu().contiguous().numpy().tobytes())
    kept = {key: each for key, each in options.items() if key not in ("model", "revision")}
    return f"{found.hexdigest()} {json.dumps(kept, sort_keys=True)}"
