"""Down with the square root of the step."""

from typing import Annotated

from annotated_types import Ge, Le

from crosstie.training.schedules.schedule import Schedule, schedules


@schedules("inverse_sqrt", elsewhere=("noam", "rsqrt", "inverse_square_root"))
class InverseSqrt(Schedule):
    """Falls with the inverse square root of the step (Vaswani et al. 2017).

    Args:
        warmup_fraction: Share of the planned steps over which the rate rises from 0.
        steps: After so many steps the rate is down to 0.71; None takes as many as the warm-up, at least 100.
    """

    def __init__(
        self,
        *,
        warmup_fraction: Annotated[float, Ge(0), Le(1)] = 0.05,
        steps: Annotated[int, Ge(1)] | None = None,
    ) -> None:
        super().__init__(warmup_fraction)
        self.steps = steps

    def after_warmup(self, step: int, total: int) -> float:
        share = self.warmup_fraction
        warmup = round(total * share / (1 - share)) if share < 1 else 0
        scale = self.steps or max(warmup, 100)
        return float((scale / (scale + step)) ** 0.5)
