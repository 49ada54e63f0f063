"""Stochastic gradient descent."""

from typing import Annotated

import torch
from annotated_types import Ge

from crosstie.errors import ConfigError, Problem
from crosstie.training.optimizers.optimizer import Groups, Optimizer, light, optimizers


@optimizers("sgd", elsewhere=("momentum", "nesterov", "stochastic_gradient_descent"))
class SGD(Optimizer):
    """Stochastic gradient descent, with momentum if asked.

    Args:
        weight_decay: Pull of weights towards zero; biases, norms and scalings are spared.
        momentum: Memory of steps.
        dampening: How much of the new gradient momentum leaves out.
        nesterov: Look ahead by the momentum.
    """

    def __init__(
        self,
        *,
        weight_decay: Annotated[float, Ge(0)] = 0.0,
        momentum: Annotated[float, Ge(0)] = 0.0,
        dampening: Annotated[float, Ge(0)] = 0.0,
        nesterov: bool = False,
    ) -> None:
        if nesterov and (momentum <= 0 or dampening != 0):
            raise ConfigError(
                Problem(
                    "trainer.optimizer.nesterov",
                    f"needs a momentum and no dampening, got momentum {momentum:g}, dampening {dampening:g}",
                )
            )
        self.weight_decay = weight_decay
        self.momentum = momentum
        self.dampening = dampening
        self.nesterov = nesterov

    def build(self, groups: Groups, learning_rate: float) -> torch.optim.Optimizer:
        return light(torch.optim.SGD)(
            groups,
            lr=learning_rate,
            momentum=self.momentum,
            dampening=self.dampening,
            nesterov=self.nesterov,
        )
