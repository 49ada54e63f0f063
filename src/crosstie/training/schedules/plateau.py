"""Down whenever validation stops getting better."""

from typing import Annotated, Any

from annotated_types import Ge, Gt, Le, Lt

from crosstie.training.schedules.schedule import Schedule, schedules


@schedules("plateau", elsewhere=("ReduceLROnPlateau",))
class Plateau(Schedule):
    """Falls when `patience` evaluations in a row were not the best so far.

    Args:
        warmup_fraction: Share of the planned steps over which the rate rises from 0.
        patience: Evaluations without gain before the rate falls.
        rate: What the rate is multiplied by each time.
        least: Share of the rate that it never falls below.
    """

    def __init__(
        self,
        *,
        warmup_fraction: Annotated[float, Ge(0), Le(1)] = 0.0,
        patience: Annotated[int, Ge(1)] = 3,
        rate: Annotated[float, Gt(0), Lt(1)] = 0.5,
        least: Annotated[float, Ge(0), Le(1)] = 1e-3,
    ) -> None:
        super().__init__(warmup_fraction)
        self.patience = patience
        self.rate = rate
        self.least = least
        self._factor = 1.0
        self._waited = 0

    def after_warmup(self, step: int, total: int) -> float:
        return self._factor

    def observe(self, *, improved: bool) -> None:
        self._waited = 0 if improved else self._waited + 1
        if self._waited >= self.patience:
            self._waited = 0
            self._factor = max(self._factor * self.rate, self.least)

    def state(self) -> dict[str, Any]:
        return {"factor": self._factor, "waited": self._waited}

    def restore(self, state: dict[str, Any]) -> None:
        self._factor, self._waited = state["factor"], state["waited"]
