"""Adagrad."""

from typing import Annotated

import torch
from annotated_types import Ge, Gt

from crosstie.training.optimizers.optimizer import Groups, Optimizer, light, optimizers


@optimizers("adagrad")
class Adagrad(Optimizer):
    """Steps shrink with the gradients seen so far (Duchi et al. 2011).

    Args:
        weight_decay: Pull of weights towards zero; biases, norms and scalings are spared.
        lr_decay: How the rate fades with steps.
        initial_accumulator_value: Squared gradient to start with.
        eps: Keeps a division from exploding.
    """

    def __init__(
        self,
        *,
        weight_decay: Annotated[float, Ge(0)] = 0.0,
        lr_decay: Annotated[float, Ge(0)] = 0.0,
        initial_accumulator_value: Annotated[float, Ge(0)] = 0.0,
        eps: Annotated[float, Gt(0)] = 1e-10,
    ) -> None:
        self.weight_decay = weight_decay
        self.lr_decay = lr_decay
        self.initial_accumulator_value = initial_accumulator_value
        self.eps = eps

    def build(self, groups: Groups, learning_rate: float) -> torch.optim.Optimizer:
        return light(torch.optim.Adagrad)(
            groups,
            lr=learning_rate,
            lr_decay=self.lr_decay,
            initial_accumulator_value=self.initial_accumulator_value,
            eps=self.eps,
        )
