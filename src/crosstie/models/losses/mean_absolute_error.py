"""Distance: what the median minimises."""

from torch import Tensor

from crosstie.models.losses.loss import Loss, losses


@losses(
    "mean_absolute_error", of=("number", "timeseries"), elsewhere=("mae", "l1", "absolute_error")
)
class MeanAbsoluteError(Loss):
    """The mean of absolute differences, in standardised units."""

    def rows(self, logits: Tensor, target: Tensor) -> Tensor:
        """`[n]`, or `[n, size]` of a series."""
        return (logits - target).abs()
