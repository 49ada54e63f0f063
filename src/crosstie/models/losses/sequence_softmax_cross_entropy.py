"""The negative log-likelihood of each token's tag."""

from typing import Annotated

from annotated_types import Ge, Lt
from torch import Tensor
from torch.nn import functional

from crosstie.data.batch import Output
from crosstie.models.losses.loss import TINY, Loss, losses
from crosstie.models.losses.weights import ClassWeights, by_class

PADDING = -1


@losses("sequence_softmax_cross_entropy", of=("sequence",), elsewhere=("cross_entropy", "nll"))
class SequenceSoftmaxCrossEntropy(Loss):
    """-log of the probability of the true tag, the mean over all tokens of a batch; padding is never scored.

    Args:
        class_weights: How much tokens of each tag count, by the tag's name or in the order of the tags; `balanced`
            makes all tags count alike; None is all tokens alike.
        label_smoothing: Share of certainty spread evenly over all tags.
    """

    def __init__(
        self,
        output: Output,
        *,
        class_weights: ClassWeights | None = None,
        label_smoothing: Annotated[float, Ge(0), Lt(1)] = 0.0,
    ) -> None:
        super().__init__(output)
        self.weight: Tensor | None = by_class(output, class_weights)
        self.label_smoothing = label_smoothing

    def rows(self, logits: Tensor, target: Tensor) -> Tensor:
        """The sum over a row's tokens `[n]`, from logits `[n, length, size]` and codes `[n, length]`."""
        known = target.clamp(
            min=PADDING
        ).long()  # a tag that training rows lack is scored as little as padding
        found = functional.cross_entropy(
            logits.transpose(1, 2),
            known,
            reduction="none",
            ignore_index=PADDING,
            label_smoothing=self.label_smoothing,
        )
        if self.weight is not None:
            found = found * self.weight[known.clamp(min=0)]
        return found.sum(1)

    def forward(self, logits: Tensor, target: Tensor, weights: Tensor | None = None) -> Tensor:
        """The mean over tokens.

        Args:
            logits: `[batch, length, size]`, shorter than the target where a batch ends with its longest row.
            target: Codes `[batch, length]`; below 0 is not scored.
            weights: Of rows `[batch]`, or None.
        """
        target = target[:, : logits.shape[1]]
        rows = self.rows(logits.float(), target)
        counts = (target >= 0).to(rows.dtype)
        if self.weight is not None:
            counts = counts * self.weight[target.clamp(min=0).long()]
        tokens = counts.sum(1)
        if weights is not None:
            rows, tokens = rows * weights, tokens * weights
        return rows.sum() / tokens.sum().clamp(min=TINY)
