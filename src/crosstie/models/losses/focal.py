"""Cross-entropy that leaves easy rows alone."""

from typing import Annotated

import torch
from annotated_types import Ge, Gt, Lt
from torch import Tensor
from torch.nn import functional

from crosstie.data.batch import Output
from crosstie.models.losses.loss import Loss, losses


@losses("focal", of=("binary",), elsewhere=("focal_loss",))
class Focal(Loss):
    """-a (1 - p)^gamma log p, where p is the probability of the true class (arXiv:1708.02002).

    Args:
        gamma: How little an easy row counts; 0 is cross-entropy.
        alpha: Weight a of positive rows, 1 - a of negative ones; None weighs neither.
    """

    def __init__(
        self,
        output: Output,
        *,
        gamma: Annotated[float, Ge(0)] = 2.0,
        alpha: Annotated[float, Gt(0), Lt(1)] | None = None,
    ) -> None:
        super().__init__(output)
        self.gamma = gamma
        self.alpha = alpha

    def rows(self, logits: Tensor, target: Tensor) -> Tensor:
        """`[n]`."""
        entropy = functional.binary_cross_entropy_with_logits(logits, target, reduction="none")
        true = torch.sigmoid(logits * (2 * target - 1))
        found = focus(entropy, true, self.gamma)
        if self.alpha is None:
            return found
        return (self.alpha * target + (1 - self.alpha) * (1 - target)) * found


def focus(entropy: Tensor, true: Tensor, gamma: float) -> Tensor:
    """Cross-entropy times (1 - p)^gamma; a certain row's slope stays finite."""
    return entropy if gamma == 0 else (1 - true).clamp(min=1e-8) ** gamma * entropy
