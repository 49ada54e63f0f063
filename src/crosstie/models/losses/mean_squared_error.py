"""Squared distance: what the mean minimises."""

from torch import Tensor

from crosstie.models.losses.loss import Loss, losses


@losses("mean_squared_error", of=("number", "timeseries"), elsewhere=("mse", "l2", "squared_error"))
class MeanSquaredError(Loss):
    """The mean of squared differences, in standardised units."""

    def rows(self, logits: Tensor, target: Tensor) -> Tensor:
        """`[n]`, or `[n, size]` of a series."""
        return (logits - target).square()
