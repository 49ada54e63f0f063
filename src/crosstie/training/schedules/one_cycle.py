"""Up, then far down."""

import math
from typing import Annotated

from annotated_types import Ge, Gt, Le

from crosstie.training.schedules.schedule import Schedule, schedules


@schedules("one_cycle", elsewhere=("OneCycleLR", "1cycle"))
class OneCycle(Schedule):
    """Rises and falls again along cosines (Smith and Topin 2018).

    Args:
        warmup_fraction: Share of the planned steps over which the rate rises from 0.
        start: Share of the rate at the start.
        peak: Share of the steps at which the rate is full.
        end: Share of the rate at the end.
    """

    def __init__(
        self,
        *,
        warmup_fraction: Annotated[float, Ge(0), Le(1)] = 0.0,
        start: Annotated[float, Gt(0), Le(1)] = 0.04,
        peak: Annotated[float, Gt(0), Le(1)] = 0.25,
        end: Annotated[float, Ge(0), Le(1)] = 1e-5,
    ) -> None:
        super().__init__(warmup_fraction)
        self.start = start
        self.peak = peak
        self.end = end

    def after_warmup(self, step: int, total: int) -> float:
        top = self.peak * total
        if step < top:
            return _between(self.start, 1.0, step / top)
        return _between(1.0, self.end, (step - top) / max(total - top, 1))


def _between(first: float, last: float, place: float) -> float:
    """Along half a cosine from `first` to `last`; `place` runs from 0 to 1."""
    return last + (first - last) * (1 + math.cos(math.pi * min(place, 1.0))) / 2
