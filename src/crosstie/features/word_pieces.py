"""Words as the pieces of a published tokenizer, each piece beside the number of the word that it is of.

A network that was trained on pieces reads pieces, but a tag is a word's. So a row keeps both: int32
`[rows, pieces, 2]`, the piece's id and the place of its word from 1 on, 0 for padding and for marks.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from crosstie.data.published import find
from crosstie.errors import Problem
from crosstie.features.published_tokens import PublishedTokens
from crosstie.features.vocabulary import Lengths, padded

Words = Sequence[Sequence[str]]
OFTEN = 8  # pieces a word that are read at most on average, of a network that reads any number


class WordPieces:
    """A published tokenizer that is given words, and how many pieces of a row are read.

    Args:
        tokens: The tokenizer.
        most: Words of a row at most.
    """

    def __init__(self, tokens: PublishedTokens, most: int) -> None:
        self.tokens = tokens
        self.most = most
        self.limit = min(tokens.limit, max(OFTEN * most, 512))
        self.length_ = self.limit
        self._lengths = Lengths(self.limit)

    @classmethod
    def published(cls, model: str, revision: str | None, most: int) -> Self:
        """That of a published model.

        Raises:
            ConfigError: The model is nowhere, or has no tokenizer of its own.
        """
        found = find(model, revision)
        return cls(PublishedTokens(found.tokenizer(), found.tokens()), most)

    def observe(self, rows: Words) -> None:
        """Learn how many pieces some training rows have."""
        marks = len(self.tokens.before) + len(self.tokens.after)
        self._lengths.add([range(marks + sum(map(len, row))) for row in self._pieces(rows)])

    def merge(self, other: Self) -> None:
        """Take over what `other` has observed."""
        self._lengths.merge(other._lengths)

    def finish(self, *, share: float) -> None:
        """Settle on the length that this share of the rows needs: a multiple of 8, at most what the network reads."""
        longest = self._lengths.covering(share)
        self.length_ = min(-(-longest // 8) * 8, self.limit)
        self._lengths = Lengths(1)

    def encode(self, rows: Words) -> NDArray[np.int32]:
        """Ids and places of words `[rows, pieces, 2]`; what does not fit is left out, the last marks stay."""
        before, after = self.tokens.before, self.tokens.after
        room = self._room
        ids: list[list[int]] = []
        places: list[list[int]] = []
        for pieces in self._pieces(rows):
            own = [each for word in pieces for each in word][:room]
            numbers = [place for place, word in enumerate(pieces, start=1) for _ in word][:room]
            ids.append([each + 1 for each in (*before, *own, *after)])
            places.append([0] * len(before) + numbers)
        found = np.stack([padded(ids, self.length_), padded(places, self.length_)], 2)
        found[[not row for row in rows]] = 0  # without words there is nothing to read
        return found

    def read(self, rows: Words) -> list[int]:
        """How many words of each row are read: those whose first piece fits."""
        found = []
        for pieces in self._pieces(rows):
            starts = np.cumsum([0, *map(len, pieces)])[:-1]
            found.append(int((starts < self._room).sum()))
        return found

    def _pieces(self, rows: Words) -> Iterator[list[tuple[int, ...]]]:
        """Those of each row, every different word looked up once."""
        self.tokens.pieces(list(chain.from_iterable(row[: self.most] for row in rows)))
        for row in rows:
            yield self.tokens.pieces(row[: self.most])

    @property
    def _room(self) -> int:
        """Pieces of words that fit beside the marks."""
        return max(self.length_ - len(self.tokens.before) - len(self.tokens.after), 1)

    def state(self) -> dict[str, Any]:
        """What JSON holds."""
        return {"text": self.tokens.text, "limit": self.tokens.limit, "length": self.length_}

    @classmethod
    def from_state(cls, state: Mapping[str, Any], most: int) -> Self:
        """What `state` came from."""
        found = cls(PublishedTokens(state["text"], state["limit"]), most)
        found.length_ = state["length"]
        return found

    def continued(self, earlier: Self) -> bool:
        """Whether an earlier fit read words as this one does; the longer of the two lengths is kept then."""
        if earlier.tokens.text != self.tokens.text:
            return False
        self.length_ = max(self.length_, earlier.length_)
        return True


def beside_pieces(name: str, idle: Mapping[str, tuple[Any, Any]]) -> list[Problem]:
    """Options that say nothing where words are read as pieces, by name (value, default)."""
    return [
        Problem(
            f"{name}.preprocessing.{key}",
            f"the published tokenizer decides this by itself, got {value!r}. Take it out.",
        )
        for key, (value, default) in idle.items()
        if value != default
    ]
