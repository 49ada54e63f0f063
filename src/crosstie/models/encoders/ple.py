"""Piecewise-linear embeddings of numbers: what lets a small network see thresholds as a tree does."""

from typing import Annotated

import numpy as np
import torch
from annotated_types import Ge
from numpy.typing import NDArray
from torch import Tensor, nn

from crosstie.models.encoders.encoder import Columns, Encoder, encoders

ROWS_PER_BIN = 16  # fewer rows in a bin and its slope is noise


@encoders("ple", of=("number",), elsewhere=("piecewise_linear", "piecewise_linear_encoding"))
class PiecewiseLinear(Encoder):
    """Piecewise-linear embeddings over quantile bins of the training rows (arXiv:2203.05556).

    The version "B" of arXiv:2410.24210: a plain linear embedding plus a linear map of the piecewise-linear
    encoding whose weights start at 0, without activation. All columns go through one batched product.

    Args:
        embedding_size: Width of a column's embedding.
        n_bins: Bins a column at most; columns with fewer distinct values get fewer. None takes 48, fewer
            when there are few rows.
    """

    undecayed = True
    by_column = True

    def __init__(
        self,
        columns: Columns,
        *,
        embedding_size: Annotated[int, Ge(1)] = 16,
        n_bins: Annotated[int, Ge(1)] | None = None,
    ) -> None:
        super().__init__()
        if n_bins is None:
            n_bins = int(np.clip(columns.rows // ROWS_PER_BIN, 2, 48))
            self.decided["n_bins"] = n_bins
        count = len(columns.names)
        self.widths = (embedding_size,) * count
        scale, shift, low, high = bins(columns.values, count, n_bins)
        # each [columns, 1, 1 + bins]: of x itself, then of each bin
        self.scale = nn.Buffer(torch.from_numpy(scale))
        self.shift = nn.Buffer(torch.from_numpy(shift))
        self.low = nn.Buffer(torch.from_numpy(low))
        self.high = nn.Buffer(torch.from_numpy(high))
        self.weight = nn.Parameter(torch.zeros(count, 1 + n_bins, embedding_size))
        self.bias = nn.Parameter(torch.empty(count, 1, embedding_size))
        nn.init.uniform_(self.weight[:, 0], -1, 1)  # a linear map of one input: 1 / sqrt(1)
        nn.init.uniform_(self.bias, -1, 1)

    def encode(self, values: Tensor) -> Tensor:
        """Each x itself, then how far it is through each bin: `[columns, batch, 1 + bins]`."""
        parts = torch.addcmul(self.shift, values.t().unsqueeze(-1), self.scale)
        return torch.minimum(torch.maximum(parts, self.low), self.high)

    def forward(self, values: Tensor) -> Tensor:
        """`[batch, columns]` to `[batch, columns, embedding_size]`."""
        return torch.baddbmm(self.bias, self.encode(values), self.weight).transpose(0, 1)


def bins(
    values: NDArray[np.float32] | None, count: int, n_bins: int
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    """Slope, offset and limits of every part, for unique quantiles as edges: `[columns, 1, 1 + n_bins]`.

    The first part is x itself. Bin t is clamp((x - e[t]) / (e[t+1] - e[t]), 0, 1), but the first has no lower
    and the last no upper limit. Bins that a column has not stay 0, so do those of a constant column.
    """
    shape = (count, 1, 1 + n_bins)
    scale, shift = np.zeros(shape, np.float32), np.zeros(shape, np.float32)
    low, high = np.zeros(shape, np.float32), np.ones(shape, np.float32)
    scale[:, :, 0], low[:, :, 0], high[:, :, 0] = 1, -np.inf, np.inf
    for column in range(count if values is not None else 0):
        assert values is not None
        present = values[:, column]
        present = present[np.isfinite(present)].astype(np.float64)
        if len(present) == 0:
            continue
        edges = np.unique(np.quantile(present, np.linspace(0, 1, n_bins + 1)))
        edges = np.unique(edges.astype(np.float32)).astype(np.float64)
        n = len(edges) - 1
        if n < 1:
            continue
        width = np.diff(edges)
        scale[column, 0, 1 : n + 1] = 1 / width
        shift[column, 0, 1 : n + 1] = -edges[:-1] / width
        low[column, 0, 1] = -np.inf
        high[column, 0, n] = np.inf
    return scale, shift, low, high
