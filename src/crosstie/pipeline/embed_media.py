"""Pictures and sounds to vectors, by a published network: a few files in memory at a time."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crosstie.config.options import build
from crosstie.data.column import Column
from crosstie.data.media import Media
from crosstie.data.vectors import VectorStore
from crosstie.features.feature import feature_types

DEFAULTS: dict[Media, str] = {
    "image": "facebook/dinov2-small",
    "audio": "facebook/wav2vec2-base-960h",
}
SECONDS = 30.0  # of a sound: memory grows with the square of them
AT_ONCE = 128  # files


def embed_media(
    column: Column,
    kind: Media,
    model: str | None,
    *,
    pooling: str | None,
    normalize: bool,
    cache: Path | None,
    progress: Callable[[int, int], None] | None,
) -> NDArray[np.float32]:
    """Vectors `[rows, width]`, NaN where a cell is missing or its file cannot be read.

    Args:
        column: In the form media.
        kind: What it holds.
        model: A published one; None is a small general one.
        pooling: As the option of `encoder: pretrained`.
        normalize: Likewise.
        cache: Folder of all vectors; None keeps none.
        progress: Told of rows done, and rows in all.

    Raises:
        ConfigError: There is no such model, or it is none for what the files hold.
        DataError: Most files of a piece cannot be read.
    """
    from crosstie.models.encoders.encoder import Columns, encoders  # torch, 1.5 s
    from crosstie.models.vectors import identity, vectors

    model = model or DEFAULTS[kind]
    cls = encoders.get("pretrained", of=kind)
    options = cls.feature_options({"model": model})
    sides = (options.get("height", 1), options.get("width", 1))
    shape = (3, *sides) if kind == "image" else (1, 1)
    encoder = build(
        cls, Columns(kind, (kind,), shape=shape), model=model, pooling=pooling, normalize=normalize
    ).eval()
    if kind == "audio":
        options |= {"audio_file_length_limit_in_s": SECONDS, "sample_size": AT_ONCE}
    width = int(sum(encoder.widths))
    named = {"pooling": encoder.decided["pooling"], "normalize": normalize}
    store = None if cache is None else VectorStore(cache, identity(encoder, named), width)
    prepare = (lambda pixels: pixels / 255) if kind == "image" else None
    found = np.full((len(column), width), np.nan, np.float32)
    for start in range(0, len(column), AT_ONCE):
        rows = np.arange(start, min(start + AT_ONCE, len(column)))
        opened = _opened(column.take(rows), kind, options)
        if progress is not None:
            progress(start, len(column))
        rows = rows[opened.valid]
        values: NDArray[Any] = np.asarray(opened.values)[opened.valid]
        if len(rows):
            found[rows] = vectors(encoder, values, store=store, prepare=prepare)
    if progress is not None:
        progress(len(column), len(column))
    return found


def _opened(column: Column, kind: Media, options: dict[str, Any]) -> Column:
    """A piece of the column as arrays: what follows a sound's end changes no vector, so each piece has its own length."""
    if not column.valid.any():
        return column
    feature = build(feature_types.get(kind), column.name, **options)
    feature.observe(column)
    feature.finish()
    return feature.opened(column)
