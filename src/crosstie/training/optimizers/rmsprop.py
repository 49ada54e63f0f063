"""RMSprop."""

from typing import Annotated

import torch
from annotated_types import Ge, Gt, Lt

from crosstie.training.optimizers.optimizer import Groups, Optimizer, light, optimizers


@optimizers("rmsprop")
class RMSprop(Optimizer):
    """Steps divided by the recent size of the gradient (Tieleman and Hinton 2012).

    Args:
        weight_decay: Pull of weights towards zero; biases, norms and scalings are spared.
        alpha: Memory of squared gradients.
        momentum: Memory of steps.
        centered: Divide by the deviation instead of the size.
        eps: Keeps a division from exploding.
    """

    def __init__(
        self,
        *,
        weight_decay: Annotated[float, Ge(0)] = 0.0,
        alpha: Annotated[float, Ge(0), Lt(1)] = 0.99,
        momentum: Annotated[float, Ge(0)] = 0.0,
        centered: bool = False,
        eps: Annotated[float, Gt(0)] = 1e-8,
    ) -> None:
        self.weight_decay = weight_decay
        self.alpha = alpha
        self.momentum = momentum
        self.centered = centered
        self.eps = eps

    def build(self, groups: Groups, learning_rate: float) -> torch.optim.Optimizer:
        return light(torch.optim.RMSprop)(
            groups,
            lr=learning_rate,
            alpha=self.alpha,
            momentum=self.momentum,
            centered=self.centered,
            eps=self.eps,
        )
