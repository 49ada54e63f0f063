"""What makes a group different: its columns against those of all other rows, the most telling first, in words.

Numbers and dates are compared by Cliff's delta (1993): how much more often a row of the group has the larger one than a row
outside, less how often it is the other way; -1 to 1, whatever their scale. Levels, words and missing cells are compared
by the difference of the shares of rows that have them, which is the same measure of a yes or no.
"""

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from crosstie.data.column import Column, Form
from crosstie.reports.numbers import figure, share

Kind = Literal["number", "date", "level", "word", "missing"]
Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

LEAST = (
    0.15  # a difference below is none worth a word (Romano and others 2006: 0.147 is negligible)
)
MOST_LEVELS = 200  # and words of a column that are looked at, the most frequent ones
FIRST = 2  # id of a known word
WORDS = 3  # of a text that are told
TOLD = 3  # differences of a group in its sentence
LONG = 40  # characters of a level
ALIKE = 0.05  # of the rows that have a value may differ, where two columns say the same


@dataclass(frozen=True)
class Difference:
    """One column of a group against the other rows.

    Attributes:
        column: Of the table.
        kind: What is compared: typical numbers or dates, or shares of rows.
        what: The level or the word; of numbers `median`, or `mean` where both medians are the same.
        value: Of the group: a number, a day as text, or a share.
        others: Of all other rows.
        effect: -1 to 1, above 0 where the group has more.
        same_as: A column before this one that says so of the very same rows; "" where there is none.
    """

    column: str
    kind: Kind
    what: str
    value: float | str
    others: float | str
    effect: float
    same_as: str = ""

    def __str__(self) -> str:
        more = self.effect > 0
        if self.kind == "number":
            mean = "mean " if self.what == "mean" else ""
            ends = f"{mean}{_told(self.value)} against {_told(self.others)}"
            return f"{self.column} is {'higher' if more else 'lower'} ({ends})"
        if self.kind == "date":
            return f"{self.column} is {'later' if more else 'earlier'} ({self.value} against {self.others})"
        ends = f"({share(float(self.value))} against {share(float(self.others))})"
        often = "more often" if more else "less often"
        if self.value in (0.0, 1.0):
            often = "always" if self.value else "never"
        if self.kind == "missing":
            return f"{self.column} is {often} missing {ends}"
        shown = self.what if len(self.what) <= LONG else f"{self.what[: LONG - 1]}…"
        if self.kind == "word":
            return f"{self.column} {often} holds {shown!r} {ends}"
        return f"{self.column} is {often} {shown} {ends}"

    def to_json(self) -> dict[str, Any]:
        """As plain values, the words for it among them."""
        return {**asdict(self), "text": str(self)}


@dataclass(frozen=True)
class Looked:
    """A column that groups are compared by.

    Attributes:
        column: Its cells.
        form: In which form they are.
        ids: Of a column of words, int32 `[rows, length]`: which it holds, as a feature encodes them.
        words: What ids stand for, from 2 on.
    """

    column: Column
    form: Form
    ids: NDArray[np.int32] | None = None
    words: Sequence[str] = ()


Found = tuple[Difference, Mask | None]  # and which rows have it, of what some rows have


def differences(columns: Sequence[Looked], inside: Mask) -> list[Difference]:
    """What tells the rows of a group from the others, the most telling first.

    Args:
        columns: Of the table.
        inside: bool `[rows]`, which are in the group.
    """
    if inside.all() or not inside.any():
        return []
    found = [
        pair
        for each in columns
        for pair in _of_column(each, inside)
        if abs(pair[0].effect) >= LEAST
    ]
    found.sort(key=lambda pair: -abs(pair[0].effect))
    return [
        replace(each, same_as=_same_as(has, found[:place]))
        for place, (each, has) in enumerate(found)
    ]


def _same_as(has: Mask | None, before: Sequence[Found]) -> str:
    """The column of the first of those before that is of the same rows."""
    if has is None:
        return ""
    same = (each.column for each, other in before if other is not None and _alike(has, other))
    return next(same, "")


def _alike(one: Mask, other: Mask) -> bool:
    differs = float((one != other).mean())
    return bool(min(differs, 1 - differs) < ALIKE * min(one.mean(), 1 - one.mean()))


def sentence(found: Sequence[Difference], *, wordless: Sequence[str] = ()) -> str:
    """The most telling differences in one line, none of them twice in other words.

    Args:
        found: As `differences` gives them.
        wordless: Columns by which rows are grouped and that no words compare: vectors.
    """
    told = [each for each in found if not each.same_as][:TOLD]
    if told:
        return "; ".join(map(str, told))
    if wordless:
        return f"different in {' and '.join(wordless)} alone, for which there are no words"
    return "like the other rows in every column"


def _of_column(looked: Looked, inside: Mask) -> Iterator[Found]:
    """The most telling difference of a column, of a text those of a few words; and whether it is missing."""
    column = looked.column
    yield _of_share(column.name, "missing", "", ~column.valid, inside)
    if looked.words and looked.ids is not None:
        words = [
            _of_share(column.name, "word", word, has, inside)
            for word, has in _words(looked.ids, looked.words)
        ]
        yield from sorted(words, key=lambda pair: -abs(pair[0].effect))[:WORDS]
    elif looked.form == "levels":
        codes = np.asarray(column.values)
        counts = np.bincount(codes[column.valid], minlength=len(column.levels))
        most = np.argsort(-counts, kind="stable")[:MOST_LEVELS]
        levels = [
            _of_share(column.name, "level", column.levels[code], codes == code, inside)
            for code in most
        ]
        yield from sorted(levels, key=lambda pair: (-abs(pair[0].effect), -pair[0].effect))[:1]
    elif looked.form in ("number", "date"):
        yield from _of_amounts(looked, inside)


def _of_share(name: str, kind: Kind, what: str, has: Mask, inside: Mask) -> Found:
    value, others = float(has[inside].mean()), float(has[~inside].mean())
    return Difference(name, kind, what, value, others, value - others), has


def _words(ids: NDArray[np.int32], words: Sequence[str]) -> Iterator[tuple[str, Mask]]:
    """The most frequent words, each with the rows that hold it."""
    counts = np.bincount(ids.ravel(), minlength=FIRST)[FIRST:]
    for place in np.argsort(-counts, kind="stable")[:MOST_LEVELS]:
        if counts[place]:
            yield words[place], (ids == place + FIRST).any(axis=1)


def _of_amounts(looked: Looked, inside: Mask) -> Iterator[Found]:
    column = looked.column
    values = np.asarray(column.values, np.float64)
    own, others = values[inside & column.valid], values[~inside & column.valid]
    if not len(own) or not len(others):
        return
    effect = cliffs_delta(own, others)
    value, other = float(np.median(own)), float(np.median(others))
    what = "median"
    if value == other:
        value, other, what = float(own.mean()), float(others.mean()), "mean"
    if looked.form == "number":
        yield Difference(column.name, "number", what, value, other, effect), None
    else:
        yield Difference(column.name, "date", what, _day(value), _day(other), effect), None


def cliffs_delta(ones: Floats, others: Floats) -> float:
    """How much more often one of `ones` is above one of `others` than below it, -1 to 1.

    Examples:
        >>> cliffs_delta(np.array([2.0, 3.0]), np.array([1.0, 2.0]))
        0.75
    """
    ordered = np.sort(others)
    below = np.searchsorted(ordered, ones, "left")
    above = len(ordered) - np.searchsorted(ordered, ones, "right")
    return float((below - above).mean() / len(ordered))


def _day(seconds: float) -> str:
    return (
        (dt.datetime(1970, 1, 1, tzinfo=dt.UTC) + dt.timedelta(seconds=seconds)).date().isoformat()
    )


def _told(value: float | str) -> str:
    """A number with the digits that matter, whole where it is."""
    number = float(value)
    return f"{number:,.0f}" if number == round(number) else figure(number)
