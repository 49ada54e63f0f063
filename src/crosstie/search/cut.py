"""Ends a fit early, at a boundary of its units: a tree, an epoch. Where it was ended is kept, so that it can be again."""

import time

from crosstie.training.callbacks.callback import Callback, Progress


class Cut(Callback):
    """Asks training to end when its next unit would end too late, or after the step at which it ended before.

    Args:
        deadline: On the monotonic clock, in seconds; None is never.
        at: The step after which to end, whatever the clock says.

    Attributes:
        step: The step after which it did ask; None if training ended by itself.
    """

    def __init__(self, deadline: float | None = None, *, at: int | None = None) -> None:
        self.deadline = deadline
        self.at = at
        self.step: int | None = None
        self._began = time.monotonic()
        self._units = 0

    def on_train_start(self, progress: Progress) -> None:
        """Begin to measure how long a unit takes."""
        self._began, self._units = time.monotonic(), 0

    def on_step_end(self, progress: Progress) -> None:
        """A tree is a unit."""
        if progress.unit == "tree":
            self._unit(progress)

    def on_epoch_end(self, progress: Progress) -> None:
        """So is an epoch."""
        self._unit(progress)

    def _unit(self, progress: Progress) -> None:
        self._units += 1
        if self.at is not None:
            over = progress.step >= self.at
        elif self.deadline is not None:
            now = time.monotonic()
            over = now + (now - self._began) / self._units > self.deadline
        else:
            over = False
        if over and progress.step != progress.total_steps:
            self.step = progress.step
            progress.ends_here = True
