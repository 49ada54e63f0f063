"""The same rate from start to end."""

from typing import Annotated

from annotated_types import Ge, Le

from crosstie.training.schedules.schedule import Schedule, schedules


@schedules("constant", elsewhere=("none", "fixed", "constant_with_warmup"))
class Constant(Schedule):
    """The same rate from start to end.

    Args:
        warmup_fraction: Share of the planned steps over which the rate rises from 0.
    """

    def __init__(
        self,
        *,
        warmup_fraction: Annotated[float, Ge(0), Le(1)] = 0.0,
    ) -> None:
        super().__init__(warmup_fraction)

    def after_warmup(self, step: int, total: int) -> float:
        return 1.0
