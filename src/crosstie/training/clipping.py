"""Limits to gradients, under the names that declarative files have for them."""

from collections.abc import Iterable
from typing import Annotated

import torch
from annotated_types import Gt
from torch import nn


class Clipping:
    """Limits to gradients before a step.

    Args:
        clipglobalnorm: Largest norm of all gradients together; null is no limit.
        clipnorm: Largest norm of each parameter's gradient.
        clipvalue: Largest size of each gradient.
    """

    def __init__(
        self,
        *,
        clipglobalnorm: Annotated[float, Gt(0)] | None = 1.0,
        clipnorm: Annotated[float, Gt(0)] | None = None,
        clipvalue: Annotated[float, Gt(0)] | None = None,
    ) -> None:
        self.clipglobalnorm = clipglobalnorm
        self.clipnorm = clipnorm
        self.clipvalue = clipvalue

    def apply(self, parameters: Iterable[nn.Parameter]) -> None:
        """Limit the gradients in place."""
        parameters = list(parameters)
        if self.clipvalue is not None:
            torch.nn.utils.clip_grad_value_(parameters, self.clipvalue)
        if self.clipnorm is not None:
            for each in parameters:
                torch.nn.utils.clip_grad_norm_([each], self.clipnorm)
        if self.clipglobalnorm is not None:
            torch.nn.utils.clip_grad_norm_(parameters, self.clipglobalnorm)
