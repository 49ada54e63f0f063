"""Text files in UTF-8 whatever they were: UTF-16, Latin-1, the line ends of old machines. Guesses are said."""

import codecs
from pathlib import Path

from crosstie.data.scratch import Scratch
from crosstie.errors import DataError

BLOCK = 1 << 20
_BOMS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_OTHER_FORMATS = (
    (b"PK\x03\x04", "a zip archive or a workbook", ".zip or .xlsx"),
    (b"PAR1", "a Parquet file", ".parquet"),
    (b"ARROW1", "an Arrow file", ".arrow"),
    (b"\x1f\x8b", "compressed by gzip", ".gz"),
    (b"\x28\xb5\x2f\xfd", "compressed by zstd", ".zst"),
)


def whole_in_utf8(
    path: Path, name: str, encoding: str | None, notes: list[str], scratch: Scratch
) -> Path:
    """As `as_utf8`, having read all of the file: what is not UTF-8 further down is copied, too."""
    file = as_utf8(path, name, encoding, notes, scratch)
    if file == path and not is_utf8(file):
        return from_legacy(path, name, notes, scratch)
    return file


def as_utf8(
    path: Path, name: str, encoding: str | None, notes: list[str], scratch: Scratch
) -> Path:
    """The file itself if its first bytes look like UTF-8, or a copy that is.

    Raises:
        DataError: It holds no text, or the encoding is unknown or wrong.
    """
    with path.open("rb") as file:
        head = file.read(BLOCK)
    for magic, what, suffix in _OTHER_FORMATS:
        if head.startswith(magic):
            raise DataError(
                f"{name}: is {what}, not text. Give it the name it should have ({suffix})."
            )
    if encoding is not None:
        return _copied(path, name, encoding, scratch)
    for mark, found in _BOMS:
        if head.startswith(mark):
            notes.append(f"{name}: read as {found.upper()}, which its first bytes say")
            return _copied(path, name, found, scratch)
    if b"\0" in head:
        wide = _wide(head)
        if wide is None:
            line = head[: head.index(b"\0")].count(b"\n") + 1
            raise DataError(
                f"{name}: is no text: line {line} holds a zero byte. Give a table, or the file undamaged."
            )
        notes.append(f"{name}: read as {wide.upper()}, which its zero bytes show")
        return _copied(path, name, wide, scratch)
    if b"\r" in head and b"\n" not in head:
        return _copied(path, name, "utf-8", scratch)
    return path


def is_utf8(path: Path) -> bool:
    """Whether the whole file is UTF-8."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        with path.open("rb") as file:
            while block := file.read(BLOCK):
                decoder.decode(block)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def from_legacy(path: Path, name: str, notes: list[str], scratch: Scratch) -> Path:
    """A copy in UTF-8 of a file that is not: it is taken for Latin-1, or Windows' extension of it."""
    found = "latin-1"
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            if any(0x80 <= each <= 0x9F for each in set(block)):
                found = "windows-1252"
    notes.append(f"{name}: is not UTF-8 and was read as {found}. Say `encoding:` if that is wrong.")
    return _copied(path, name, found, scratch, errors="replace")


def _copied(path: Path, name: str, encoding: str, scratch: Scratch, errors: str = "strict") -> Path:
    copy = scratch.path(path.name)
    try:
        with (
            path.open(encoding=encoding, errors=errors) as file,
            copy.open("w", encoding="utf-8", newline="\n") as out,
        ):
            while block := file.read(BLOCK):
                out.write(block.removeprefix("\ufeff"))
    except LookupError:
        raise DataError(
            f"{name}: {encoding!r} is no encoding. Say utf-8, latin-1, utf-16 …"
        ) from None
    except UnicodeError as error:
        raise DataError(f"{name}: is not {encoding}: {error}. Say another `encoding:`.") from None
    return copy


def _wide(head: bytes) -> str | None:
    """UTF-16 without a mark: mostly ASCII, so every other byte is zero."""
    even, odd = head[0::2], head[1::2]
    if odd.count(0) > 0.7 * len(odd) and even.count(0) < 0.05 * len(even):
        return "utf-16-le"
    if even.count(0) > 0.7 * len(even) and odd.count(0) < 0.05 * len(odd):
        return "utf-16-be"
    return None
