"""Tokens as weighted bags: how the learners without an order of words see text, sets and sequences.

A row is the sum of its tokens' vectors, and those of its pairs of neighbours where these are wanted, for text over the
length of the row. Counted in numpy while fitting and with the same sums in the graph, where a bag is a gather from a
table.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crosstie.data.batch import Tokens
from crosstie.learners.graph import GraphWriter
from crosstie.learners.pairs import MOST_TOKENS, UNKNOWN, Pairs

WORDY = ("text", "sequence")
GATHERED = 1 << 11  # numbers of a row that one gather may hold: 4 MB for a graph's 512 rows
POWER_STEPS, SPARE = 4, 8  # of the randomised decomposition


@dataclass(frozen=True)
class Bag:
    """How one column of tokens is weighed.

    Attributes:
        tokens: The column.
        scale: float64 `[size]` weight of each token, 0 for padding, then of each pair.
        normalised: Whether a row is divided by the length of its weights.
        pairs: Of neighbouring tokens; None where these are not looked at.
    """

    tokens: Tokens
    scale: NDArray[np.float64]
    normalised: bool
    pairs: Pairs | None = None

    @classmethod
    def fit(cls, tokens: Tokens, ids: NDArray[np.int32], *, ngram_size: int = 1) -> "Bag":
        """Learn from training rows.

        Text: rare tokens weigh more (smoothed inverse document frequency), long rows no more than short ones.
        Sets and bags: each token counts as it is, and has no neighbours.

        Args:
            tokens: The column.
            ids: Training rows `[rows, length]`, 0 is padding; what stands behind ids (letters, places of words) is
                not looked at.
            ngram_size: 2 for pairs of neighbours, too; a text of more than a million different tokens has none.
        """
        ids = _alone(ids)
        scale = np.ones(tokens.size)
        if tokens.type in WORDY:
            rows = np.zeros(tokens.size)
            for start in range(0, len(ids), 8192):
                some = np.sort(ids[start : start + 8192], axis=1)
                first = np.ones(some.shape, bool)
                first[:, 1:] = some[:, 1:] != some[:, :-1]
                rows += np.bincount(some[first], minlength=tokens.size)
            scale = np.log((1 + len(ids)) / (1 + rows)) + 1
            # new rows hold more unknown tokens than training rows do, and would be scaled down for it
            scale[UNKNOWN] = 0.0
        scale[0] = 0.0
        bag = cls(tokens, scale, normalised=tokens.type in WORDY)
        if ngram_size < 2 or tokens.type not in WORDY or tokens.length < 2:
            return bag
        if tokens.size > MOST_TOKENS:
            return bag
        pairs = Pairs.fit(ids, tokens.size)
        return replace(bag, scale=np.concatenate([scale, pairs.scale]), pairs=pairs)

    @property
    def size(self) -> int:
        """How many tokens and pairs there are."""
        return len(self.scale)

    @property
    def names(self) -> list[str]:
        """Of each token its id behind the column's name, of each pair both."""
        found = [f"{self.tokens.name}[{i}]" for i in range(self.tokens.size)]
        if self.pairs is not None:
            found += [f"{self.tokens.name}[{i} {j}]" for i, j in self.pairs.tokens]
        return found

    def matrix(self, ids: NDArray[np.int32]) -> Any:
        """The bags as a scipy CSR matrix, float64 `[rows, size]`."""
        from scipy.sparse import csr_matrix  # 0.2 s

        ids = self._with_pairs(_alone(ids))
        present = ids != 0
        columns = ids[present].astype(np.int32)
        starts = np.concatenate([[0], np.cumsum(present.sum(1))])
        values = self.scale[columns]
        if self.normalised:
            lengths = np.sqrt((self.scale[ids] ** 2).sum(1))
            inverse = np.divide(1.0, lengths, out=np.zeros(len(ids)), where=lengths > 0)
            values = values * np.repeat(inverse, np.diff(starts))
        return csr_matrix((values, columns, starts), shape=(len(ids), self.size))

    def count(self, ids: NDArray[np.int32]) -> NDArray[np.float32]:
        """How many tokens each row has, float32 `[rows, 1]`."""
        found: NDArray[np.float32] = (_alone(ids) != 0).sum(1, keepdims=True).astype(np.float32)
        return found

    def add_count(self, graph: GraphWriter) -> str:
        """`count(ids)` in a graph."""
        table = (np.arange(self.tokens.size) != 0)[:, None]
        return _sums(graph, self._add_ids(graph), self.tokens.length, table, np.float32)

    def add(self, graph: GraphWriter, table: NDArray[Any], dtype: Any) -> str:
        """`matrix(ids) @ table` in a graph: `[rows, width]` of `dtype`."""
        ids, length = self._add_ids(graph), self.tokens.length
        if self.pairs is not None:
            ids = graph.cast(ids, np.int64)
            ids = graph.concat([ids, self.pairs.add(graph, ids, length)])
            length += length - 1
        scaled = self.scale[:, None] * table
        if not self.normalised:
            return _sums(graph, ids, length, scaled, dtype)
        width = table.shape[1]
        both = np.concatenate([scaled, self.scale[:, None] ** 2], axis=1)
        sums = _sums(graph, ids, length, both, dtype)
        squares = graph.columns(sums, width, width + 1)
        weighed = graph.add("Sqrt", graph.add("Max", squares, graph.constant(1e-12, dtype)))
        return graph.add("Div", graph.columns(sums, 0, width), weighed)

    def _with_pairs(self, ids: NDArray[np.int32]) -> NDArray[Any]:
        """The ids of a row's tokens, and behind them the places of its pairs; 0 for those that are not known."""
        return ids if self.pairs is None else np.hstack([ids, self.pairs.places(ids)])

    def _add_ids(self, graph: GraphWriter) -> str:
        if len(self.tokens.shape) == 1:
            return self.tokens.array
        alone = graph.add("Gather", self.tokens.array, graph.constant([0], np.int64), axis=2)
        return graph.add("Squeeze", alone, graph.constant([2], np.int64))


def _sums(graph: GraphWriter, ids: str, length: int, table: NDArray[Any], dtype: Any) -> str:
    """Sums of the rows of `table` that ids `[rows, length]` name, a few positions at a time so that memory stays small."""
    values = graph.constant(table, dtype)
    step = max(1, GATHERED // table.shape[1])
    parts = []
    for start in range(0, length, step):
        some = graph.columns(ids, start, min(start + step, length)) if length > step else ids
        gathered = graph.add("Gather", values, some)
        parts.append(graph.add("ReduceSum", gathered, graph.constant([1], np.int64), keepdims=0))
    total = parts[0]
    for part in parts[1:]:
        total = graph.add("Add", total, part)
    return total


def _alone(ids: NDArray[np.int32]) -> NDArray[np.int32]:
    return ids if ids.ndim == 2 else ids[..., 0]


def directions(matrix: Any, count: int, *, seed: int) -> NDArray[np.float64]:
    """The `count` directions that hold most of a sparse matrix, `[size, count]` (Halko et al. 2011)."""
    rng = np.random.default_rng(seed)
    count = min(count, *matrix.shape)
    sample = matrix @ rng.normal(size=(matrix.shape[1], min(count + SPARE, *matrix.shape)))
    for _ in range(POWER_STEPS):
        sample = matrix @ (matrix.T @ np.linalg.qr(sample)[0])
    basis = np.linalg.qr(sample)[0]
    _, _, right = np.linalg.svd((matrix.T @ basis).T, full_matrices=False)
    return np.ascontiguousarray(right[:count].T)
