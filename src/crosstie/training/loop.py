"""One training, step by step. Small methods, each to be overridden alone.

Whatever decides the next step is in a checkpoint: weights, optimizer, random state, place in the epoch, the
best so far. A run that is killed and resumed therefore ends in the same bytes as one that is not.
"""

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

import torch

from crosstie.data.batch import Batch
from crosstie.data.processors import processors
from crosstie.errors import ConfigError, Problem, TrainingError
from crosstie.models.network import Network
from crosstie.training.averaging import Average
from crosstie.training.callbacks.callback import Callback, Progress
from crosstie.training.checkpoint import (
    Checkpoint,
    load_newest,
    random_state,
    restore_random_state,
    save,
)
from crosstie.training.feed import Feed, Rows
from crosstie.training.interrupt import deferred_interrupt
from crosstie.training.judge import Judge
from crosstie.training.learning_rate_finder import Curve
from crosstie.training.optimizers.optimizer import restore, state_of
from crosstie.training.rate import Rate
from crosstie.training.runner import runner_for
from crosstie.training.trainer import Trainer
from crosstie.training.update import Update
from crosstie.training.watch import Watch

FINITE_EVERY = 100  # steps between looks at the loss: each look waits for the device
WRITING = 0.05  # share of the time that checkpoints may take: one of 22 M weights takes 0.45 s
KEPT = ("step", "epoch", "rows", "loss", "learning_rate", "best", "best_step", "stopped", "metrics")


class Loop:
    """A training under way.

    Args:
        options: The trainer.
        network: Trained in place.
        train: Rows to learn from.
        validation: Rows to stop by, or None.
        metrics: Output to the metric that is watched.
        seed: Of everything random.
        folder: Of checkpoints.
        callbacks: Told of progress.
        device: Of this process, where several train together.
        begun: Parts that began with learned weights: while `freeze_epochs` last they keep them.

    Attributes:
        progress: Where it stands.
        curve: Of the range test that chose the learning rate, if one did.
        rate: The learning rate of each step.
        update: How the weights are changed.
        watch: What was found between epochs, with the best weights.
        seconds: Spent on training so far, in earlier processes too.
    """

    def __init__(
        self,
        options: Trainer,
        network: Network,
        train: Batch,
        validation: Batch | None,
        *,
        metrics: Mapping[str, str],
        seed: int,
        folder: Path,
        callbacks: Sequence[Callback],
        begun: Sequence[str] = ("encoders",),
        device: str | None = None,
    ) -> None:
        torch.set_num_threads(min(torch.get_num_threads(), processors()))
        self.options = options
        self.network = network
        self.folder = folder
        self.seed = seed
        self.callbacks = callbacks
        self.runner = runner_for(
            device or options.device, options.precision, together=device is not None
        )
        place = self.runner.device
        network.to(place)
        self.train = Feed(
            train,
            place,
            shuffle=options.should_shuffle,
            tokens=_array(network, options.bucketing_field, train),
        )
        self.validation = Feed(validation, place) if validation is not None else None
        self.batch_size = options.batches.rows_a_step(train)
        self.batches_an_epoch = self.train.batches(self.batch_size)
        self.accumulate = options.batches.batches_an_update(self.batch_size)
        self.updates_an_epoch = math.ceil(self.batches_an_epoch / self.accumulate)
        self.judge = Judge(network, metrics, field=options.validation_field, validation=validation)
        self.progress = self.planned()
        self.begun = begun
        self.frozen_steps = options.freeze_epochs * self.updates_an_epoch
        self.freeze()
        self.rate = Rate(
            options, updates_an_epoch=self.updates_an_epoch, frozen_steps=self.frozen_steps
        )
        self.update = Update(options, network, self.runner, rate=self.rate.base, seed=seed)
        self.average = (
            None
            if options.averaging == "none"
            else Average(network, options.averaging_decay if options.averaging == "ema" else None)
        )
        self.watch = Watch(
            options, self.judge, self.update, average=self.average, batch_size=self.batch_size
        )
        self.start = self.watch.weights()
        self.asked: Callable[[], bool] = lambda: False
        self.batch = 0  # batches of the present epoch that are done
        self.epoch_loss = torch.zeros((), device=place)
        self.curve: Curve | None = None
        self.seconds = 0.0
        self.saved_at = self.ticked_at = time.monotonic()
        self.writing = 0.0  # seconds that the last checkpoint took

    def freeze(self) -> None:
        """Let those parts learn that may at this step."""
        first = self.begun if self.progress.step < self.frozen_steps else ()
        self.network.freeze([*self.options.freeze, *first], epoch=self.progress.epoch)
        if not any(each.requires_grad for each in self.network.parameters()):
            raise ConfigError(
                Problem(
                    "trainer.freeze",
                    "leaves nothing to learn"
                    + (" in the first trainer.freeze_epochs" if first else "")
                    + "; take a part out",
                )
            )

    def planned(self) -> Progress:
        """Progress before the first step."""
        options = self.options
        total = options.train_steps or options.epochs * self.updates_an_epoch
        return Progress(
            learner="ecd",
            total_steps=total,
            total_epochs=math.ceil(total / self.updates_an_epoch),
            watched=self.judge.watched if self.validation is not None else "",
            folder=self.folder,
        )

    def run(self, *, resume: bool, anywhere: bool) -> None:
        """From the start, or the newest checkpoint, to the end.

        Args:
            resume: Go on from the newest checkpoint, if there is one.
            anywhere: Even if another machine, thread count or version wrote it.

        Raises:
            TrainingError: The loss is not a number.
            KeyboardInterrupt: After Ctrl-C, with the best weights so far in the network.
        """
        torch.manual_seed(self.seed)
        found = load_newest(self.folder, anywhere=anywhere) if resume else None
        if found is not None:
            self.restore(found)
        progress = self.progress
        progress.range_test = self.curve
        self.ticked_at = time.monotonic()
        if found is None and self.options.learning_rate == "auto":
            self.find_learning_rate()  # Ctrl-C here leaves no model: nothing was learned
        try:
            self.tell("on_train_start")
            with deferred_interrupt() as interrupted:
                self.asked = interrupted
                while not progress.stopped:
                    self.run_epoch(self.to_stop)
        except KeyboardInterrupt:  # a second Ctrl-C, or one where signals cannot be put off
            progress.stopped = "interrupted"
        except BaseException:
            progress.stopped = "failed"
            self.tell("on_train_end")
            raise
        self.end()
        if progress.stopped == "interrupted":
            raise KeyboardInterrupt

    def to_stop(self) -> bool:
        """Whether training is to be interrupted: by a signal, which all processes hear of with the next gradients."""
        return self.asked() if self.runner.processes == 1 else self.update.heard

    def run_epoch(self, interrupted: Callable[[], bool]) -> None:
        """One pass over the training rows, then an evaluation."""
        progress = self.progress
        if not self.batch:
            self.tell("on_epoch_start")
        self.freeze()
        self.network.train()
        feed = self.train.shuffled(
            self.batch_size, seed=self.seed, epoch=progress.epoch, skip=self.batch
        )
        for rows in feed:
            updated = self.run_batch(rows)
            if progress.step == progress.total_steps:
                break
            if updated:
                self.checkpoint_if_due()
                if interrupted():
                    break
        self.check_finite()
        if self.batch == self.batches_an_epoch or progress.step == progress.total_steps:
            self.end_epoch()
        if interrupted() and not progress.stopped:
            self.save_checkpoint()  # maybe in the middle of an epoch: a resume goes on with the next batch
            progress.stopped = "interrupted"

    def run_batch(self, rows: Rows) -> bool:
        """One batch; a step once enough gradients are added up. Whether there was a step."""
        left = self.batches_an_epoch - self.batch + self.batch % self.accumulate
        share = 1 / min(self.accumulate, left)
        self.update.gradients(rows, share=share, moment=(self.progress.step, self.batch))
        self.batch += 1
        self.progress.rows += len(rows)
        if self.batch % self.accumulate and self.batch < self.batches_an_epoch:
            return False
        self.step()
        return True

    def step(self) -> None:
        """One step of the optimizer, at the rate that the schedule says."""
        progress = self.progress
        rate = self.rate.at(progress.step, progress.total_steps or 1)
        self.update.use_rate(rate)
        self.epoch_loss += self.update.step(asked=self.asked())
        progress.step += 1
        progress.learning_rate = rate
        if self.average is not None and progress.epoch >= self.options.averaging_start:
            self.average.update()
        if progress.step % FINITE_EVERY == 0:
            self.check_finite()
        self.tell("on_step_end")

    def end_epoch(self) -> None:
        """Evaluate, keep the best, decide whether to go on."""
        progress = self.progress
        progress.loss = float(self.epoch_loss) / max(self.batch, 1)
        progress.epoch += 1
        if self.validation is not None:
            improved = self.watch.look(self.validation, self.train, progress)
            self.rate.observe(progress.metrics, self.judge.output, improved=improved)
            self.tell("on_evaluate")
        self.tell("on_epoch_end")
        self.batch = 0
        self.epoch_loss.zero_()
        progress.stopped = self.runner.agree(self.reason_to_stop())
        self.checkpoint_if_due()

    def reason_to_stop(self) -> str:
        """Why this epoch was the last, or nothing."""
        if self.progress.step >= (self.progress.total_steps or 0):
            return "epochs"
        if self.watch.gives_up(self.updates_an_epoch):
            return "early_stop"
        limit = self.options.time_limit
        late = limit is not None and self.elapsed() >= limit
        return "time_limit" if late or self.progress.ends_here else ""

    def check_finite(self) -> None:
        """Stop when the loss is not a number: going on would only spoil the weights further.

        Raises:
            TrainingError: It is not; the message says where and what to try.
        """
        if math.isfinite(float(self.epoch_loss)):
            return
        progress = self.progress
        self.network.load_state_dict(self.watch.best or self.start)  # the present ones say nothing
        where = self.judge.not_finite(self.train, size=self.batch_size)
        raise self.exploded(
            f"epoch {progress.epoch + 1}, step {progress.step}, {where}: the training loss is not a number"
        )

    def exploded(self, what: str) -> TrainingError:
        """The error of a training that cannot go on: what happened, and what to try."""
        rate = self.progress.learning_rate or self.rate.base
        return TrainingError(
            f"{what} (learning rate {rate:g}). Try a smaller "
            "trainer.learning_rate, a smaller trainer.gradient_clipping.clipglobalnorm, or precision 32; "
            "and look for extreme values in the columns (crosstie check)"
        )

    def end(self) -> None:
        """Leave the best weights in the network, or the averaged or last ones where nothing was judged.

        Raises:
            TrainingError: There are none but such as are not numbers.
        """
        self.elapsed()
        self.watch.put_best()
        self.network.eval()
        self.network.to("cpu")
        progress = self.progress
        broken = not all(bool(each.isfinite().all()) for each in self.update.parameters)
        if broken:  # by the very last steps: no loss was computed after them
            progress.stopped = "failed"
        self.tell("on_train_end")
        if broken:
            raise self.exploded(f"step {progress.step}, the last: weights are not numbers any more")

    def elapsed(self) -> float:
        """Seconds of training up to now."""
        now = time.monotonic()
        self.seconds += now - self.ticked_at
        self.ticked_at = now
        return self.seconds

    def find_learning_rate(self) -> None:
        """Run a range test, take its rate, put everything else back."""
        batches = self.train.endless(self.batch_size, seed=self.seed)
        self.curve = self.rate.find(self.update, batches, asked=self.asked)
        self.progress.range_test = self.curve
        self.network.load_state_dict(self.start)
        torch.manual_seed(self.seed)

    def checkpoint_if_due(self) -> None:
        """Write a checkpoint if enough steps or seconds have passed."""
        if self.runner.index:
            return
        options, step = self.options, self.progress.step
        every = [options.steps_per_checkpoint] if options.steps_per_checkpoint else []
        if options.checkpoints_per_epoch:
            every.append(math.ceil(self.updates_an_epoch / options.checkpoints_per_epoch))
        wait = options.checkpoint_seconds and max(
            options.checkpoint_seconds, self.writing / WRITING
        )
        late = time.monotonic() - self.saved_at >= wait
        if late or any(step % each == 0 for each in every):
            self.save_checkpoint()

    def save_checkpoint(self) -> None:
        """Write everything that `restore` needs."""
        if self.runner.index:
            return
        tensors, plain = state_of(self.update.bare)
        parts = {
            "network": self.network.state_dict(),
            "best": self.watch.best,
            "optimizer": tensors,
            "average": self.average.state() if self.average is not None else {},
            "random": random_state(self.runner.device),
            "loss": {"epoch": self.epoch_loss},
        }
        progress = self.progress
        values = {
            "optimizer": plain,
            **self.rate.state(),
            "scale": self.runner.state(),
            "curve": None if self.curve is None else asdict(self.curve),
            "seconds": self.elapsed(),
            "batch": self.batch,
            "waited": self.watch.waited,
            "best_loss": self.watch.best_loss,
            "progress": {name: getattr(progress, name) for name in KEPT},
        }
        began = time.monotonic()
        path = save(self.folder, progress.step, Checkpoint.of(parts, values))
        self.saved_at = time.monotonic()
        self.writing = self.saved_at - began
        for callback in self.callbacks:
            callback.on_checkpoint(progress, path)

    def restore(self, found: Checkpoint) -> None:
        """Go on exactly where a checkpoint was written."""
        device = self.runner.device
        self.network.load_state_dict(found.part("network"))
        self.watch.best = {n: each.to(device) for n, each in found.part("best").items()}
        restore(self.update.bare, found.part("optimizer"), found.values["optimizer"])
        if self.average is not None:
            self.average.restore({k: v.to(device) for k, v in found.part("average").items()})
        self.rate.restore(found.values)
        self.runner.restore(found.values["scale"])
        curve = found.values["curve"]
        self.curve = None if curve is None else Curve(**curve)
        self.seconds = found.values["seconds"]
        self.batch = found.values["batch"]
        self.watch.waited = found.values["waited"]
        self.watch.best_loss = found.values["best_loss"]
        self.epoch_loss = found.part("loss")["epoch"].to(device)
        for name, value in found.values["progress"].items():
            setattr(self.progress, name, value)
        restore_random_state(found.part("random"))

    def tell(self, moment: str) -> None:
        """Call one hook of every callback."""
        for callback in self.callbacks:
            getattr(callback, moment)(self.progress)


def _array(network: Network, field: str | None, train: Batch) -> str | None:
    """The array of a token feature; None where it holds rows' vectors that were computed before, all of one length."""
    found = next((each.array for each in network.layout.tokens if each.name == field), None)
    vectors = found is not None and train.inputs[found].dtype.kind == "f"
    return None if found is None or (vectors and train.inputs[found].ndim == 2) else found
