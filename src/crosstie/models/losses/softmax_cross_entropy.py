"""The negative log-likelihood of several classes."""

import math
from typing import Annotated

from annotated_types import Ge, Lt
from torch import Tensor
from torch.nn import functional

from crosstie.data.batch import Output
from crosstie.models.losses.loss import Loss, losses
from crosstie.models.losses.weights import ClassWeights, by_class


@losses(
    "softmax_cross_entropy",
    of=("category",),
    elsewhere=("cross_entropy", "categorical_crossentropy", "multi_logloss", "nll", "log_loss"),
)
class SoftmaxCrossEntropy(Loss):
    """-log of the probability of the true class.

    Args:
        class_weights: How much rows of each class count, by the class's name or in the order of the classes;
            `balanced` makes all classes count alike; None is all rows alike.
        label_smoothing: Share of certainty spread evenly over all classes.
        confidence_penalty: Times (log of the number of classes - entropy of the prediction), added: against
            overconfidence (arXiv:1701.06548).
    """

    def __init__(
        self,
        output: Output,
        *,
        class_weights: ClassWeights | None = None,
        label_smoothing: Annotated[float, Ge(0), Lt(1)] = 0.0,
        confidence_penalty: Annotated[float, Ge(0)] = 0.0,
    ) -> None:
        super().__init__(output)
        self.weight: Tensor | None = by_class(output, class_weights)
        self.label_smoothing = label_smoothing
        self.confidence_penalty = confidence_penalty

    def class_weights(self, target: Tensor) -> Tensor | None:
        """The weight of each row's class."""
        return None if self.weight is None else self.weight[target]

    def rows(self, logits: Tensor, target: Tensor) -> Tensor:
        """`[n]`."""
        found = functional.cross_entropy(
            logits, target, reduction="none", label_smoothing=self.label_smoothing
        )
        if self.confidence_penalty:
            logs = logits.log_softmax(-1)
            entropy = -(logs.exp() * logs).sum(-1)
            found = found + self.confidence_penalty * (math.log(logits.shape[-1]) - entropy)
        return found
