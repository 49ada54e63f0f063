"""What a quantile minimises: for predictions that should be too low that often."""

from typing import Annotated

import torch
from annotated_types import Gt, Lt
from torch import Tensor

from crosstie.data.batch import Output
from crosstie.models.losses.loss import Loss, losses


@losses("quantile", of=("number",), elsewhere=("pinball",))
class Quantile(Loss):
    """The pinball loss: q times the distance where the target is above, 1 - q where it is below (Koenker 1978).

    Args:
        quantile: Share of targets that should lie below the prediction; 0.5 is the median.
    """

    def __init__(self, output: Output, *, quantile: Annotated[float, Gt(0), Lt(1)] = 0.5) -> None:
        super().__init__(output)
        self.quantile = quantile

    def rows(self, logits: Tensor, target: Tensor) -> Tensor:
        """`[n]`."""
        above = target - logits
        return torch.maximum(self.quantile * above, (self.quantile - 1) * above)
