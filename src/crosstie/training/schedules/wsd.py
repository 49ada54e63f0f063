"""Warm up, stay, decay."""

from typing import Annotated

from annotated_types import Ge, Gt, Le

from crosstie.training.schedules.schedule import Schedule, schedules


@schedules("wsd")
class Wsd(Schedule):
    """Warm up, stay, then decay at the end (Hu et al. 2024).

    Args:
        warmup_fraction: Share of the planned steps over which the rate rises from 0.
        decay_fraction: Share of the steps after warm-up in which the rate falls.
        end: Share of the rate at the end.
    """

    def __init__(
        self,
        *,
        warmup_fraction: Annotated[float, Ge(0), Le(1)] = 0.05,
        decay_fraction: Annotated[float, Gt(0), Le(1)] = 0.2,
        end: Annotated[float, Ge(0), Le(1)] = 0.0,
    ) -> None:
        super().__init__(warmup_fraction)
        self.decay_fraction = decay_fraction
        self.end = end

    def after_warmup(self, step: int, total: int) -> float:
        start = (1 - self.decay_fraction) * total
        if step <= start:
            return 1.0
        return 1 - (1 - self.end) * (step - start) / (total - start)
