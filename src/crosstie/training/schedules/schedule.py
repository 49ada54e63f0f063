"""The contract of a learning-rate schedule: a factor for each step of the plan."""

from abc import ABC, abstractmethod
from typing import Any

from crosstie.config.registry import Registry


class Schedule(ABC):
    """Multiplies the learning rate, step by step. Pure but for `plateau`, so a resume needs only the step.

    Args:
        warmup_fraction: Share of the planned steps over which the rate rises from 0.
    """

    def __init__(self, warmup_fraction: float = 0.0) -> None:
        self.warmup_fraction = warmup_fraction

    def factor(self, step: int, total: int) -> float:
        """The factor for step `step` (from 0) of `total`."""
        warmup = round(self.warmup_fraction * total)
        if step < warmup:
            return (step + 1) / (warmup + 1)
        left = max(total - warmup, 1)
        return self.after_warmup(min(step - warmup, left), left)

    @abstractmethod
    def after_warmup(self, step: int, total: int) -> float:
        """The factor once warm-up is over; `step` runs from 0 to `total`."""

    def observe(self, *, improved: bool) -> None:
        """Told after each evaluation whether it was the best so far."""

    def state(self) -> dict[str, Any]:
        """What a resume needs beyond the step."""
        return {}

    def restore(self, state: dict[str, Any]) -> None:
        """Put back what `state` gave."""


schedules: Registry[Schedule] = Registry("schedule", home="crosstie.training.schedules")
