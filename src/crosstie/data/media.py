"""What a cell with a file in it holds, told from its name or its first bytes; nothing is opened for it."""

from collections import Counter
from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Any, Literal

import numpy as np

Media = Literal["image", "audio"]

IMAGES = ("jpg", "jpeg", "jfif", "png", "webp", "tif", "tiff", "bmp", "gif")
SOUNDS = ("wav", "flac", "ogg", "oga", "mp3", "aif", "aiff")
_FIRST: tuple[tuple[bytes, Media], ...] = (
    (b"\xff\xd8\xff", "image"),
    (b"\x89PNG", "image"),
    (b"II*\0", "image"),
    (b"MM\0*", "image"),
    (b"BM", "image"),
    (b"GIF8", "image"),
    (b"fLaC", "audio"),
    (b"OggS", "audio"),
    (b"ID3", "audio"),
    (b"\xff\xfb", "audio"),
    (b"FORM", "audio"),
)


def media_of(value: Any) -> Media | None:
    """What a value of `Cells.media` seems to hold.

    Examples:
        >>> media_of("pets/1.JPG"), media_of(b"fLaC"), media_of("no file")
        ('image', 'audio', None)
    """
    if isinstance(value, str):
        if value.startswith("data:"):
            kind = value[5:].partition("/")[0]
            return "image" if kind == "image" else "audio" if kind == "audio" else None
        if len(value) > 4096 or "\n" in value:
            return None
        path = value.partition("?")[0] if "://" in value else value
        suffix = PurePosixPath(path).suffix[1:].lower()
        return "image" if suffix in IMAGES else "audio" if suffix in SOUNDS else None
    if isinstance(value, bytes):
        if value[:4] == b"RIFF":
            return "image" if value[8:12] == b"WEBP" else "audio"
        return next((kind for first, kind in _FIRST if value.startswith(first)), None)
    if isinstance(value, np.ndarray):
        flat = value.ndim == 2 and value.dtype in (np.uint8, np.bool_)
        deep = value.ndim == 3 and bool({value.shape[0], value.shape[2]} & {1, 3, 4})
        return "image" if flat or deep else None
    return "image" if hasattr(value, "__array_interface__") and hasattr(value, "mode") else None


def most(values: Sequence[Any]) -> Media | None:
    """What nearly all of some cells hold; None where they are nothing of the kind, or there are none."""
    kinds = Counter(media_of(each) for each in values)
    (kind, count), *_ = kinds.most_common(1) or [(None, 0)]
    return kind if kind and count >= 0.95 * len(values) else None
