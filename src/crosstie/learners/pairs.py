"""Pairs of neighbouring tokens: 'not good' is not 'good not', which a bag of words cannot tell apart.

A pair is looked for in one slot of a table, in numpy while fitting and with the same few steps in the graph: no loop,
no strings. Where two pairs would take one slot the more frequent has it, and the other is known to neither.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from crosstie.learners.graph import GraphWriter

UNKNOWN = 1
FEWEST_ROWS = 3
# or one in so many rows, where that is more: a fit of 44,000 comments takes about 1.3 times what it takes without
# pairs, 1.8 times with all pairs of three rows, for a validation log loss of .0945 and .0943 (.0962 without)
OF = 3_000
MOST = 20_000
# of a pair beside a token as rare. By 1 pairs drown the tokens: the validation log loss of 77 intents of bank customers
# is .433 then, by a half .395, without pairs .438
WEIGHT = 0.5
SLOTS = 8  # for each pair at least; one in 17 is then lost to a more frequent one
# of the slots lies between the pairs of one token and those of the next, so that frequent ones stay apart
GOLDEN = (5**0.5 - 1) / 2
PLACES = 1 << 20  # tokens and pairs at most: a key times this is less than 2^63
MOST_TOKENS = PLACES - MOST
TOKENS = 20_000_000  # of a text; more do not change which pairs are frequent, and cost memory
ROWS_AT_ONCE = 8192


@dataclass(frozen=True)
class Pairs:
    """Which pairs are known, and what they weigh.

    Attributes:
        table: int64 `[slots]`, a power of two: the key of a pair times `PLACES`, and its place; -1 where there is none.
        factor: Of the first token in a key, which is `first * factor + second`; its lowest bits say which slot.
        scale: float64 `[pairs]`.
    """

    table: NDArray[np.int64]
    factor: int
    scale: NDArray[np.float64]

    @classmethod
    def fit(cls, ids: NDArray[np.int32], size: int) -> "Pairs":
        """Learn from training rows the pairs that at least three of them have, and one in 3,000; 20,000 at most.

        Args:
            ids: `[rows, length]`, 0 is padding and 1 unknown: neither has neighbours.
            size: How many ids there are, `MOST_TOKENS` at most. Places of pairs begin there.
        """
        most = max(TOKENS // ids.shape[1], 1)
        if len(ids) > most:
            ids = ids[np.linspace(0, len(ids) - 1, most).astype(np.int64)]
        pairs, rows = _counted(ids, size)
        order = np.argsort(-rows, kind="stable")
        order = order[rows[order] >= max(FEWEST_ROWS, len(ids) / OF)]
        pairs, rows = pairs[order], rows[order]
        slots = 1 << (SLOTS * min(max(len(pairs), 1), MOST) - 1).bit_length()
        factor = -(-size // slots) * slots + (int(GOLDEN * slots) | 1)
        keys = pairs // size * factor + pairs % size
        _, firsts = np.unique(keys & (slots - 1), return_index=True)
        firsts = np.sort(firsts)[:MOST]
        table = np.full(slots, -1)
        table[keys[firsts] & (slots - 1)] = keys[firsts] * PLACES + size + np.arange(len(firsts))
        return cls(table, factor, WEIGHT * (np.log((1 + len(ids)) / (1 + rows[firsts])) + 1))

    def __len__(self) -> int:
        return len(self.scale)

    @property
    def tokens(self) -> NDArray[np.int64]:
        """The two ids of each pair, `[pairs, 2]`, in the order of their places."""
        held = self.table[self.table >= 0]
        keys = held[np.argsort(held & PLACES - 1)] // PLACES
        return np.stack([keys // self.factor, keys % self.factor], axis=1)

    def places(self, ids: NDArray[np.int32]) -> NDArray[np.int64]:
        """The place of each pair of neighbours in ids `[rows, length]`, 0 of those not known: `[rows, length - 1]`."""
        wide = ids.astype(np.int64)
        keys = wide[:, :-1] * self.factor + wide[:, 1:]
        found = self.table[keys & (len(self.table) - 1)] - keys * PLACES
        return np.where(found & -PLACES == 0, found, 0)

    def add(self, graph: GraphWriter, ids: str, length: int) -> str:
        """`places(ids)` in a graph, int64, of ids of that type."""
        left, right = graph.columns(ids, 0, length - 1), graph.columns(ids, 1, length)

        def by(operation: str, value: str, number: int) -> str:
            return graph.add(operation, value, graph.constant(number, np.int64))

        keys = graph.add("Add", by("Mul", left, self.factor), right)
        slots = by("BitwiseAnd", keys, len(self.table) - 1)
        found = graph.add("Gather", graph.constant(self.table, np.int64), slots)
        found = graph.add("Sub", found, by("Mul", keys, PLACES))
        known = by("Equal", by("BitwiseAnd", found, -PLACES), 0)
        return graph.add("Where", known, found, graph.constant(0, np.int64))


def _counted(ids: NDArray[np.int32], size: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Pairs of known tokens, as `first * size + second`, and how many rows have each."""
    pairs, rows = np.zeros(0, np.int64), np.zeros(0, np.int64)
    for start in range(0, len(ids), ROWS_AT_ONCE):
        some = ids[start : start + ROWS_AT_ONCE].astype(np.int64)
        known = some > UNKNOWN
        found = np.where(known[:, :-1] & known[:, 1:], some[:, :-1] * size + some[:, 1:], -1)
        found.sort(axis=1)
        once = found >= 0
        once[:, 1:] &= found[:, 1:] != found[:, :-1]
        own, times = np.unique(found[once], return_counts=True)
        pairs, at = np.unique(np.concatenate([pairs, own]), return_inverse=True)
        rows = np.bincount(at, np.concatenate([rows, times]), len(pairs)).astype(np.int64)
    return pairs, rows
