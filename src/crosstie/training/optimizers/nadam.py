"""Adam with Nesterov momentum."""

from typing import Annotated

import torch
from annotated_types import Ge, Gt

from crosstie.training.optimizers.optimizer import Groups, Optimizer, light, optimizers


@optimizers("nadam")
class NAdam(Optimizer):
    """Adam with Nesterov momentum (Dozat 2016).

    Args:
        weight_decay: Pull of weights towards zero; biases, norms and scalings are spared.
        betas: Memory of the gradient and of its square.
        eps: Keeps a division from exploding.
        momentum_decay: How the momentum fades.
    """

    def __init__(
        self,
        *,
        weight_decay: Annotated[float, Ge(0)] = 0.0,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: Annotated[float, Gt(0)] = 1e-8,
        momentum_decay: Annotated[float, Ge(0)] = 0.004,
    ) -> None:
        self.weight_decay = weight_decay
        self.betas = betas
        self.eps = eps
        self.momentum_decay = momentum_decay

    def build(self, groups: Groups, learning_rate: float) -> torch.optim.Optimizer:
        return light(torch.optim.NAdam)(
            groups,
            lr=learning_rate,
            betas=self.betas,
            eps=self.eps,
            momentum_decay=self.momentum_decay,
        )
