"""Targets between spaces that are a tag for each word of another column, and no text to be written.

A cell of such a target looks like a sentence of few words; only beside its row's words can it be told from one.
"""

from collections.abc import Mapping

from crosstie.data.profile import ColumnProfile
from crosstie.data.read import Source
from crosstie.pipeline.columns import leave_annotations
from crosstie.pipeline.doubts import sample
from crosstie.pipeline.entries import Columns, Entry
from crosstie.pipeline.plan import Inferred

DIFFERENT = (
    60  # tags at most, where nobody says that they are tags: the largest common sets have 50
)
SHARE = 0.1  # different tags to tags in all, at most: a text of few rows has few words too
ALIGNED = (
    0.98  # share of rows with as many tags as words: one that has not is an error with its row
)
OWN = 0.5  # share of tags that are words too, from which on words are turned into words
LENGTHS = 3  # different numbers of words at least, or it may be chance


def read_tags(found: Columns, source: Source, profile: Mapping[str, ColumnProfile]) -> None:
    """Take a target that was inferred as a text for tags where its rows have as many words as an input's.

    Args:
        found: Which features there are.
        source: The rows; the first of many are looked at.
        profile: Its columns.
    """
    inferred = {each.column for each in found.inferred}
    for entry in found.outputs:
        if entry.type != "text" or entry.column not in inferred or entry.section["decoder"]:
            continue
        words = _read_by(entry, found, source)
        if words is None:
            continue
        entry.type = "sequence"
        why = f"as many words in each row as {words.column!r}: a tag for each; say type: text if they are written"
        found.inferred = [
            Inferred(each.column, "sequence", why) if each.column == entry.column else each
            for each in found.inferred
        ]
        leave_annotations(found, profile)


def _read_by(output: Entry, found: Columns, source: Source) -> Entry | None:
    """The text whose words these are tags of; None where there is none."""
    texts = [entry for entry in found.inputs if entry.type == "text"]
    table = sample(source, [output.column, *(entry.column for entry in texts)])
    tags = [cell.split() for cell in _cells(table.cells(output.column))]
    kinds = {tag for row in tags for tag in row}
    if not 1 < len(kinds) <= min(DIFFERENT, SHARE * sum(map(len, tags))):
        return None
    if len(set(map(len, tags))) < LENGTHS:
        return None
    for entry in texts:
        words = [cell.split() for cell in _cells(table.cells(entry.column))]
        equal = sum(len(a) == len(b) for a, b in zip(words, tags, strict=True))
        same = kinds & {word for row in words for word in row}
        if equal >= ALIGNED * len(tags) and len(same) < OWN * len(kinds):
            return entry
    return None


def _cells(cells: list[str | None]) -> list[str]:
    return [cell or "" for cell in cells]
