"""A constant share lost with each step."""

from typing import Annotated

from annotated_types import Ge, Gt, Le

from crosstie.training.schedules.schedule import Schedule, schedules


@schedules("exponential", elsewhere=("exponential_decay", "ExponentialLR"))
class Exponential(Schedule):
    """Falls by the same share over every so many steps.

    Args:
        warmup_fraction: Share of the planned steps over which the rate rises from 0.
        decay_rate: What the rate is multiplied by over `decay_steps` steps.
        decay_steps: Steps in which it is.
        staircase: Fall at once every `decay_steps` steps instead of a little with each.
    """

    def __init__(
        self,
        *,
        warmup_fraction: Annotated[float, Ge(0), Le(1)] = 0.0,
        decay_rate: Annotated[float, Gt(0), Le(1)] = 0.96,
        decay_steps: Annotated[int, Ge(1)] = 10_000,
        staircase: bool = False,
    ) -> None:
        super().__init__(warmup_fraction)
        self.decay_rate = decay_rate
        self.decay_steps = decay_steps
        self.staircase = staircase

    def after_warmup(self, step: int, total: int) -> float:
        times = step // self.decay_steps if self.staircase else step / self.decay_steps
        return float(self.decay_rate**times)
