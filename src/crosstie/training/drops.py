"""Lowering the learning rate when validation stops getting better, beside whatever schedule is used."""

from typing import Annotated, Any

from annotated_types import Ge, Gt, Le


class Drops:
    """Options that every schedule has.

    Args:
        reduce_on_plateau: How often the rate may be lowered because validation got no better; 0 never.
        reduce_on_plateau_patience: Evaluations without gain before it is.
        reduce_on_plateau_rate: What it is multiplied by each time.
    """

    def __init__(
        self,
        *,
        reduce_on_plateau: Annotated[int, Ge(0)] = 0,
        reduce_on_plateau_patience: Annotated[int, Ge(1)] = 10,
        reduce_on_plateau_rate: Annotated[float, Gt(0), Le(1)] = 0.1,
    ) -> None:
        self.most = reduce_on_plateau
        self.patience = reduce_on_plateau_patience
        self.rate = reduce_on_plateau_rate
        self._done = 0
        self._waited = 0

    @property
    def factor(self) -> float:
        """What the rate is multiplied by."""
        return float(self.rate**self._done)

    def observe(self, *, improved: bool) -> None:
        """Told after each evaluation whether it was the best so far."""
        self._waited = 0 if improved else self._waited + 1
        if self._waited >= self.patience and self._done < self.most:
            self._waited = 0
            self._done += 1

    def state(self) -> dict[str, Any]:
        """For a checkpoint."""
        return {"done": self._done, "waited": self._waited}

    def restore(self, state: dict[str, Any]) -> None:
        """Put back what `state` gave."""
        self._done, self._waited = state["done"], state["waited"]
