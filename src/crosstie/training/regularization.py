"""A pull of the weights towards zero, as a term of the loss rather than of the optimizer."""

from collections.abc import Sequence
from typing import Literal

import torch
from torch import nn

Kind = Literal["l1", "l2", "l1_l2"]


class Regularization:
    """Adds the gradient of a penalty on the weights: that of lambda times the sum of |w| (`l1`), of w² (`l2`) or both.

    The penalty itself is never computed: only its gradient matters, and what is shown stays the loss of the data.

    Args:
        parameters: Those that weight decay is for; biases, norms and scalings are spared.
        kind: Which penalty.
        strength: Its lambda; 0 is none.
    """

    def __init__(
        self, parameters: Sequence[nn.Parameter], kind: Kind | None, strength: float
    ) -> None:
        self.parameters = list(parameters) if kind is not None and strength > 0 else []
        self.kind = kind
        self.strength = strength

    @torch.no_grad()
    def apply(self) -> None:
        """Add to the gradients in place."""
        for each in self.parameters:
            if each.grad is None:
                continue
            if self.kind != "l2":
                each.grad.add_(each.sign(), alpha=self.strength)
            if self.kind != "l1":
                each.grad.add_(each, alpha=2 * self.strength)
