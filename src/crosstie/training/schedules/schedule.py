"""The contract of a learning-rate schedule: a factor for each step of the plan."""

from abc import ABC, abstractmethod
from typing import Any, ClassVar

from crosstie.config.registry import Registry
from crosstie.config.words import Answer


class Schedule(ABC):
    """Multiplies the learning rate, step by step. Pure but for `plateau`, so a resume needs only the step.

    Args:
        warmup_fraction: Share of the planned steps over which the rate rises from 0.

    Attributes:
        warmup_steps: Steps over which it rises at least.
        floor: The factor that takes the place of 0 after warm-up.
    """

    answers: ClassVar[dict[str, Answer]] = {
        "decay_rate": Answer("is read of `decay: exponential`", (0.96,)),
        "decay_steps": Answer("is read of `decay: exponential`", (10_000,)),
        "staircase": Answer("is read of `decay: exponential`", (False,)),
        "t_0": Answer("is read of `decay: cosine`", (None,)),
        "t_mult": Answer("is read of `decay: cosine`", (1,)),
        "warmup_steps": Answer("write `warmup_fraction: …`, a share of all steps"),
    }
    warmup_steps = 0
    floor = 0.0

    def __init__(self, warmup_fraction: float = 0.0) -> None:
        self.warmup_fraction = warmup_fraction

    def factor(self, step: int, total: int) -> float:
        """The factor for step `step` (from 0) of `total`."""
        warmup = max(round(self.warmup_fraction * total), self.warmup_steps)
        if step < warmup:
            return (step + 1) / (warmup + 1)
        left = max(total - warmup, 1)
        return self.floor + (1 - self.floor) * self.after_warmup(min(step - warmup, left), left)

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
