"""The root of the mean square, so that the loss is in the target's units."""

from torch import Tensor

from crosstie.models.losses.loss import Loss, losses

STEEP = 1e-12  # the root's slope at 0 is infinite


@losses("root_mean_squared_error", of=("number",), elsewhere=("rmse",))
class RootMeanSquaredError(Loss):
    """The root of a batch's mean squared difference, in standardised units; each member's own."""

    def rows(self, logits: Tensor, target: Tensor) -> Tensor:
        """Squares `[n]`; the root is taken of their mean."""
        return (logits - target).square()

    def reduce(self, rows: Tensor, weights: Tensor | None) -> Tensor:
        """Root of the mean over rows, then mean over members."""
        return self.over_rows(rows, weights).clamp(min=STEEP).sqrt().mean()
