"""Cells that hold several things: how they are parted, counted and turned into ids.

A cell in square brackets is read as JSON (or as Python writes a list), any other is parted at a separator.
Which one that is can be found from the training cells: items are counted under each candidate at once, so
that it need not be known before the first chunk, and the candidate that most cells hold is kept.
"""

import ast
import json
import re
from collections.abc import Iterable, Mapping
from itertools import chain
from typing import Any, Literal, Self

from crosstie.data.column import Column
from crosstie.features.levels import LevelCounts
from crosstie.features.vocabulary import Lengths, Vocabulary

SplitName = Literal[
    "auto", "space", "comma", "semicolon", "pipe", "underscore", "characters", "json"
]
SEPARATORS = {"space": " ", "comma": ",", "semicolon": ";", "pipe": "|", "underscore": "_"}
GUESSED = (",", ";", "|")
_PLAIN = re.compile(r"[,\s]+")


class Items:
    """Fitted splitting of cells into known items.

    Args:
        tokenizer: What stands between items; `auto` finds it.
        separator: Any other text between items; takes the place of `tokenizer`.
        lowercase: Whether `A` and `a` are one item.
        bound: Rows longer than this count as this long.
        plain: With `auto`, part at commas and white space alike, as sequences are written, and guess nothing.
        distinct: Whether an item counts once a cell.
    """

    def __init__(
        self,
        tokenizer: SplitName,
        separator: str | None,
        *,
        lowercase: bool,
        bound: int,
        plain: bool = False,
        distinct: bool = False,
    ) -> None:
        self._lowercase = lowercase
        self._distinct = distinct
        given = (
            separator or SEPARATORS.get(tokenizer) or (tokenizer if tokenizer != "auto" else None)
        )
        self.separator_ = given or ("plain" if plain else " ")
        candidates = (*GUESSED, " ") if given is None and not plain else (self.separator_,)
        self._tallies = {each: _Tally(bound) for each in candidates}
        self.vocabulary_ = Vocabulary()
        self.counts_: tuple[int, ...] = ()
        self.length_ = 1
        self.rows_ = 0

    def observe(self, texts: Iterable[str]) -> None:
        """Learn from some training cells."""
        texts = list(texts)
        for separator, tally in self._tallies.items():
            rows = [self._split(text, separator) for text in texts]
            tally.holding += sum(separator in text for text in texts if not text.startswith("["))
            tally.items.add(chain.from_iterable(rows), len(rows))
            tally.lengths.add(rows)

    def merge(self, other: Self) -> None:
        """Take over what `other` has observed."""
        for separator, tally in other._tallies.items():
            mine = self._tallies[separator]
            mine.holding += tally.holding
            mine.items.merge(tally.items)
            mine.lengths.merge(tally.lengths)

    def finish(self, *, most_common: int, min_frequency: int | None, share: float) -> None:
        """Settle on a separator, the known items and the length that this share of the rows needs."""
        guesses = [
            each for each in GUESSED if each in self._tallies and self._tallies[each].holding
        ]
        if guesses:
            self.separator_ = max(guesses, key=lambda each: self._tallies[each].holding)
        tally = self._tallies[self.separator_]
        kept = tally.items.kept(most_common=most_common, min_frequency=min_frequency)
        self.vocabulary_ = Vocabulary(item for item, _ in kept)
        self.counts_ = tuple(count for _, count in kept)
        self.length_ = tally.lengths.covering(share)
        self.rows_ = tally.items.rows
        self._tallies = {}

    def extend(self, earlier: Self) -> None:
        """Go on from what an earlier fit knows: its items first, those that only this one has seen behind."""
        counts = dict(zip(earlier.vocabulary_.tokens, earlier.counts_, strict=True))
        for item, count in zip(self.vocabulary_.tokens, self.counts_, strict=True):
            counts[item] = counts.get(item, 0) + count
        self.vocabulary_ = Vocabulary(counts)
        self.counts_ = tuple(counts.values())
        self.length_ = max(self.length_, earlier.length_)
        self.rows_ += earlier.rows_

    def forget(self) -> None:
        """Know no item any more, only how cells are parted and how long rows are."""
        self.vocabulary_, self.counts_ = Vocabulary(), ()

    def lists(self, texts: Iterable[str]) -> list[list[str]]:
        """The items of every cell, in order."""
        return [self._split(text, self.separator_) for text in texts]

    def joined(self, items: Iterable[str]) -> str:
        """A cell that holds these items."""
        items = list(items)
        between = {"plain": " ", "characters": ""}.get(self.separator_, self.separator_)
        if self.separator_ == "json" or (between and any(between in item for item in items)):
            return json.dumps(items, ensure_ascii=False)
        return between.join(items)

    def state(self) -> dict[str, Any]:
        """What JSON holds."""
        return {
            "separator": self.separator_,
            "items": list(self.vocabulary_.tokens),
            "counts": list(self.counts_),
            "length": self.length_,
            "rows": self.rows_,
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Become what `state` came from."""
        self.separator_, self.length_ = state["separator"], state["length"]
        self.rows_ = state["rows"]
        self.vocabulary_ = Vocabulary(state["items"])
        self.counts_ = tuple(state["counts"])
        self._tallies = {}

    def _split(self, text: str, separator: str) -> list[str]:
        if self._lowercase:
            text = text.lower()
        found = _listed(text) if text.startswith("[") and text.endswith("]") else None
        if found is None:
            found = _parted(text, separator)
        return list(dict.fromkeys(found)) if self._distinct else found


class _Tally:
    """What was seen with one separator."""

    def __init__(self, bound: int) -> None:
        self.items = LevelCounts()
        self.lengths = Lengths(bound)
        self.holding = 0  # cells that hold the separator


def cells(column: Column, fill: str | None) -> list[str]:
    """The texts of a column, with `fill` where one is missing."""
    texts = column.values
    assert isinstance(texts, list)
    if not fill or column.valid.all():
        return texts
    return [text if valid else fill for text, valid in zip(texts, column.valid, strict=True)]


def _parted(text: str, separator: str) -> list[str]:
    if separator == "characters":
        return list(text)
    if separator == "json":
        return [text] if text else []
    if separator == "plain":
        return [each for each in _PLAIN.split(text) if each]
    parts = text.split() if separator == " " else map(str.strip, text.split(separator))
    return [each for each in parts if each]


def _listed(text: str) -> list[str] | None:
    try:
        found = json.loads(text)
    except RecursionError:
        return None
    except ValueError:
        if "'" not in text or "\\" in text:  # not how Python writes lists of texts
            return None
        try:
            found = ast.literal_eval(text)  # constants only: nothing is run
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            return None
    if not isinstance(found, list):
        return None
    return [
        each if isinstance(each, str) else json.dumps(each, default=str)
        for each in found
        if each is not None
    ]
