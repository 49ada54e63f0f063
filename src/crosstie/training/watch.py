"""Looking at a network between epochs: how good it is, which weights were the best, for how long nothing was better."""

import math
from contextlib import nullcontext

from torch import Tensor

from crosstie.training.averaging import Average
from crosstie.training.callbacks.callback import Progress
from crosstie.training.feed import Feed
from crosstie.training.judge import LOSS, Judge, Scores
from crosstie.training.trainer import Trainer
from crosstie.training.update import Update

EPOCHS, STEPS = 6, 100  # without gain, at least both: six epochs of 50 rows are twelve steps
EVALUATED = 20_000  # of the training rows, where they are measured too


class Watch:
    """Measures a network after each epoch, and keeps its best weights.

    Args:
        options: The trainer.
        judge: Knows what counts as better.
        update: Whose network is measured.
        average: Of the weights, which is measured in their place; None has none.
        batch_size: Rows a step.

    Attributes:
        best: The best weights so far; empty before the first evaluation.
        best_loss: Theirs on the rows that decide.
        waited: Evaluations since.
    """

    def __init__(
        self,
        options: Trainer,
        judge: Judge,
        update: Update,
        *,
        average: Average | None,
        batch_size: int,
    ) -> None:
        self.options = options
        self.judge = judge
        self.update = update
        self.average = average
        self.size = options.batches.rows_an_evaluation(batch_size)
        self.best: dict[str, Tensor] = {}
        self.best_loss = math.inf
        self.waited = 0

    def look(self, validation: Feed, train: Feed, progress: Progress) -> bool:
        """Measure the rows, write it down in `progress`, and keep the weights if they are the best so far.

        Returns:
            Whether they are.
        """
        with self.average.applied() if self.average is not None else nullcontext():
            batches = self.options.eval_steps or len(validation)
            found = self.measure(validation, rows=min(batches * self.size, len(validation)))
            progress.metrics = {
                "train": self.measured_training(train, progress),
                "validation": found,
            }
            value, loss = self.judge.value(found), found[self.judge.output][LOSS]
            better = self.judge.better(value, progress.best, loss=loss, best_loss=self.best_loss)
            if better:
                self.best_loss = loss
                progress.best, progress.best_step = value, progress.step
                self.best = self.weights()
        self.waited = 0 if better else self.waited + 1
        return better

    def patience(self, steps: int) -> int:
        """Evaluations without gain after which training ends, -1 for never; `steps` are those of an epoch."""
        asked = self.options.early_stop
        return max(EPOCHS, -(-STEPS // steps)) if asked is None else asked

    def gives_up(self, steps: int) -> bool:
        """Whether that time has come."""
        return self.waited > 0 and 0 <= self.patience(steps) <= self.waited

    def measure(self, feed: Feed, *, rows: int) -> Scores:
        """Loss and watched metrics of a feed's first rows."""
        found: Scores = {}
        runner = self.update.runner
        if runner.index == 0:  # the others wait for what it finds
            forward = self.update.forward
            found = self.judge.measure(forward, runner, feed, size=self.size, rows=rows)
        return runner.agree(found)

    def measured_training(self, train: Feed, progress: Progress) -> Scores:
        """The loss of the epoch, as it was while learning; all metrics after it if asked."""
        if self.options.evaluate_training_set:
            return self.measure(train, rows=EVALUATED)
        return {self.judge.output: {"loss": progress.loss or 0.0}}

    def weights(self) -> dict[str, Tensor]:
        """A copy of the network's weights."""
        state = self.update.network.state_dict()
        return {name: each.detach().clone() for name, each in state.items()}

    def put_best(self) -> None:
        """Leave the best weights in the network, or the averaged or last ones where nothing was judged."""
        if self.best:
            self.update.network.load_state_dict(self.best)
        elif self.average is not None and self.average.count:
            self.update.network.load_state_dict(self.average.weights)
