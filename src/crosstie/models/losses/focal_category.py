"""Focal loss over several classes."""

from typing import Annotated

from annotated_types import Ge
from torch import Tensor
from torch.nn import functional

from crosstie.data.batch import Output
from crosstie.models.losses.focal import focus
from crosstie.models.losses.loss import Loss, losses
from crosstie.models.losses.weights import ClassWeights, by_class


@losses("focal", of=("category",), elsewhere=("focal_loss",))
class FocalCategory(Loss):
    """-(1 - p)^gamma log p, where p is the probability of the true class (arXiv:1708.02002).

    Args:
        gamma: How little an easy row counts; 0 is cross-entropy.
        class_weights: How much rows of each class count, by the class's name or in the order of the classes;
            `balanced` makes all classes count alike; None is all rows alike.
    """

    def __init__(
        self,
        output: Output,
        *,
        gamma: Annotated[float, Ge(0)] = 2.0,
        class_weights: ClassWeights | None = None,
    ) -> None:
        super().__init__(output)
        self.gamma = gamma
        self.weight: Tensor | None = by_class(output, class_weights)

    def class_weights(self, target: Tensor) -> Tensor | None:
        """The weight of each row's class."""
        return None if self.weight is None else self.weight[target]

    def rows(self, logits: Tensor, target: Tensor) -> Tensor:
        """`[n]`."""
        entropy = functional.cross_entropy(logits, target, reduction="none")
        return focus(entropy, (-entropy).exp(), self.gamma)
