"""Vectors that were computed before, kept by the content they were computed from. Never needed for correctness.

A folder for each model, named by a hash of all that its vectors depend on; in it pieces, each written whole or not
at all, so that work that is killed goes on where it was. The oldest pieces go where all together grow too large.
"""

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from crosstie.data.files import atomic

LARGEST = 2 << 30  # bytes of all vectors that are kept
DIGEST = 16  # bytes


class VectorStore:
    """The vectors of one model.

    Args:
        folder: Of all vectors; need not be there.
        model: What they depend on beside the content, as text.
        width: Numbers of a vector.
        largest: Bytes of all vectors in the folder that are kept.
    """

    def __init__(self, folder: Path, model: str, width: int, *, largest: int = LARGEST) -> None:
        self.root = folder
        self.folder = folder / hashlib.sha256(model.encode()).hexdigest()[:32]
        self.width = width
        self.largest = largest
        self._places: dict[bytes, int] = {}
        self._pieces: list[NDArray[np.float32]] = []
        self._count = 0
        for path in sorted(self.folder.glob("*.safetensors")):
            self._read(path)

    def find(self, keys: Sequence[bytes]) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """(vectors `[keys, width]`, which of them were kept); the others are zeros."""
        found = np.zeros((len(keys), self.width), np.float32)
        places = np.fromiter((self._places.get(key, -1) for key in keys), np.int64, len(keys))
        kept = places >= 0
        if kept.any():
            found[kept] = np.concatenate(self._pieces)[places[kept]]
        return found, kept

    def add(self, keys: Sequence[bytes], vectors: NDArray[np.float32]) -> None:
        """Keep vectors `[keys, width]`; they are on disk when this returns."""
        name = hashlib.sha256(b"".join(keys)).hexdigest()[:32]
        digests = np.frombuffer(b"".join(keys), np.uint8).reshape(len(keys), DIGEST)
        with atomic(self.folder / f"{name}.safetensors") as temporary:
            save_file({"keys": digests, "vectors": np.ascontiguousarray(vectors)}, temporary)
        self._take(digests, vectors)
        self._bound()

    def _read(self, path: Path) -> None:
        try:
            piece = load_file(path)
            keys, vectors = piece["keys"], piece["vectors"]
        except (OSError, KeyError, SafetensorError):  # gone or spoiled: it is computed again
            return
        if vectors.shape == (len(keys), self.width) and keys.shape[1:] == (DIGEST,):
            self._take(keys, vectors)

    def _take(self, keys: NDArray[np.uint8], vectors: NDArray[np.float32]) -> None:
        self._places |= {row.tobytes(): self._count + i for i, row in enumerate(keys)}
        self._pieces.append(vectors)
        self._count += len(vectors)

    def _bound(self) -> None:
        """Drop the oldest pieces of all models while there are too many bytes."""
        pieces = []
        for path in self.root.glob("*/*.safetensors"):
            try:
                about = path.stat()
            except FileNotFoundError:  # another process dropped it
                continue
            pieces.append((about.st_mtime_ns, about.st_size, path))
        total = sum(size for _, size, _ in pieces)
        for _, size, path in sorted(pieces):
            if total <= self.largest:
                return
            path.unlink(missing_ok=True)
            total -= size


def keys_of(rows: NDArray[np.generic]) -> list[bytes]:
    """A key for each row of ids `[rows, length]`, or of pixels or samples: equal content, whatever padding follows it."""
    if rows.ndim == 2 and np.issubdtype(rows.dtype, np.integer):
        there = rows != 0
        lengths = (rows.shape[1] - there[:, ::-1].argmax(1)) * there.any(1)
        return [
            hashlib.blake2b(row[:length].tobytes(), digest_size=DIGEST).digest()
            for row, length in zip(rows, lengths, strict=True)
        ]
    series = rows.ndim == 3 and np.issubdtype(rows.dtype, np.floating)
    ends = ends_of(rows) if series else [None] * len(rows)
    return [
        hashlib.blake2b(np.ascontiguousarray(row[:end]).tobytes(), digest_size=DIGEST).digest()
        for row, end in zip(rows, ends, strict=True)
    ]


def ends_of(rows: NDArray[np.generic]) -> NDArray[np.int64]:
    """Where each series `[rows, length, channels]` ends: behind its last number."""
    there = np.asarray(~np.isnan(np.asarray(rows, np.float32)).all(axis=2))
    found: NDArray[np.int64] = (rows.shape[1] - there[:, ::-1].argmax(1)) * there.any(1)
    return found
