"""Wheels: a zip of files with a list of their hashes. The same files give the same bytes: no time, no order of a disk.

The format is the packaging standards' "binary distribution format", version 1.0.
"""

import base64
import hashlib
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from crosstie.data.files import atomic
from crosstie.shipping.naming import GENERATOR, Names

THEN = (1980, 1, 1, 0, 0, 0)  # the first moment that a zip can name
PIECE = 1 << 20

Content = str | Path  # of a file: its text, or a file to copy


@dataclass(frozen=True)
class Metadata:
    """What installers read.

    Attributes:
        names: Of the package.
        version: Of the package.
        summary: One line.
        python: The oldest one it runs on: "3.11".
        requires: What it needs, as `numpy==2.4.6`.
        extras: What it needs for more, by extra; behind a semicolon for which systems.
        description: Shown to people; Markdown.
    """

    names: Names
    version: str
    summary: str
    python: str
    requires: Sequence[str]
    extras: Mapping[str, Sequence[str]]
    description: str

    @property
    def file(self) -> str:
        """The wheel's name."""
        return f"{self.names.module}-{self.version}-py3-none-any.whl"

    def text(self) -> str:
        """`METADATA`."""
        lines = [
            "Metadata-Version: 2.3",
            f"Name: {self.names.distribution}",
            f"Version: {self.version}",
            f"Summary: {self.summary}",
            f"Requires-Python: >={self.python}",
            *(f"Requires-Dist: {each}" for each in self.requires),
        ]
        for extra, needed in self.extras.items():
            lines.append(f"Provides-Extra: {extra}")
            lines += [
                f'Requires-Dist: {each} {"and" if ";" in each else ";"} extra == "{extra}"'
                for each in needed
            ]
        return "\n".join(
            [*lines, "Description-Content-Type: text/markdown", "", self.description, ""]
        )


def write_wheel(path: Path, metadata: Metadata, files: Mapping[str, Content]) -> None:
    """Write a wheel, which appears whole or not at all.

    Args:
        path: Where; its name should be `metadata.file`.
        metadata: Of the package.
        files: By their path within `site-packages`.
    """
    info = f"{metadata.names.module}-{metadata.version}.dist-info"
    wheel = (
        f"Wheel-Version: 1.0\nGenerator: {GENERATOR}\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    )
    every = {
        **files,
        f"{info}/METADATA": metadata.text(),
        f"{info}/WHEEL": wheel,
        f"{info}/top_level.txt": f"{metadata.names.module}\n",
    }
    with atomic(path) as temporary, zipfile.ZipFile(temporary, "w") as archive:
        records = [f"{name},{_add(archive, name, every[name])}" for name in sorted(every)]
        _add(archive, f"{info}/RECORD", "\n".join([*records, f"{info}/RECORD,,", ""]))


def _add(archive: zipfile.ZipFile, name: str, content: Content) -> str:
    """Write a file; its hash and size as RECORD has them."""
    entry = zipfile.ZipInfo(name, THEN)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = 0o100644 << 16
    entry.create_system = 3  # as on Unix, wherever it is written
    digest, size = hashlib.sha256(), 0
    large = isinstance(content, Path) and content.stat().st_size >= zipfile.ZIP64_LIMIT
    with archive.open(entry, "w", force_zip64=large) as out:
        for piece in _pieces(content):
            digest.update(piece)
            size += len(piece)
            out.write(piece)
    return f"sha256={base64.urlsafe_b64encode(digest.digest()).rstrip(b'=').decode()},{size}"


def _pieces(content: Content) -> Iterator[bytes]:
    if isinstance(content, str):
        yield content.encode()
        return
    with content.open("rb") as file:
        while piece := file.read(PIECE):
            yield piece
