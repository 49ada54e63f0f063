"""Ends a fit early, at a boundary of its units: a tree, an epoch. Where it was ended is kept, so that it can be again."""

import time

from crosstie.training.callbacks.callback import Callback, Progress


class Cut(Callback):
    """Asks training to end when its next unit would end too late, or after the step at which it ended before.

    Args:
        deadline: On the monotonic clock, in seconds; None is never.
        at: The step after which to end, whatever the clock says.
        behind: Seconds that come behind the last unit for each second of units: more trees take longer to write
            and to ask.

    Attributes:
        step: The step after which it did ask; None if training ended by itself.
        learned: Seconds of units so far.
        ended: When the last of them did, on the monotonic clock.
    """

    def __init__(
        self, deadline: float | None = None, *, at: int | None = None, behind: float = 0.0
    ) -> None:
        self.deadline = deadline
        self.at = at
        self.behind = behind
        self.step: int | None = None
        self.learned = 0.0
        self.ended = self._began = time.monotonic()
        self._units = 0

    def on_train_start(self, progress: Progress) -> None:
        """Begin to measure how long a unit takes."""
        self.ended = self._began = time.monotonic()
        self._units = 0

    def on_step_end(self, progress: Progress) -> None:
        """A tree is a unit."""
        if progress.unit == "tree":
            self._unit(progress)

    def on_epoch_end(self, progress: Progress) -> None:
        """So is an epoch."""
        self._unit(progress)

    def _unit(self, progress: Progress) -> None:
        self._units += 1
        self.ended = time.monotonic()
        self.learned = self.ended - self._began
        if self.at is not None:
            over = progress.step >= self.at
        elif self.deadline is not None:
            unit = self.learned / self._units
            over = self.ended + unit + self.behind * (self.learned + unit) > self.deadline
        else:
            over = False
        if over and progress.step != progress.total_steps:
            self.step = progress.step
            progress.ends_here = True
