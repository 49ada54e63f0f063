"""Files that are rows: a folder of class folders, or pictures and sounds named one by one."""

import hashlib
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from crosstie.data.cells import PlainCells
from crosstie.data.media import Media, media_of
from crosstie.data.source import InMemory, Source
from crosstie.data.table import Table
from crosstie.errors import DataError

LABEL = "label"  # the column of class folders' names
PARTS = ("train", "training", "val", "valid", "validation", "test", "testing")


@dataclass(frozen=True)
class Row:
    """A file that is a row.

    Attributes:
        path: As the user named it, or below the folder that was named.
        media: What it holds.
        label: The class folder that it lies in; None outside one.
        size: Bytes.
    """

    path: str
    media: Media
    label: str | None
    size: int


def holds_files(path: Path) -> bool:
    """Whether a folder is a table: pictures or sounds lie in it, or in folders in it."""
    return next(_files(path, ""), None) is not None


def is_file_row(name: str | Path) -> bool:
    """Whether a name is a picture's or a sound's."""
    return media_of(str(name)) is not None and not str(name).startswith("data:")


def folder_source(path: Path, name: str, *, column: str | None = None) -> Source:
    """A folder as a table of `image` (or `audio`) and, where it is made of class folders, `label`.

    Args:
        path: The folder.
        name: What the user called it.
        column: What the column of files is called, if not after what they hold.

    Raises:
        DataError: Its folders are parts of a data set, or some files have a class and others have none.
    """
    rows = list(_files(path, ""))
    labels = sorted({row.label for row in rows if row.label is not None})
    if labels and set(map(str.lower, labels)) <= set(PARTS):
        first, *others = sorted(labels, key=lambda each: PARTS.index(each.lower()))
        more = "".join(
            f" --{'test' if each.lower().startswith('test') else 'validation'} {name.rstrip('/')}/{each}"
            for each in others
        )
        raise DataError(
            f"{name}: holds the parts {', '.join(map(repr, labels))} of a data set, not classes. "
            f"Write {name.rstrip('/')}/{first}{more}."
        )
    loose = [row.path for row in rows if row.label is None]
    if labels and loose:
        raise DataError(
            f"{name}: {len(loose)} files lie beside the class folders, for example {loose[0]!r}. Move them into "
            "the folder of their class, or away."
        )
    return _source(rows, name, str(path), column)


def files_source(
    paths: Sequence[str], base: Path, name: str, *, column: str | None = None
) -> Source:
    """Files named one by one as a table of one column, `image` or `audio`.

    Args:
        paths: As the user wrote them.
        base: The folder that they are relative to.
        name: What messages call all of them.
        column: As for `folder_source`.

    Raises:
        DataError: One of them is absent.
    """
    rows = []
    for each in paths:
        size, media = 0, media_of(each)
        assert media is not None
        if "://" not in each:
            whole = base / Path(each).expanduser()
            if not whole.is_file():
                raise DataError(f"{each}: there is no such file")
            size = whole.stat().st_size
        rows.append(Row(each, media, None, size))
    return _source(rows, name, str(base) if base != Path() else "", column)


def _files(folder: Path, inside: str) -> Iterator[Row]:
    """What lies in a folder and in folders in it, in the order of names; what begins with a dot does not count."""
    with os.scandir(folder) as found:
        entries = sorted(found, key=lambda each: each.name)
    for each in entries:
        if each.name.startswith(".") or each.name == "__MACOSX":
            continue
        path = f"{inside}{each.name}"
        if each.is_dir():
            yield from _files(Path(each.path), f"{path}/")
        elif (media := media_of(each.name)) is not None:
            label = path.partition("/")[0] if inside else None
            yield Row(path, media, label, each.stat().st_size)


def _source(rows: Sequence[Row], name: str, folder: str, column: str | None) -> Source:
    notes = []
    (media, count), *_ = Counter(row.media for row in rows).most_common(1)
    if count < len(rows):
        other = next(row.path for row in rows if row.media != media)
        notes.append(
            f"{name}: left out {len(rows) - count} files that hold no {media}, as {other!r}"
        )
        rows = [row for row in rows if row.media == media]
    missing: frozenset[str] = frozenset()  # a class may be called NA
    cells = {column or media: PlainCells([row.path for row in rows], missing)}
    if rows[0].label is not None:
        cells[LABEL] = PlainCells([row.label for row in rows], missing, stored="class")
    digest = hashlib.sha256()
    for row in rows:
        digest.update(f"{row.path}\0{row.size}\0".encode(errors="surrogatepass"))
    whole: dict[str, Any] = {"media": media, "fingerprint": digest.hexdigest()}
    return Source(name, [InMemory(Table(cells, len(rows)), notes)], folders=[folder], **whole)
