"""The negative log-likelihood of labels that are each there or not."""

from typing import Annotated

from annotated_types import Ge
from torch import Tensor
from torch.nn import functional

from crosstie.data.batch import Output
from crosstie.models.losses.loss import Loss, losses
from crosstie.models.losses.weights import by_class


@losses("sigmoid_cross_entropy", of=("set",))
class SigmoidCrossEntropy(Loss):
    """The mean over labels of -w y log p - (1 - y) log(1 - p).

    Args:
        class_weights: How much a present label counts against an absent one, for each label in their order;
            None is 1.
    """

    def __init__(
        self, output: Output, *, class_weights: list[Annotated[float, Ge(0)]] | None = None
    ) -> None:
        super().__init__(output)
        self.weight: Tensor | None = by_class(output, class_weights)

    def rows(self, logits: Tensor, target: Tensor) -> Tensor:
        """`[n]`."""
        found = functional.binary_cross_entropy_with_logits(
            logits, target, reduction="none", pos_weight=self.weight
        )
        return found.mean(-1)
