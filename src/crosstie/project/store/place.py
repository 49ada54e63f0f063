"""Where a store lies: a folder, or whatever fsspec can reach. Nothing half-written is ever seen under its own name."""

import os
import shutil
from abc import ABC, abstractmethod
from contextlib import suppress
from pathlib import Path
from typing import Any
from uuid import uuid4

from crosstie.data.files import remove_old
from crosstie.errors import ConfigError, MissingExtra

PARTS = ".parts"  # files that are being written, under any name


class Place(ABC):
    """Files by name, whole or absent."""

    @abstractmethod
    def put(self, name: str, path: Path) -> None:
        """Keep a copy of a file under a name."""

    @abstractmethod
    def get(self, name: str, path: Path) -> bool:
        """Write what is kept under a name to a path that is not there yet; whether there is such a name."""

    @abstractmethod
    def read(self, name: str) -> bytes | None:
        """What is kept under a name; None if nothing is."""

    @abstractmethod
    def has(self, name: str) -> bool:
        """Whether something is kept under a name."""

    @abstractmethod
    def names(self, folder: str) -> list[str]:
        """What is kept below a name, in order."""

    @abstractmethod
    def remove(self, name: str) -> None:
        """Keep it no longer."""

    def tidy(self) -> None:
        """Remove what was never finished, by processes that were killed, where nobody else does."""


class Folder(Place):
    """A folder of this computer, or one that several share.

    Args:
        root: The folder.
    """

    def __init__(self, root: Path) -> None:
        self._root = root

    def put(self, name: str, path: Path) -> None:
        """See `Place.put`."""
        target = self._root / name
        target.parent.mkdir(parents=True, exist_ok=True)
        part = self._root / PARTS / uuid4().hex
        part.parent.mkdir(exist_ok=True)
        try:
            shutil.copyfile(path, part)
            with part.open("rb") as file:
                os.fsync(file.fileno())
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)

    def get(self, name: str, path: Path) -> bool:
        """See `Place.get`."""
        try:
            shutil.copyfile(self._root / name, path)
        except FileNotFoundError:
            return False
        return True

    def read(self, name: str) -> bytes | None:
        """See `Place.read`."""
        try:
            return (self._root / name).read_bytes()
        except FileNotFoundError:
            return None

    def has(self, name: str) -> bool:
        """See `Place.has`."""
        return (self._root / name).is_file()

    def names(self, folder: str) -> list[str]:
        """See `Place.names`."""
        below = self._root / folder
        found = (each for each in below.rglob("*") if each.is_file() and each.name[0] != ".")
        return sorted(each.relative_to(self._root).as_posix() for each in found)

    def remove(self, name: str) -> None:
        """See `Place.remove`."""
        (self._root / name).unlink(missing_ok=True)

    def tidy(self) -> None:
        """See `Place.tidy`."""
        remove_old(self._root / PARTS, "*")


class Remote(Place):
    """An address that fsspec reaches: `s3://bucket/store`, `gs://…`, `memory://…`.

    Args:
        url: The address.

    Raises:
        MissingExtra: fsspec is not installed.
        ConfigError: It does not know such addresses, or what reaches them is not installed.
    """

    def __init__(self, url: str) -> None:
        try:
            import fsspec  # 50 ms
        except ModuleNotFoundError:
            raise MissingExtra("fsspec", "train", needed_for=f"the store {url}") from None
        try:
            self._files: Any
            self._files, self._root = fsspec.core.url_to_fs(url)
        except (ValueError, ImportError) as error:
            raise ConfigError(f"store: {url}: cannot be reached: {error}") from None

    def put(self, name: str, path: Path) -> None:
        """See `Place.put`; object stores show a file only once it is whole, and others rename."""
        target, part = f"{self._root}/{name}", f"{self._root}/{PARTS}/{uuid4().hex}"
        self._files.makedirs(target.rpartition("/")[0], exist_ok=True)
        self._files.makedirs(f"{self._root}/{PARTS}", exist_ok=True)
        self._files.put_file(str(path), part)
        self._files.mv(part, target)

    def get(self, name: str, path: Path) -> bool:
        """See `Place.get`."""
        try:
            self._files.get_file(f"{self._root}/{name}", str(path))
        except FileNotFoundError:
            with suppress(FileNotFoundError):
                path.unlink()
            return False
        return True

    def read(self, name: str) -> bytes | None:
        """See `Place.read`."""
        try:
            found: bytes = self._files.cat_file(f"{self._root}/{name}")
        except FileNotFoundError:
            return None
        return found

    def has(self, name: str) -> bool:
        """See `Place.has`."""
        return bool(self._files.isfile(f"{self._root}/{name}"))

    def names(self, folder: str) -> list[str]:
        """See `Place.names`."""
        self._files.invalidate_cache()
        try:
            found = self._files.find(f"{self._root}/{folder}")
        except FileNotFoundError:
            return []
        return sorted(each.removeprefix(self._root).lstrip("/") for each in found)

    def remove(self, name: str) -> None:
        """See `Place.remove`."""
        with suppress(FileNotFoundError):
            self._files.rm_file(f"{self._root}/{name}")


def place_of(store: str, root: Path) -> Place:
    """Where a store lies.

    Args:
        store: An address, or a path.
        root: What a path is relative to.

    Raises:
        MissingExtra: fsspec is not installed.
        ConfigError: Nothing here reaches such addresses.
    """
    return Remote(store) if "://" in store else Folder(root / store)
