"""One training, step by step. Small methods, each to be overridden alone.

Whatever decides the next step is in a checkpoint: weights, optimizer, random state, place in the epoch, the
best so far. A run that is killed and resumed therefore ends in the same bytes as one that is not.
"""

import contextlib
import copy
import math
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from crosstie.data.batch import Batch
from crosstie.data.processors import processors
from crosstie.errors import TrainingError
from crosstie.evaluation.metric import metrics as metric_registry
from crosstie.models.network import Network
from crosstie.training.averaging import Average
from crosstie.training.callbacks.callback import Callback, Progress
from crosstie.training.checkpoint import Checkpoint, load_newest, save
from crosstie.training.feed import Feed, Rows
from crosstie.training.interrupt import deferred_interrupt
from crosstie.training.optimizers.optimizer import restore, state_of
from crosstie.training.range_test import Curve, range_test
from crosstie.training.runner import runner_for
from crosstie.training.trainer import Trainer

FINITE_EVERY = 100  # steps between looks at the loss: each look waits for the device


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

    Attributes:
        progress: Where it stands.
        curve: Of the range test that chose the learning rate, if one did.
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
    ) -> None:
        torch.set_num_threads(processors())
        self.options = options
        self.network = network
        self.folder = folder
        self.seed = seed
        self.callbacks = callbacks
        self.runner = runner_for(options.device, options.precision)
        device = self.runner.device
        network.to(device)
        self.train = Feed(train, device)
        self.validation = Feed(validation, device) if validation is not None else None
        self.forward: Any = torch.compile(network) if options.compile else network
        self.batch_size = options.rows_a_step(train)
        self.accumulate = options.batches_an_update(self.batch_size)
        self.parameters = [each for each in network.parameters() if each.requires_grad]
        self.learning_rate = options.learning_rate if options.learning_rate != "auto" else 1e-3
        groups = options.optimizer.groups(*network.parameter_groups())
        self.bare = options.optimizer.build(groups, self.learning_rate)
        self.optimizer = self.runner.prepare(network, self.bare)
        self.schedule = copy.deepcopy(options.schedule)
        self.average = (
            None
            if options.averaging == "none"
            else Average(network, options.averaging_decay if options.averaging == "ema" else None)
        )
        self.metrics = {name: metrics[name] for name in network.outputs}
        self.watched = options.validation_field or next(iter(network.outputs))
        metric = metric_registry.get(
            self.metrics[self.watched], of=network.outputs[self.watched].type
        )
        self.sign = 1.0 if metric.greater_is_better else -1.0
        self.best: dict[str, Tensor] = {}
        self.waited = 0
        self.batch = 0  # batches of the present epoch that are done
        self.epoch_loss = torch.zeros((), device=device)
        self.curve: Curve | None = None
        self.progress = self.planned()
        self.saved_at = time.monotonic()

    def planned(self) -> Progress:
        """Progress before the first step."""
        options = self.options
        updates = math.ceil(self.batches_an_epoch / self.accumulate)
        total = options.train_steps or options.epochs * updates
        return Progress(
            learner="ecd",
            total_steps=total,
            total_epochs=math.ceil(total / updates),
            watched=f"validation/{self.watched}/{self.metrics[self.watched]}",
        )

    @property
    def batches_an_epoch(self) -> int:
        """Batches that one pass takes; a last batch of one row joins the one before."""
        rows, size = len(self.train), self.batch_size
        whole, rest = divmod(rows, size)
        return max(whole + (rest > 1 or (rest == 1 and whole == 0)), 1)

    def run(self, *, resume: bool, anywhere: bool) -> None:
        """From the start, or the newest checkpoint, to the end."""
        torch.manual_seed(self.seed)
        found = load_newest(self.folder, anywhere=anywhere) if resume else None
        if found is not None:
            self.restore(found)
        elif self.options.learning_rate == "auto":
            self.find_learning_rate()
        progress = self.progress
        self.tell("on_train_start")
        with deferred_interrupt() as interrupted:
            while not progress.stopped:
                self.run_epoch(interrupted)
                if interrupted():
                    progress.stopped = "interrupted"
        self.end()
        if progress.stopped == "interrupted":
            raise KeyboardInterrupt

    def run_epoch(self, interrupted: Any) -> None:
        """One pass over the training rows, then an evaluation."""
        progress = self.progress
        self.tell("on_epoch_start")
        self.network.train()
        feed = self.train.shuffled(
            self.batch_size, seed=self.seed, epoch=progress.epoch, skip=self.batch
        )
        for rows in feed:
            self.run_batch(rows)
            if progress.step == progress.total_steps:
                break
            if interrupted() and self.batch % self.accumulate == 0:
                self.save_checkpoint()  # here, in the middle: a resume goes on with the next batch
                break
        self.check_finite()
        self.end_epoch()

    def run_batch(self, rows: Rows) -> None:
        """One batch; a step once enough gradients are added up."""
        loss = self.gradients(rows)
        self.epoch_loss += loss
        self.batch += 1
        self.progress.rows += len(rows)
        if self.batch % self.accumulate == 0 or self.batch == self.batches_an_epoch:
            self.update()

    def gradients(self, rows: Rows) -> Tensor:
        """Add up the gradients of a batch; its loss, not waited for."""
        with self.runner.autocast():
            loss = self.network.loss(self.forward(rows.inputs), rows.targets, rows.weights)
        self.runner.backward(loss / self.accumulate if self.accumulate > 1 else loss)
        return loss.detach()

    def update(self) -> None:
        """One step of the optimizer."""
        progress = self.progress
        rate = self.learning_rate * self.schedule.factor(progress.step, progress.total_steps or 1)
        for group in self.bare.param_groups:
            group["lr"] = rate
        self.runner.unscale()
        self.options.clipping.apply(self.parameters)
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        progress.step += 1
        progress.learning_rate = rate
        if self.average is not None:
            self.average.update()
        if progress.step % FINITE_EVERY == 0:
            self.check_finite()
        self.tell("on_step_end")
        every = self.options.steps_per_checkpoint
        if every and progress.step % every == 0:
            self.save_checkpoint()

    def end_epoch(self) -> None:
        """Evaluate, keep the best, decide whether to go on, keep a checkpoint."""
        progress = self.progress
        progress.loss = float(self.epoch_loss) / max(self.batch, 1)
        if self.validation is not None:
            self.judge()
        self.tell("on_epoch_end")
        progress.epoch += 1
        self.batch = 0
        self.epoch_loss.zero_()
        if progress.step >= (progress.total_steps or 0):
            progress.stopped = "epochs"
        elif self.validation is not None and 0 <= self.options.early_stop <= self.waited:
            progress.stopped = "early_stop"
        if time.monotonic() - self.saved_at >= self.options.checkpoint_seconds:
            self.save_checkpoint()

    def judge(self) -> None:
        """Evaluate the validation rows and keep the weights if they are the best so far."""
        progress = self.progress
        with self.average.applied() if self.average is not None else contextlib.nullcontext():
            found = self.evaluate()
            progress.metrics = {"validation": found}
            value = found[self.watched].get(self.metrics[self.watched], math.nan)
            better = math.isfinite(value) and (
                progress.best is None or self.sign * value > self.sign * progress.best
            )
            if better:
                progress.best, progress.best_step = value, progress.step
                self.best = self.weights()
        self.waited = 0 if better else self.waited + 1
        self.schedule.observe(improved=better)
        self.tell("on_evaluate")

    def weights(self) -> dict[str, Tensor]:
        """A copy of the network's weights."""
        return {name: each.detach().clone() for name, each in self.network.state_dict().items()}

    @torch.no_grad()
    def evaluate(self) -> dict[str, dict[str, float]]:
        """Loss and watched metric of every output on the validation rows."""
        assert self.validation is not None
        self.network.eval()
        raw: dict[str, list[Tensor]] = {name: [] for name in self.network.outputs}
        loss = 0.0
        for rows in self.validation.in_order(self.options.eval_batch_size):
            with self.runner.autocast():
                logits = self.forward(rows.inputs)
                part = self.network.loss(logits, rows.targets, rows.weights)
            loss += float(part) * len(rows)
            predicted = self.network.predict(logits)
            for name, output in self.network.outputs.items():
                raw[name].append(predicted[output.array].float().cpu())
        self.network.train()
        batch = self.validation.batch
        weights = None if batch.weights is None else np.asarray(batch.weights)
        found = {}
        for name, output in self.network.outputs.items():
            metric = metric_registry.get(self.metrics[name], of=output.type)()
            value = metric(np.asarray(batch.targets[name]), torch.cat(raw[name]).numpy(), weights)
            found[name] = {self.metrics[name]: float(value)}
        found[self.watched]["loss"] = loss / len(self.validation)
        return found

    def check_finite(self) -> None:
        """Stop when the loss is not a number: going on would only spoil the weights further.

        Raises:
            TrainingError: It is not; the message says where and what to try.
        """
        if math.isfinite(float(self.epoch_loss)):
            return
        progress = self.progress
        raise TrainingError(
            f"epoch {progress.epoch + 1}, step {progress.step}: the training loss is not a number "
            f"(learning rate {progress.learning_rate or self.learning_rate:g}, outputs "
            f"{', '.join(self.network.outputs)}). Try a smaller trainer.learning_rate, a smaller "
            "trainer.gradient_clipping.clipglobalnorm, or precision 32; and look for extreme values in "
            "the columns (crosstie check)"
        )

    def end(self) -> None:
        """Leave the best weights in the network, or the averaged or last ones where nothing was judged."""
        if self.best:
            self.network.load_state_dict(self.best)
        elif self.average is not None and self.average.count:
            self.network.load_state_dict(self.average.weights)
        self.network.eval()
        self.network.to("cpu")
        self.tell("on_train_end")

    def find_learning_rate(self) -> None:
        """Run a range test, take its rate, put everything else back."""
        weights = self.weights()
        feed = self._endless()

        def step() -> float:
            loss = self.gradients(next(feed))
            self.runner.unscale()
            self.options.clipping.apply(self.parameters)
            self.optimizer.step()
            self.optimizer.zero_grad(set_to_none=True)
            return float(loss)

        self.network.train()
        self.curve = range_test(self.bare, step)
        self.learning_rate = self.curve.chosen
        self.network.load_state_dict(weights)
        self.bare.state.clear()
        torch.manual_seed(self.seed)

    def _endless(self) -> Iterator[Rows]:
        epoch = 0
        while True:
            yield from self.train.shuffled(self.batch_size, seed=self.seed, epoch=epoch)
            epoch += 1

    def save_checkpoint(self) -> None:
        """Write everything that `restore` needs."""
        tensors, plain = state_of(self.bare)
        parts = {
            "network": self.network.state_dict(),
            "best": self.best,
            "optimizer": tensors,
            "average": self.average.state() if self.average is not None else {},
            "random": {"cpu": torch.get_rng_state()}
            | ({"cuda": torch.cuda.get_rng_state()} if self.runner.device.type == "cuda" else {}),
            "loss": {"epoch": self.epoch_loss},
        }
        progress = self.progress
        values = {
            "optimizer": plain,
            "schedule": self.schedule.state(),
            "learning_rate": self.learning_rate,
            "batch": self.batch,
            "waited": self.waited,
            "progress": {
                name: getattr(progress, name)
                for name in ("step", "epoch", "rows", "best", "best_step", "stopped", "metrics")
            },
        }
        flat = {
            f"{part}.{name}": each.cpu()
            for part, own in parts.items()
            for name, each in own.items()
        }
        path = save(self.folder, progress.step, Checkpoint(flat, values))
        self.saved_at = time.monotonic()
        for callback in self.callbacks:
            callback.on_checkpoint(progress, path)

    def restore(self, found: Checkpoint) -> None:
        """Go on exactly where a checkpoint was written."""
        device = self.runner.device
        self.network.load_state_dict(found.part("network"))
        self.best = {name: each.to(device) for name, each in found.part("best").items()}
        restore(self.bare, found.part("optimizer"), found.values["optimizer"])
        if self.average is not None:
            self.average.restore({k: v.to(device) for k, v in found.part("average").items()})
        self.schedule.restore(found.values["schedule"])
        self.learning_rate = found.values["learning_rate"]
        self.batch = found.values["batch"]
        self.waited = found.values["waited"]
        self.epoch_loss = found.part("loss")["epoch"].to(device)
        for name, value in found.values["progress"].items():
            setattr(self.progress, name, value)
        random = found.part("random")
        torch.set_rng_state(random["cpu"])
        if "cuda" in random:
            torch.cuda.set_rng_state(random["cuda"])

    def tell(self, moment: str) -> None:
        """Call one hook of every callback."""
        for callback in self.callbacks:
            getattr(callback, moment)(self.progress)
