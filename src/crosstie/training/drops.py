"""Lowering the learning rate when training stops getting better, beside whatever schedule is used."""

from typing import Any


class Drops:
    """Counts evaluations without gain, and says what the rate is multiplied by.

    Args:
        most: How often the rate may be lowered; 0 never.
        patience: Evaluations without gain before it is.
        rate: What it is multiplied by each time.
    """

    def __init__(self, most: int, *, patience: int, rate: float) -> None:
        self.most = most
        self.patience = patience
        self.rate = rate
        self._done = 0
        self._waited = 0
        self._least: float | None = None

    @property
    def factor(self) -> float:
        """What the rate is multiplied by."""
        return float(self.rate**self._done)

    def observe_loss(self, loss: float) -> None:
        """Told after each evaluation what a loss is by now."""
        improved = self._least is None or loss < self._least
        if improved:
            self._least = loss
        self.observe(improved=improved)

    def observe(self, *, improved: bool) -> None:
        """Told after each evaluation whether it was the best so far."""
        self._waited = 0 if improved else self._waited + 1
        if self._waited >= self.patience and self._done < self.most:
            self._waited = 0
            self._done += 1

    def state(self) -> dict[str, Any]:
        """For a checkpoint."""
        return {"done": self._done, "waited": self._waited, "least": self._least}

    def restore(self, state: dict[str, Any]) -> None:
        """Put back what `state` gave."""
        self._done, self._waited = state["done"], state["waited"]
        self._least = state["least"]
