"""Half a cosine, once or with restarts."""

import math
from typing import Annotated

from annotated_types import Ge, Le

from crosstie.training.schedules.schedule import Schedule, schedules


@schedules("cosine")
class Cosine(Schedule):
    """Falls along half a cosine (Loshchilov and Hutter 2017).

    Args:
        warmup_fraction: Share of the planned steps over which the rate rises from 0.
        end: Share of the rate at the end.
        cycles: How often it starts again.
    """

    def __init__(
        self,
        *,
        warmup_fraction: Annotated[float, Ge(0), Le(1)] = 0.0,
        end: Annotated[float, Ge(0), Le(1)] = 0.0,
        cycles: Annotated[int, Ge(1)] = 1,
    ) -> None:
        super().__init__(warmup_fraction)
        self.end = end
        self.cycles = cycles

    def after_warmup(self, step: int, total: int) -> float:
        place = step * self.cycles / total
        place = 1.0 if step == total else place % 1
        return self.end + (1 - self.end) * (1 + math.cos(math.pi * place)) / 2
