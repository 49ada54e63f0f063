"""The negative log-likelihood of labels that are each there or not."""

from torch import Tensor
from torch.nn import functional

from crosstie.data.batch import Output
from crosstie.models.losses.loss import Loss, losses
from crosstie.models.losses.weights import Weights, by_class


@losses(
    "sigmoid_cross_entropy",
    of=("set",),
    elsewhere=(
        "bce",
        "binary_cross_entropy",
        "binary_crossentropy",
        "cross_entropy",
        "softmax_cross_entropy",
    ),
)
class SigmoidCrossEntropy(Loss):
    """The mean over labels of -w y log p - (1 - y) log(1 - p).

    Args:
        class_weights: How much a present label counts against an absent one, by the label's name or for each
            in their order; None is 1.
    """

    def __init__(self, output: Output, *, class_weights: Weights | None = None) -> None:
        super().__init__(output)
        self.weight: Tensor | None = by_class(output, class_weights)

    def rows(self, logits: Tensor, target: Tensor) -> Tensor:
        """`[n]`."""
        found = functional.binary_cross_entropy_with_logits(
            logits, target, reduction="none", pos_weight=self.weight
        )
        return found.mean(-1)
