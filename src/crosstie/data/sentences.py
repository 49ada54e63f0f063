"""Sentences as the CoNLL shared tasks write them: a token a line, a blank line between sentences."""

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from crosstie.errors import DataError

HEAD = 1 << 16  # bytes that tell what a file is
WIDTH_CONLLU = 10
_TAG = re.compile(r"O|[BIESLU][-_]\S+")
_NUMBER = re.compile(r"\d+([-.]\d+)?")

Sentence = list[list[str]]  # the cells of each line


def sentences(lines: Iterable[str], name: str, *, width: int | None = None) -> Iterator[Sentence]:
    """The cells of each sentence's lines; comments are passed over.

    A line that begins with # is a comment unless it has as many cells as others: # is a token, too.

    Args:
        lines: Of the file.
        name: What messages call it.
        width: Cells a line; None is as many as the first line has. Cells are parted by tabs where that line has one,
            else by white space.

    Raises:
        DataError: A line has another number of cells.
    """
    found: Sentence = []
    tabs: bool | None = None if width is None else True
    first = 1
    for number, line in enumerate(lines, start=1):
        bare = line.strip()
        if not bare:
            if found:
                yield found
            found = []
            continue
        if tabs is None and not bare.startswith("#"):
            tabs, first = "\t" in bare, number
        cells = line.strip("\r\n ").split("\t") if tabs else bare.split()
        if tabs and cells[-1] == "" and width is not None and len(cells) == width + 1:
            cells.pop()  # a tab at the end
        if bare.startswith("#") and (width is None or len(cells) != width):
            continue
        width = width or len(cells)
        if len(cells) != width:
            raise DataError(
                f"{name}: line {number} has {_count(len(cells))}, {bare[:40]!r}, where "
                f"{f'line {first} has' if tabs is None or width != WIDTH_CONLLU else 'the format has'} {width}. "
                f"Give every token its {width} cells, parted by {'a tab' if tabs else 'a space'}, "
                "and a blank line after each sentence."
            )
        found.append(cells)
    if found:
        yield found


def _count(cells: int) -> str:
    return "1 cell" if cells == 1 else f"{cells} cells"


def sniff(path: Path) -> str:
    """`conllu` or `conll` where a file's first lines show that it is one, else nothing."""
    with path.open("rb") as file:
        lines = file.read(HEAD).decode("utf-8", errors="replace").splitlines()
    content = [line for line in lines if line.strip() and not line.startswith("#")][:-1]
    if not content or all(line.strip() for line in lines):  # one sentence would do as a table
        return ""
    cells = [line.split("\t") if "\t" in content[0] else line.split() for line in content]
    if len({len(each) for each in cells}) > 1:
        return ""
    if len(cells[0]) == WIDTH_CONLLU and all(_NUMBER.fullmatch(each[0]) for each in cells):
        return "conllu"
    tagged = 1 < len(cells[0]) < WIDTH_CONLLU and all(_TAG.fullmatch(each[-1]) for each in cells)
    return "conll" if tagged else ""


def by_column(rows: Sequence[Sentence], place: int) -> list[list[str]]:
    """One cell of every token, a list for each sentence."""
    return [[cells[place] for cells in sentence] for sentence in rows]
