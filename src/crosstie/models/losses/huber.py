"""Squares near the target, distance far from it: outliers pull no harder than they must."""

from typing import Annotated

from annotated_types import Gt
from torch import Tensor
from torch.nn import functional

from crosstie.data.batch import Output
from crosstie.models.losses.loss import Loss, losses


@losses("huber", of=("number", "timeseries"), elsewhere=("smooth_l1",))
class Huber(Loss):
    """Half the squared difference up to delta, then delta times (difference - delta / 2) (Huber 1964).

    Args:
        delta: Where it turns, in standard deviations of the target.
    """

    def __init__(self, output: Output, *, delta: Annotated[float, Gt(0)] = 1.0) -> None:
        super().__init__(output)
        self.delta = delta

    def rows(self, logits: Tensor, target: Tensor) -> Tensor:
        """`[n]`, or `[n, size]` of a series."""
        return functional.huber_loss(logits, target, reduction="none", delta=self.delta)
