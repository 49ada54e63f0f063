"""Straight down."""

from typing import Annotated

from annotated_types import Ge, Le

from crosstie.training.schedules.schedule import Schedule, schedules


@schedules("linear", elsewhere=("linear_decay", "linear_with_warmup", "linear_warmup"))
class Linear(Schedule):
    """Falls in a straight line.

    Args:
        warmup_fraction: Share of the planned steps over which the rate rises from 0.
        end: Share of the rate at the end.
    """

    def __init__(
        self,
        *,
        warmup_fraction: Annotated[float, Ge(0), Le(1)] = 0.0,
        end: Annotated[float, Ge(0), Le(1)] = 0.0,
    ) -> None:
        super().__init__(warmup_fraction)
        self.end = end

    def after_warmup(self, step: int, total: int) -> float:
        return 1 - (1 - self.end) * step / total
