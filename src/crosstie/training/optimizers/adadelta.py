"""Adadelta."""

from typing import Annotated

import torch
from annotated_types import Ge, Gt, Lt

from crosstie.training.optimizers.optimizer import Groups, Optimizer, light, optimizers


@optimizers("adadelta")
class Adadelta(Optimizer):
    """Adagrad with a window (Zeiler 2012). Use a learning rate near 1.

    Args:
        weight_decay: Pull of weights towards zero; biases, norms and scalings are spared.
        rho: Memory of squared gradients.
        eps: Keeps a division from exploding.
    """

    def __init__(
        self,
        *,
        weight_decay: Annotated[float, Ge(0)] = 0.0,
        rho: Annotated[float, Ge(0), Lt(1)] = 0.9,
        eps: Annotated[float, Gt(0)] = 1e-6,
    ) -> None:
        self.weight_decay = weight_decay
        self.rho = rho
        self.eps = eps

    def build(self, groups: Groups, learning_rate: float) -> torch.optim.Optimizer:
        return light(torch.optim.Adadelta)(
            groups,
            lr=learning_rate,
            rho=self.rho,
            eps=self.eps,
        )
