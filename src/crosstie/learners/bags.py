"""Tokens as weighted bags: how the learners without an order of words see text, sets and sequences.

A row is the sum of its tokens' vectors, for text over the length of the row. Counted in numpy while fitting and with the
same sums in the graph, where a bag is a gather from a table.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crosstie.data.batch import Tokens
from crosstie.learners.graph import GraphWriter

UNKNOWN = 1
WORDY = ("text", "sequence")
GATHERED = 1 << 11  # numbers of a row that one gather may hold: 4 MB for a graph's 512 rows
POWER_STEPS, SPARE = 4, 8  # of the randomised decomposition


@dataclass(frozen=True)
class Bag:
    """How one column of tokens is weighed.

    Attributes:
        tokens: The column.
        scale: float64 `[size]` weight of each token, 0 for padding.
        normalised: Whether a row is divided by the length of its weights.
    """

    tokens: Tokens
    scale: NDArray[np.float64]
    normalised: bool

    @classmethod
    def fit(cls, tokens: Tokens, ids: NDArray[np.int32]) -> "Bag":
        """Learn from training rows.

        Text: rare tokens weigh more (smoothed inverse document frequency), long rows no more than short ones.
        Sets and bags: each token counts as it is.

        Args:
            tokens: The column.
            ids: Training rows `[rows, length]`, 0 is padding; what stands behind ids (letters, places of words) is
                not looked at.
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
        return cls(tokens, scale, tokens.type in WORDY)

    def matrix(self, ids: NDArray[np.int32]) -> Any:
        """The bags as a scipy CSR matrix, float64 `[rows, size]`."""
        from scipy.sparse import csr_matrix  # 0.2 s

        ids = _alone(ids)
        present = ids != 0
        columns = ids[present].astype(np.int32)
        starts = np.concatenate([[0], np.cumsum(present.sum(1))])
        values = self.scale[columns]
        if self.normalised:
            lengths = np.sqrt((self.scale[ids] ** 2).sum(1))
            inverse = np.divide(1.0, lengths, out=np.zeros(len(ids)), where=lengths > 0)
            values = values * np.repeat(inverse, np.diff(starts))
        return csr_matrix((values, columns, starts), shape=(len(ids), self.tokens.size))

    def count(self, ids: NDArray[np.int32]) -> NDArray[np.float32]:
        """How many tokens each row has, float32 `[rows, 1]`."""
        found: NDArray[np.float32] = (_alone(ids) != 0).sum(1, keepdims=True).astype(np.float32)
        return found

    def add_count(self, graph: GraphWriter) -> str:
        """`count(ids)` in a graph."""
        return self._sums(graph, (np.arange(self.tokens.size) != 0)[:, None], np.float32)

    def add(self, graph: GraphWriter, table: NDArray[Any], dtype: Any) -> str:
        """`matrix(ids) @ table` in a graph: `[rows, width]` of `dtype`."""
        scaled = self.scale[:, None] * table
        total = self._sums(graph, scaled, dtype)
        if not self.normalised:
            return total
        squares = self._sums(graph, self.scale[:, None] ** 2, dtype)
        length = graph.add("Sqrt", graph.add("Max", squares, graph.constant(1e-12, dtype)))
        return graph.add("Div", total, length)

    def _sums(self, graph: GraphWriter, table: NDArray[Any], dtype: Any) -> str:
        """Sums of the tokens' rows of `table`, a few positions at a time so that memory stays small."""
        values = graph.constant(table, dtype)
        step = max(1, GATHERED // table.shape[1])
        parts = []
        for start in range(0, self.tokens.length, step):
            ids = graph.columns(self.tokens.array, start, min(start + step, self.tokens.length))
            if len(self.tokens.shape) > 1:
                alone = graph.add("Gather", ids, graph.constant([0], np.int64), axis=2)
                ids = graph.add("Squeeze", alone, graph.constant([2], np.int64))
            gathered = graph.add("Gather", values, ids)
            axis = graph.constant([1], np.int64)
            parts.append(graph.add("ReduceSum", gathered, axis, keepdims=0))
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
