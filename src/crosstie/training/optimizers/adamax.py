"""Adam by the largest gradient."""

from typing import Annotated

import torch
from annotated_types import Ge, Gt

from crosstie.training.optimizers.optimizer import Groups, Optimizer, light, optimizers


@optimizers("adamax")
class Adamax(Optimizer):
    """Adam with the infinity norm (Kingma and Ba 2015).

    Args:
        weight_decay: Pull of weights towards zero; biases, norms and scalings are spared.
        betas: Memory of the gradient and of its square.
        eps: Keeps a division from exploding.
    """

    def __init__(
        self,
        *,
        weight_decay: Annotated[float, Ge(0)] = 0.0,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: Annotated[float, Gt(0)] = 1e-8,
    ) -> None:
        self.weight_decay = weight_decay
        self.betas = betas
        self.eps = eps

    def build(self, groups: Groups, learning_rate: float) -> torch.optim.Optimizer:
        return light(torch.optim.Adamax)(
            groups,
            lr=learning_rate,
            betas=self.betas,
            eps=self.eps,
        )
