"""The letters of tokens beside their ids: what a word that training never saw still shows."""

from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from crosstie.features.levels import LevelCounts
from crosstie.features.vocabulary import Lengths, Vocabulary, padded

LONGEST = 20  # letters of a token that are read; of a longer one its beginning and its end
MOST = 1000  # different letters


class Letters:
    """A fitted alphabet, and how many letters of a token are read."""

    def __init__(self) -> None:
        self._counts = LevelCounts()
        self._lengths = Lengths(LONGEST)
        self.alphabet_ = Vocabulary()
        self.length_ = 1

    @property
    def size(self) -> int:
        """Ids of letters that can occur, padding and unknown among them."""
        return self.alphabet_.size

    def observe(self, rows: Sequence[Sequence[str]]) -> None:
        """Learn from the tokens of some training rows."""
        self._counts.add(chain.from_iterable(chain.from_iterable(rows)), len(rows))
        self._lengths.add(chain.from_iterable(rows))

    def merge(self, other: Self) -> None:
        """Take over what `other` has observed."""
        self._counts.merge(other._counts)
        self._lengths.merge(other._lengths)

    def finish(self) -> None:
        """Settle on the alphabet, and on the length that 99 in 100 tokens need."""
        kept = self._counts.kept(most_common=MOST, min_frequency=None)
        self.alphabet_ = Vocabulary(letter for letter, _ in kept)
        self.length_ = self._lengths.covering(0.99)
        self._counts, self._lengths = LevelCounts(), Lengths(1)

    def beside(self, ids: NDArray[np.int32], rows: Sequence[Sequence[str]]) -> NDArray[np.int32]:
        """Ids of tokens `[rows, length]`, then those of their letters: `[rows, length, 1 + letters]`."""
        found = np.zeros((*ids.shape, 1 + self.length_), np.int32)
        found[..., 0] = ids
        cut = [row[: ids.shape[1]] for row in rows]
        known = {
            token: place for place, token in enumerate(dict.fromkeys(chain.from_iterable(cut)))
        }
        table = padded([self.alphabet_.ids(self._ends(each)) for each in known], self.length_)
        for place, row in enumerate(cut):
            if row:
                found[place, : len(row), 1:] = table[[known[each] for each in row]]
        return found

    def _ends(self, token: str) -> str:
        """At most `length_` letters: of a longer token the first half and the last."""
        if len(token) <= self.length_:
            return token
        last = self.length_ // 2
        return token[: self.length_ - last] + token[len(token) - last :]

    def state(self) -> dict[str, Any]:
        """What JSON holds."""
        return {"alphabet": list(self.alphabet_.tokens), "length": self.length_}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Become what `state` came from."""
        self.alphabet_, self.length_ = Vocabulary(state["alphabet"]), state["length"]

    def continue_from(self, earlier: Self) -> None:
        """Keep an earlier alphabet's ids and length, and put the new letters behind them."""
        self.alphabet_ = earlier.alphabet_.extended(self.alphabet_.tokens)
        self.length_ = earlier.length_
