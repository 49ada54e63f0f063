"""Cells with files in them: what they seem to hold, and opening many of them at once.

A file that cannot be read is one cell that could not be read, with the reason; it never stops a table.
"""

import base64
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

from crosstie.config.wording import brief
from crosstie.data.parse import text
from crosstie.data.processors import processors
from crosstie.errors import MissingExtra

T = TypeVar("T")
Media = Literal["image", "audio"]

IMAGES = ("jpg", "jpeg", "jfif", "png", "webp", "tif", "tiff", "bmp", "gif")
FEW = 8  # files that are opened one after another
SOUNDS = ("wav", "flac", "ogg", "oga", "mp3", "aif", "aiff")
SIDE = (
    8  # of an array of floats from which on it may be a picture: few series have as many channels
)
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
        if "." not in path:  # most cells: a path object costs ten times this
            return None
        suffix = PurePosixPath(path).suffix[1:].lower()
        return "image" if suffix in IMAGES else "audio" if suffix in SOUNDS else None
    if isinstance(value, bytes):
        if value[:4] == b"RIFF":
            return "image" if value[8:12] == b"WEBP" else "audio"
        return next((kind for first, kind in _FIRST if value.startswith(first)), None)
    if isinstance(value, np.ndarray):
        flat = value.ndim == 2 and (value.dtype in (np.uint8, np.bool_) or _grey(value))
        deep = value.ndim == 3 and bool({value.shape[0], value.shape[2]} & {1, 3, 4})
        return "image" if flat or deep else None
    return "image" if hasattr(value, "__array_interface__") and hasattr(value, "mode") else None


def _grey(value: NDArray[Any]) -> bool:
    """Whether floats could be a picture's, and are not rather a series of a few numbers a step."""
    floats = value.dtype.kind == "f" and min(value.shape) >= SIDE
    return floats and bool(value.min() >= 0 and value.max() <= 255)  # NaN is neither


def most(values: Sequence[Any]) -> Media | None:
    """What nearly all of some cells hold; None where they are nothing of the kind, or there are none."""
    kinds = Counter(media_of(each) for each in values)
    (kind, count), *_ = kinds.most_common(1) or [(None, 0)]
    return kind if kind and count >= 0.95 * len(values) else None


class Unreadable(Exception):
    """A file is absent, or not of a kind that its decoder knows; the text says which."""


def content(value: Any) -> bytes:
    """The bytes of a file: of a path, an address that fsspec knows, `data:…;base64,…`, or bytes themselves.

    Raises:
        Unreadable: There is no such file.
        MissingExtra: fsspec is not installed, and the file is elsewhere.
    """
    if isinstance(value, bytes):
        return value
    if not isinstance(value, str):
        raise Unreadable(f"a {type(value).__name__} is no file")
    if value.startswith("data:"):
        head, _, body = value.partition(",")
        try:
            return base64.b64decode(body, validate=True) if head.endswith(";base64") else b""
        except ValueError:
            raise Unreadable("is no base64") from None
    try:
        if "://" not in value:
            return Path(value).read_bytes()
        return _fetched(value)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise Unreadable(reason[:1].lower() + reason[1:]) from None


def _fetched(address: str) -> bytes:
    try:
        import fsspec
    except ModuleNotFoundError:
        raise MissingExtra("fsspec", "train", needed_for=f"reading {address}") from None
    try:
        with fsspec.open(address, "rb") as file:
            return bytes(file.read())
    except ImportError as error:  # of what this protocol needs
        raise Unreadable(str(error)) from None


@dataclass
class Opened:
    """Cells after their files were opened.

    Attributes:
        values: What the decoder made of each; None where a cell is missing or its file cannot be read.
        failed: Rows whose files cannot be read.
        examples: Up to five of those with the reason: `cats/3.jpg: no such file or directory`.
    """

    values: list[Any]
    failed: list[int] = field(default_factory=list)
    examples: tuple[str, ...] = ()


def open_all(values: Sequence[Any], decode: Callable[[Any], T]) -> Opened:
    """Decode many cells, in as many threads as this process may use: decoders let go of Python's lock.

    Args:
        values: Of `Column.values` in the form media; None is passed over.
        decode: What makes something of a value; raises `Unreadable`.
    """

    def attempt(value: Any) -> T | Unreadable | None:
        try:
            return None if value is None else decode(value)
        except Unreadable as error:
            return error

    if len(values) < FEW:
        found = [attempt(each) for each in values]
    else:
        with ThreadPoolExecutor(processors()) as pool:
            found = list(pool.map(attempt, values))
    failed = [row for row, each in enumerate(found) if isinstance(each, Unreadable)]
    examples = [f"{_named(values[row])}: {found[row]}" for row in failed[:5]]
    kept = [None if isinstance(each, Unreadable) else each for each in found]
    return Opened(kept, failed, tuple(dict.fromkeys(examples)))


def _named(value: Any) -> str:
    if isinstance(value, str) and value.startswith("data:"):
        return f"{value[:40]}…"
    return brief(text(value) or "")
