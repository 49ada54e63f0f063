"""The learning rate of every step: one base rate, a schedule over the plan, and drops where training gets no better."""

import copy
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from crosstie.training.callbacks.callback import Metrics
from crosstie.training.feed import Rows
from crosstie.training.learning_rate_finder import Curve, range_test
from crosstie.training.trainer import Trainer
from crosstie.training.update import Update


class Rate:
    """What the optimizer steps with.

    Args:
        options: The trainer.
        updates_an_epoch: Steps of the optimizer in an epoch.
        frozen_steps: Of all steps the first so many, in which only what is new learns: the schedule runs once in
            them and once after.

    Attributes:
        base: The rate that schedule and drops multiply.
    """

    def __init__(self, options: Trainer, *, updates_an_epoch: int, frozen_steps: int) -> None:
        self.base = options.learning_rate if options.learning_rate != "auto" else 1e-3
        self.pace = options.pace
        self.schedule = options.schedule
        self.schedule.warmup_steps = round(self.pace.warmup_evaluations * updates_an_epoch)
        self.drops = copy.deepcopy(self.pace.drops)
        self.frozen_steps = frozen_steps

    def at(self, step: int, total: int) -> float:
        """The rate of step `step` (from 0) of `total`."""
        self.schedule.floor = min(self.pace.eta_min / self.base, 1.0)
        first = self.frozen_steps
        step, steps = (step, first) if step < first else (step - first, total - first)
        return self.base * self.schedule.factor(step, max(steps, 1)) * self.drops.factor

    def find(self, update: Update, batches: Iterator[Rows], *, asked: Callable[[], bool]) -> Curve:
        """Take the base rate from a range test, which spoils the network's weights; the optimizer is as before.

        Args:
            update: Tries the rates.
            batches: To try them on, without end.
            asked: Whether this process was asked to stop.
        """

        def step() -> float:
            update.gradients(next(batches))
            return float(update.step(asked=asked()))

        update.network.train()
        scale = update.runner.state()
        curve = range_test(update.bare, step)
        update.bare.state.clear()
        update.runner.restore(scale)
        self.base = curve.chosen
        return curve

    def observe(self, found: Metrics, output: str, *, improved: bool) -> None:
        """Told after each evaluation.

        Args:
            found: By split, what was measured.
            output: The one that decides.
            improved: Whether it was the best so far.
        """
        self.schedule.observe(improved=improved)
        split = "train" if self.pace.reduce_eval_split == "training" else "validation"
        if split == "train" or self.pace.reduce_eval_metric == "loss":
            self.drops.observe_loss(found[split][output]["loss"])
        else:
            self.drops.observe(improved=improved)

    def state(self) -> dict[str, Any]:
        """For a checkpoint."""
        return {
            "schedule": self.schedule.state(),
            "drops": self.drops.state(),
            "learning_rate": self.base,
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Put back what `state` gave; more may stand beside it."""
        self.schedule.restore(state["schedule"])
        self.drops.restore(state["drops"])
        self.base = state["learning_rate"]
