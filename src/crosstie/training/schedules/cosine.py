"""Half a cosine, once or with restarts."""

import math
from typing import Annotated

from annotated_types import Ge, Le

from crosstie.training.schedules.schedule import Schedule, schedules


@schedules(
    "cosine",
    elsewhere=("cosine_annealing", "CosineAnnealingLR", "cosine_with_restarts", "warmup_cosine"),
)
class Cosine(Schedule):
    """Falls along half a cosine, with warm restarts if asked (Loshchilov and Hutter 2017, arXiv:1608.03983).

    Args:
        warmup_fraction: Share of the planned steps over which the rate rises from 0.
        end: Share of the rate at the end of a cosine.
        t_0: Steps before the first restart; null falls once, over all steps.
        t_mult: How many times longer each cosine is than the one before.
    """

    def __init__(
        self,
        *,
        warmup_fraction: Annotated[float, Ge(0), Le(1)] = 0.0,
        end: Annotated[float, Ge(0), Le(1)] = 0.0,
        t_0: Annotated[int, Ge(1)] | None = None,
        t_mult: Annotated[int, Ge(1)] = 1,
    ) -> None:
        super().__init__(warmup_fraction)
        self.end = end
        self.t_0 = t_0
        self.t_mult = t_mult

    def after_warmup(self, step: int, total: int) -> float:
        length = self.t_0 or total
        while self.t_0 is not None and step >= length:
            step -= length
            length *= self.t_mult
        return self.end + (1 - self.end) * (1 + math.cos(math.pi * step / length)) / 2
