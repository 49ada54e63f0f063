"""Listens to a trial while it trains: tells the study how it does, and ends it where the study says so."""

import os
from collections.abc import Callable

from crosstie.search.goal import Goal
from crosstie.training.callbacks.callback import Callback, Progress


class Pruned(Exception):
    """A trial was ended because it went badly."""

    def __init__(self, step: int, unit: str) -> None:
        self.step = step
        self.unit = unit
        super().__init__(f"{unit} {step}")


class Watched(Callback):
    """Reports each evaluation; asks training to end where the trial goes badly, and then keeps no model of it.

    Args:
        goal: What is reported.
        goes_badly: Given a step and the value there, whether the trial is to be ended.
        parent: The process that started this one: when it is gone, nobody waits for the trial.
    """

    def __init__(
        self,
        goal: Goal,
        goes_badly: Callable[[int, float], bool],
        *,
        parent: int | None = None,
    ) -> None:
        self.goal = goal
        self.goes_badly = goes_badly
        self.parent = parent
        self.ended: Pruned | None = None

    def on_step_end(self, progress: Progress) -> None:
        """Leave where the parent process was killed."""
        if self.parent is not None and os.getppid() != self.parent:
            raise KeyboardInterrupt

    def on_evaluate(self, progress: Progress) -> None:
        """An epoch of a network is a step, and a tree of a booster."""
        value = self.goal.seen(progress)
        unit, step = (
            ("epoch", progress.epoch) if progress.unit == "step" else (progress.unit, progress.step)
        )
        if value is not None and self.ended is None and self.goes_badly(step, value):
            self.ended = Pruned(step, unit)
            progress.ends_here = True

    def on_train_end(self, progress: Progress) -> None:
        """Nothing is exported of a trial that is not kept."""
        if self.ended is not None:
            raise self.ended
        if progress.stopped == "interrupted":
            raise KeyboardInterrupt
