"""From what a user wrote to plain local files: patterns, archives, remote stores, standard input."""

import gzip
import shutil
import sys
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import Any

from crosstie.data.reader import readers
from crosstie.data.readers.idx import is_idx, labels_beside
from crosstie.data.scratch import Scratch
from crosstie.data.sentences import sniff
from crosstie.errors import DataError, MissingExtra

_WILD = "*?["
LOOKED_AT = 1000  # files of a folder that is no table


@dataclass(frozen=True)
class Located:
    """A file to read.

    Attributes:
        path: Plain and local: decompressed, fetched.
        name: What the user called it.
        format: A name in `readers`.
        origin: The user's own file, if there is one on this machine.
        folder: What relative paths in it are relative to: where it lies, an address for a remote one.
        labels: Of an IDX file of pictures, that of their labels.
    """

    path: Path
    name: str
    format: str
    origin: Path | None
    folder: str = ""
    labels: Path | None = None


def locate(written: str | Path, base: Path, scratch: Scratch) -> list[Located]:
    """The files that a path, a pattern, an address or "-" stands for.

    Raises:
        DataError: There are none, or one is of no kind that can be read.
    """
    name = str(written)
    if name == "-":
        return [_standard_input(scratch)]
    if "://" in name:
        return [_remote(name, scratch)]
    return [_local(base / Path(each).expanduser(), each, scratch) for each in named(name, base)]


def named(written: str, base: Path) -> list[str]:
    """The files that a pattern stands for, as the user would name them; anything else as it is.

    Raises:
        DataError: No file matches.
    """
    path = base / Path(written).expanduser()
    if "://" in written or path.exists() or not any(each in written for each in _WILD):
        return [written]
    found = sorted(each for each in _matching(path) if each.is_file())
    if not found:
        raise DataError(f"{written}: no file matches this pattern{_near(path)}")
    relative = not Path(written).expanduser().is_absolute()
    return [str(each.relative_to(base)) if relative else str(each) for each in found]


def _matching(pattern: Path) -> Iterable[Path]:
    root = Path(pattern.anchor) if pattern.is_absolute() else Path()
    return root.glob(str(pattern.relative_to(root)))


def _local(path: Path, name: str, scratch: Scratch) -> Located:
    if path.is_dir():
        raise DataError(f"{name}: {_no_table(path, name)}")
    if not path.exists():
        raise DataError(f"{name}: there is no such file{_near(path)}")
    if path.stat().st_size == 0:
        raise DataError(f"{name}: is empty (0 bytes). Give a file with a header line and rows.")
    plain, inner = _decompressed(path, name, scratch)
    kind = _kind_or_raise(inner, name, plain)
    beside = labels_beside(path) if kind == "idx" else None
    labels = None if beside is None else _decompressed(beside, beside.name, scratch)[0]
    return Located(plain, name, kind, path, str(path.parent), labels)


def _no_table(folder: Path, name: str) -> str:
    """Why a folder is no table by itself, and what to give in its place."""
    inside = sorted(each.name for each in folder.iterdir() if _kind(each.name))
    if inside:
        pattern = f"{name.rstrip('/')}/*{Path(inside[0]).suffix}"
        return f"is a folder. Name a file in it, or a pattern such as {pattern!r}."
    files = islice((each for each in folder.rglob("*") if each.is_file()), LOOKED_AT)
    endings = Counter(each.suffix.lower() or "no ending" for each in files)
    if not endings:
        return "is a folder without a file."
    held = ", ".join(f"{ending} ({count})" for ending, count in endings.most_common(3))
    return (
        f"is a folder, and of its files none is a picture, a sound or a table that can be read: {held}. "
        "Give a table, or pictures as .png or .jpg."
    )


def _near(path: Path) -> str:
    with suppress(OSError):
        names = [each.name for each in path.parent.iterdir() if not each.name.startswith(".")]
        close = get_close_matches(path.name, names, n=1, cutoff=0.5)
        if close:
            return f"; did you mean {close[0]!r}?"
        tables = sorted(each for each in names if _kind(each))
        if tables:
            return f"; that folder holds {', '.join(map(repr, tables[:5]))}"
        return "; that folder holds no table"
    return f"; there is no folder {str(path.parent)!r} either"


def _kind(name: str) -> str:
    """The format that a name gives away, "" for none; an archive's is the archive."""
    suffix = Path(name.lower()).suffix.lstrip(".")
    if suffix in ("gz", "zst", "zip"):
        return suffix
    if is_idx(name):
        return "idx"
    return suffix if suffix in readers.names() else ""


def _kind_or_raise(name: str, shown: str, plain: Path) -> str:
    kind = _kind(name) or sniff(plain)
    if kind in ("gz", "zst", "zip"):
        raise DataError(f"{shown}: is compressed twice. Unpack it once.")
    if not kind:
        suffix = Path(name).suffix
        known = ", ".join(f".{each}" for each in readers.names())
        what = (
            f"the suffix {suffix!r} is of no format"
            if suffix
            else "a name without a suffix is of no format"
        )
        raise DataError(
            f"{shown}: {what} that can be read. Read are {known}, each also with .gz, .zst or in a .zip."
        )
    return kind


def _decompressed(path: Path, name: str, scratch: Scratch) -> tuple[Path, str]:
    """A plain file, and the name that tells its format."""
    inner = path.name
    kind = _kind(inner)
    if kind == "zip":
        return _from_zip(path, name, scratch)
    if kind not in ("gz", "zst"):
        return path, inner
    inner = Path(inner).stem
    copy = scratch.path(inner)
    packed, own_error = _decompressor(path, kind, name)
    try:
        with packed as file, copy.open("wb") as out:
            shutil.copyfileobj(file, out, 1 << 20)
    except (OSError, EOFError, own_error) as error:
        raise DataError(f"{name}: cannot be decompressed: {error}") from None
    return copy, inner


def _decompressor(path: Path, kind: str, name: str) -> tuple[Any, type[Exception]]:
    """An open file, and the error that its library raises for bytes that are not its own."""
    if kind == "gz":
        return gzip.open(path, "rb"), zlib.error
    try:
        import zstandard  # 5 ms
    except ModuleNotFoundError:
        raise MissingExtra("zstandard", "train", needed_for=f"reading {name}") from None
    return zstandard.open(path, "rb"), zstandard.ZstdError


def _from_zip(path: Path, name: str, scratch: Scratch) -> tuple[Path, str]:
    try:
        with zipfile.ZipFile(path) as archive:
            inside = [
                each
                for each in archive.namelist()
                if _kind(each)
                and not PurePosixPath(each).name.startswith(".")
                and "__MACOSX" not in each
            ]
            tables = [each for each in inside if not each.endswith(".json")] or inside
            if len(tables) != 1:
                shown = ", ".join(map(repr, tables[:5])) or (
                    f"none by the suffix of {', '.join(map(repr, archive.namelist()[:5])) or 'nothing'}"
                )
                raise DataError(
                    f"{name}: must hold one table, holds {shown}. Unpack it and name one file."
                )
            inner = PurePosixPath(tables[0]).name
            copy = scratch.path(inner)
            with archive.open(tables[0]) as file, copy.open("wb") as out:
                shutil.copyfileobj(file, out, 1 << 20)
    except zipfile.BadZipFile as error:
        raise DataError(f"{name}: is no zip archive that can be read: {error}") from None
    return copy, inner


def _remote(name: str, scratch: Scratch) -> Located:
    try:
        import fsspec
    except ModuleNotFoundError:
        raise MissingExtra("fsspec", "train", needed_for=f"reading {name}") from None
    copy = scratch.path(PurePosixPath(name).name)
    try:
        with fsspec.open(name, "rb") as file, copy.open("wb") as out:
            shutil.copyfileobj(file, out, 1 << 20)
    except (OSError, ValueError, ImportError) as error:
        raise DataError(f"{name}: cannot be fetched: {error or type(error).__name__}") from None
    if copy.stat().st_size == 0:
        raise DataError(f"{name}: is empty (0 bytes). Give a file with a header line and rows.")
    plain, inner = _decompressed(copy, name, scratch)
    return Located(plain, name, _kind_or_raise(inner, name, plain), None, name.rpartition("/")[0])


def _standard_input(scratch: Scratch) -> Located:
    copy = scratch.path("stdin")
    with copy.open("wb") as out:
        shutil.copyfileobj(sys.stdin.buffer, out, 1 << 20)
    with copy.open("rb") as file:
        head = file.read(1 << 16).lstrip(b"\xef\xbb\xbf \t\r\n")
    if not head:
        raise DataError("standard input: is empty. Pipe a CSV with a header line, or JSON Lines.")
    kind = "json" if head.startswith(b"[") else "jsonl" if head.startswith(b"{") else "csv"
    kind = sniff(copy) or kind
    return Located(copy, "standard input", kind, None)
