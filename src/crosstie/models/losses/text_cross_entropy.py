"""The negative log-likelihood of each token of a text, its end among them."""

from typing import Annotated

import torch
from annotated_types import Ge, Lt
from torch import Tensor

from crosstie.data.batch import Output
from crosstie.models.losses.loss import TINY, Loss, losses


@losses(
    "sequence_softmax_cross_entropy",
    of=("text",),
    elsewhere=("cross_entropy", "softmax_cross_entropy", "nll", "perplexity"),
)
class TextCrossEntropy(Loss):
    """-log of the probability of the true token, the mean over all tokens of a batch; padding is never scored.

    Args:
        label_smoothing: Share of certainty spread evenly over the vocabulary (arXiv:1512.00567).
    """

    def __init__(
        self, output: Output, *, label_smoothing: Annotated[float, Ge(0), Lt(1)] = 0.0
    ) -> None:
        super().__init__(output)
        self.label_smoothing = label_smoothing

    def rows(self, logits: Tensor, target: Tensor) -> Tensor:
        """The sum over a row's tokens `[n]`, from log-probabilities `[n, places, size + copies]`, ids `[n, places]`."""
        there = target >= 0
        found = -logits.gather(-1, target.clamp(min=0).long().unsqueeze(-1)).squeeze(-1)
        if self.label_smoothing:
            evenly = -logits[..., : self.output.size].mean(-1)
            found = torch.lerp(found, evenly, self.label_smoothing)
        return (found * there).sum(1)

    def forward(self, logits: Tensor, target: Tensor, weights: Tensor | None = None) -> Tensor:
        """The mean over tokens.

        Args:
            logits: Log-probabilities `[batch, places, size + copies]`, no more places than the longest target has.
            target: Ids `[batch, length]`; below 0 is not scored.
            weights: Of rows `[batch]`, or None.
        """
        target = target[:, : logits.shape[1]]
        rows = self.rows(logits.float(), target)
        tokens = (target >= 0).to(rows.dtype).sum(1)
        if weights is not None:
            rows, tokens = rows * weights, tokens * weights
        return rows.sum() / tokens.sum().clamp(min=TINY)
