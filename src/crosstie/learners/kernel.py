"""Sums over support vectors, each weighed by its likeness to a row: what is left of a support vector machine.

In float64, in numpy and in the graph: shares of thousands of vectors cancel each other out.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from crosstie.learners.graph import GraphWriter

Floats = NDArray[np.float64]

ROWS_AT_ONCE = 256


@dataclass(frozen=True)
class Machine:
    """`exp(-gamma · |row - vector|²) · shares`, summed over vectors, plus an offset.

    Attributes:
        vectors: float32 `[vectors, columns]`.
        shares: `[vectors, outputs]`.
        offset: `[outputs]`.
        gamma: How quickly likeness fades.
    """

    vectors: NDArray[np.float32]
    shares: Floats
    offset: Floats
    gamma: float

    def sums(self, rows: NDArray[np.float32]) -> Floats:
        """`[rows, outputs]` for rows float32 `[rows, columns]`."""
        vectors = self.vectors.astype(np.float64)
        squares = (vectors**2).sum(1)
        found = np.empty((len(rows), self.shares.shape[1]))
        for start in range(0, len(rows), ROWS_AT_ONCE):
            some = rows[start : start + ROWS_AT_ONCE].astype(np.float64)
            apart = (some**2).sum(1)[:, None] + squares - 2 * some @ vectors.T
            found[start : start + ROWS_AT_ONCE] = np.exp(-self.gamma * apart) @ self.shares
        return found + self.offset

    def then(self, weights: Floats) -> "Machine":
        """The machine whose sums go through a linear model: `weights` `[outputs + 1, new outputs]`, the last a constant."""
        return Machine(
            self.vectors,
            self.shares @ weights[:-1],
            self.offset @ weights[:-1] + weights[-1],
            self.gamma,
        )

    def add(self, graph: GraphWriter, rows: str) -> str:
        """The sums in a graph, float32."""
        points = graph.cast(rows, np.float64)
        vectors = graph.cast(graph.constant(self.vectors), np.float64)  # float32 in the file
        squares = graph.constant(
            -self.gamma * (self.vectors.astype(np.float64) ** 2).sum(1), np.float64
        )
        product = graph.add("Gemm", points, vectors, squares, alpha=2 * self.gamma, transB=1)
        own = graph.add("ReduceSumSquare", points, graph.constant([1], np.int64), keepdims=1)
        own = graph.add("Mul", own, graph.constant(self.gamma, np.float64))
        likeness = graph.add("Exp", graph.add("Sub", product, own))
        shares = graph.constant(self.shares, np.float64)
        offset = graph.constant(self.offset, np.float64)
        return graph.cast(graph.add("Gemm", likeness, shares, offset), np.float32)
