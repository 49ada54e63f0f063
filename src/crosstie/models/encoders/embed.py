"""Words, items or symbols as learned vectors, pooled without regard to their order."""

from typing import Annotated, Literal

import torch
from annotated_types import Ge, Lt
from torch import Tensor, nn
from torch.nn import functional

from crosstie.models.encoders.encoder import Columns, Encoder, encoders


@encoders("embed", of=("text", "sequence", "set", "bag"))
class Embed(Encoder):
    """A learned vector for each token, pooled over the row: fast on a CPU, and strong with n-grams.

    Args:
        embedding_size: Width of the vectors.
        reduce_output: `mean`; `sum`; `sqrtn`, the sum over the root of the count (arXiv:1607.01759 uses the mean);
            `max`; or `attention`: a mean weighted by a learned score of each token.
        dropout: Share of the pooled vector's entries set to 0 in training.
    """

    def __init__(
        self,
        columns: Columns,
        *,
        embedding_size: Annotated[int, Ge(1)] = 64,
        reduce_output: Literal["mean", "sum", "sqrtn", "max", "attention"] = "mean",
        dropout: Annotated[float, Ge(0), Lt(1)] = 0.0,
    ) -> None:
        super().__init__()
        self.widths = (embedding_size,)
        self.reduce_output = reduce_output
        self.weight = nn.Parameter(torch.empty(columns.sizes[0], embedding_size))
        nn.init.normal_(self.weight, std=embedding_size**-0.5)
        with torch.no_grad():
            self.weight[0] = 0
        self.score = nn.Linear(embedding_size, 1) if reduce_output == "attention" else None
        self.dropout = nn.Dropout(dropout)

    def forward(self, values: Tensor) -> Tensor:
        """Ids `[batch, length]` to `[batch, embedding_size]`; a row without tokens becomes zeros."""
        found: Tensor = self.dropout(self.pool(values))
        return found

    def pool(self, ids: Tensor) -> Tensor:
        """By `reduce_output`."""
        if self.reduce_output in ("mean", "sum", "sqrtn") and not torch.onnx.is_in_onnx_export():
            mode = "mean" if self.reduce_output == "mean" else "sum"
            pooled = functional.embedding_bag(ids, self.weight, mode=mode, padding_idx=0)
            return pooled * _count(ids).rsqrt() if self.reduce_output == "sqrtn" else pooled
        present = (ids != 0).unsqueeze(-1)
        vectors = functional.embedding(ids, self.weight, padding_idx=0)
        if self.reduce_output == "max":
            most = vectors.masked_fill(~present, torch.finfo(vectors.dtype).min).amax(1)
            return most.masked_fill(~present.any(1), 0.0)
        if self.reduce_output == "attention":
            return (self.attention(ids, vectors) * vectors).sum(1)
        total = (vectors * present).sum(1)  # the graph has no embedding bag
        if self.reduce_output == "mean":
            return total / _count(ids)
        return total * _count(ids).rsqrt() if self.reduce_output == "sqrtn" else total

    def attention(self, ids: Tensor, vectors: Tensor) -> Tensor:
        """How much each token counts, `[batch, length, 1]`: 0 for padding, 1 in all (0 in an empty row)."""
        assert self.score is not None
        present = (ids != 0).unsqueeze(-1)
        scores = self.score(vectors).masked_fill(~present, torch.finfo(vectors.dtype).min)
        found: Tensor = scores.softmax(1) * present
        return found


def _count(ids: Tensor) -> Tensor:
    """Tokens in each row `[batch, 1]`, at least 1."""
    return (ids != 0).sum(1, keepdim=True).clamp(min=1).float()
