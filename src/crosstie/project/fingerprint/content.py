"""What files hold, told by a digest that a file's name, place and times have no part in.

A file is read again only when its size, times or inode are others than they were, or when it was so young when it was
read that an edit within the same tick of the clock could not be told (git calls that racily clean).
"""

import hashlib
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from crosstie.data.files import sha256
from crosstie.errors import DataError, MissingExtra, Problem
from crosstie.project.fingerprint.cache import Cache
from crosstie.project.fingerprint.rows import rows_digest

GRAIN = 2_000_000_000  # ns: the coarsest clock of a file system in use, FAT's
BATCH = 65_536  # rows of a table that are in memory at a time
_PARQUET = (".parquet", ".pq")
_ARROW = (".arrow", ".feather", ".ipc")
_NOISE = frozenset({".DS_Store", "Thumbs.db", "desktop.ini", "__pycache__", ".ipynb_checkpoints"})


class Contents:
    """The digests of files and folders of a project.

    Args:
        cache: Where they are remembered.
        root: The project's folder. Files are remembered by their path from it, and given so.
        clock: The time in ns, as files have it.
    """

    def __init__(
        self,
        cache: Cache | None = None,
        *,
        root: Path | None = None,
        clock: Callable[[], int] = time.time_ns,
    ) -> None:
        self._root = (root or Path()).absolute()
        self._cache = cache or Cache()
        self._clock = clock
        self.read = 0  # files whose bytes were read

    def of(self, path: Path) -> str:
        """The digest of a file or a folder.

        Raises:
            DataError: There is none, or it cannot be read.
        """
        return self.folder(path) if (self._root / path).is_dir() else self.file(path)

    def file(self, path: Path) -> str:
        """The digest of a file, in hex: of the rows of a table of Parquet or Arrow, of the bytes of any other.

        Raises:
            DataError: There is no such file, or it cannot be read.
        """
        with _said(path):
            return self._file(self._root / path)

    def folder(self, path: Path) -> str:
        """The digest of a folder, in hex: of the names in it, each with what it holds.

        Raises:
            DataError: There is no such folder, or something in it cannot be read.
        """
        with _said(path):
            return self._folder(self._root / path, frozenset())

    def _file(self, path: Path) -> str:
        now = path.stat()
        inside = path.is_relative_to(self._root)
        key = path.relative_to(self._root).as_posix() if inside else str(path)
        seen = [now.st_size, now.st_mtime_ns, now.st_ctime_ns, now.st_ino]
        known = self._cache.get("files", key)
        if known is not None:
            *was, read_at, found = known
            if was == seen and max(now.st_mtime_ns, now.st_ctime_ns) + GRAIN < read_at:
                return str(found)
        read_at = self._clock()
        found = _content(path)
        self.read += 1
        self._cache.put("files", key, [*seen, read_at, found])
        return found

    def _folder(self, folder: Path, above: frozenset[str]) -> str:
        real = os.path.realpath(folder)
        if real in above:
            return hashlib.sha256(b"a link to a folder above").hexdigest()
        lines = []
        with os.scandir(folder) as entries:
            for entry in sorted(entries, key=lambda each: each.name):
                if entry.name in _NOISE:
                    continue
                path = folder / entry.name
                if entry.is_dir():
                    lines.append(f"folder {entry.name!a} {self._folder(path, above | {real})}")
                elif entry.is_file():
                    lines.append(f"file {entry.name!a} {self._file(path)}")
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def table_digest(path: Path) -> str:
    """The digest of a table in a file of Parquet or Arrow: its rows in their order, whatever bytes they lie in.

    Raises:
        DataError: It is neither.
        MissingExtra: pyarrow is absent.
    """
    try:
        import pyarrow as pa  # 131 ms
    except ModuleNotFoundError:
        raise MissingExtra("pyarrow", "arrow", needed_for="the content of a table") from None
    try:
        if path.suffix.lower() in _PARQUET:
            import pyarrow.parquet as pq  # 40 ms

            with pq.ParquetFile(path) as file:
                return rows_digest(file.schema_arrow, file.iter_batches(batch_size=BATCH))
        with pa.memory_map(str(path)) as source:
            try:
                reader = pa.ipc.open_file(source)
                batches = (reader.get_batch(each) for each in range(reader.num_record_batches))
            except pa.ArrowInvalid:
                source.seek(0)
                reader = batches = pa.ipc.open_stream(source)
            return rows_digest(reader.schema, batches)
    except (pa.ArrowException, OSError) as error:
        kind = "Parquet" if path.suffix.lower() in _PARQUET else "Arrow"
        raise DataError(f"{path}: cannot be read as {kind}: {error}") from None


def _content(path: Path) -> str:
    if path.suffix.lower() in _PARQUET + _ARROW and path.stat().st_size:
        try:
            return table_digest(path)
        except DataError:
            return sha256(path)  # not what its name says: whoever reads it will say so
    return sha256(path)


@contextmanager
def _said(path: Path) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError:
        raise DataError(Problem(str(path), "there is no such file or folder")) from None
    except OSError as error:
        raise DataError(Problem(str(path), f"cannot be read: {error.strerror}")) from None
