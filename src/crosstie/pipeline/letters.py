"""Columns of single words, nearly each another one: as levels they are unknown tomorrow, their letters are not.

A first name tells where somebody is from by its spelling. As a category it tells that only of the names in training:
of 1,990 country names in twelve languages a model of levels got 9 % right, one of letters 67 %.
"""

from collections.abc import Mapping
from typing import Any

from crosstie.config.document import Place
from crosstie.data.profile import ColumnProfile
from crosstie.features.infer import ID_TAIL
from crosstie.pipeline.entries import Columns, Entry
from crosstie.pipeline.findings import Findings
from crosstie.pipeline.grammar import Input
from crosstie.pipeline.plan import Inferred

WORDS = 2.0  # mean words a cell below which letters say more than words
DIFFERENT = 0.5  # share of different cells from which a new one is likely to be another
NGRAMS = 3
WHY = "single words, {} different ones in {} rows; read by their letters"


def spelled(looks: ColumnProfile) -> bool:
    """Whether a column holds single words, nearly each another one."""
    return (
        looks.words < WORDS
        and looks.distinct > DIFFERENT * looks.present
        and max(looks.numbers, looks.dates, looks.lists) < DIFFERENT
        and looks.media is None
    )


def read_letters(
    found: Columns, profile: Mapping[str, ColumnProfile], findings: Findings, place: Place
) -> None:
    """Take such columns for texts where nobody said what they are and nothing else is there to predict from.

    Beside other inputs they stay what they are: a ticket's number is a word too.

    Args:
        found: Which features there are; gets the texts.
        profile: The table's columns.
        findings: Checks the sections of columns that were left out.
        place: Where the file says that all other columns are inputs.
    """
    inferred = {each.column for each in found.inferred}
    levels = [entry for entry in found.inputs if entry.type == "category"]
    if levels != found.inputs or any(entry.column not in inferred for entry in levels):
        return
    columns = [entry.column for entry in levels]
    if not all(spelled(profile[column]) for column in columns):
        return
    for each in list(found.excluded):
        looks = profile.get(each.column)
        if looks and looks.present and spelled(looks) and not ID_TAIL.search(each.column):
            found.excluded.remove(each)
            section = findings.section(Input, {"name": each.column}, place)
            found.inputs.append(Entry(each.column, each.column, place, section))
            columns.append(each.column)
    others = [each for each in found.inferred if each.column not in columns]
    for entry in found.inputs:
        entry.type = "text"
    found.inferred = [
        Inferred(column, "text", WHY.format(profile[column].distinct, profile[column].present))
        for column in columns
    ] + others


def letters(entry: Entry, given: Mapping[str, Any], *, bag: bool) -> dict[str, Any]:
    """Options that a text of such words has unless somebody sets its tokenizer.

    Args:
        entry: The text.
        given: Options that are set.
        bag: Whether what reads it sees no order, and knows neighbours only as n-grams.
    """
    if (
        not entry.spelled
        or entry.type != "text"
        or {"tokenizer", "characters", "ngram_size"} & given.keys()
    ):
        return {}
    return {"tokenizer": "character", **({"ngram_size": NGRAMS} if bag else {})}
