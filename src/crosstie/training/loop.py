"""One training, step by step. Small methods, each to be overridden alone.

Whatever decides the next step is in a checkpoint: weights, optimizer, random state, place in the epoch, the
best so far. A run that is killed and resumed therefore ends in the same bytes as one that is not.
"""

import copy
import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from crosstie.data.batch import Batch
from crosstie.data.processors import processors
from crosstie.errors import ConfigError, Problem, TrainingError
from crosstie.models.network import Network
from crosstie.training.augment import Augment
from crosstie.training.averaging import Average
from crosstie.training.callbacks.callback import Callback, Progress
from crosstie.training.checkpoint import Checkpoint, load_newest, save
from crosstie.training.feed import Feed, Rows
from crosstie.training.interrupt import deferred_interrupt
from crosstie.training.judge import Judge, Scores
from crosstie.training.learning_rate_finder import Curve, range_test
from crosstie.training.mix import Mix
from crosstie.training.optimizers.optimizer import Groups, restore, state_of
from crosstie.training.regularization import Regularization
from crosstie.training.runner import runner_for
from crosstie.training.trainer import Trainer

FINITE_EVERY = 100  # steps between looks at the loss: each look waits for the device
EVALUATED = 20_000  # of the training rows, where they are measured too
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
        self.augment = Augment(network.layout, network.inputs.sections)
        self.mix = Mix(network.layout, options.mixup, options.cutmix)
        self.forward: Any = torch.compile(network) if options.compile else network
        self.batch_size = options.rows_a_step(train)
        self.batches_an_epoch = self.train.batches(self.batch_size)
        self.accumulate = options.batches_an_update(self.batch_size)
        self.updates_an_epoch = math.ceil(self.batches_an_epoch / self.accumulate)
        self.judge = Judge(network, metrics, field=options.validation_field, validation=validation)
        self.progress = self.planned()
        self.begun = begun
        self.frozen_steps = options.freeze_epochs * self.updates_an_epoch
        self.freeze()
        self.parameters = list(network.parameters())
        self.learning_rate = options.learning_rate if options.learning_rate != "auto" else 1e-3
        decayed, spared = network.parameter_groups()
        groups = _by_rate(
            options.optimizer.groups(decayed, spared), network.rates(options.rate_ratio)
        )
        self.bare = options.optimizer.build(groups, self.learning_rate)
        self.optimizer = self.runner.prepare(network, self.bare)
        self.regularization = Regularization(
            decayed, options.regularization_type, options.regularization_lambda
        )
        self.schedule = options.schedule
        self.schedule.warmup_steps = round(options.pace.warmup_evaluations * self.updates_an_epoch)
        self.drops = copy.deepcopy(options.pace.drops)
        self.average = (
            None
            if options.averaging == "none"
            else Average(network, options.averaging_decay if options.averaging == "ema" else None)
        )
        self.start = self.weights()
        self.best: dict[str, Tensor] = {}
        self.waited = 0
        self.asked: Callable[[], bool] = lambda: False
        self.heard = False
        self.batch = 0  # batches of the present epoch that are done
        self.loss = torch.zeros((), device=place)  # of the batches of this update
        self.epoch_loss = torch.zeros((), device=place)
        self.curve: Curve | None = None
        self.seconds = 0.0
        self.saved_at = self.ticked_at = time.monotonic()

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
        return self.asked() if self.runner.processes == 1 else self.heard

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
        self.gradients(rows, share=1 / min(self.accumulate, left))
        self.batch += 1
        self.progress.rows += len(rows)
        if self.batch % self.accumulate and self.batch < self.batches_an_epoch:
            return False
        self.update()
        return True

    def gradients(self, rows: Rows, *, share: float = 1.0) -> None:
        """Add up the gradients of a batch, times its share of the update, and its loss, which is not waited for."""
        own, part = self.own(rows)
        if not part:
            return
        mixed = self.mix(self.augment(own.inputs))
        with self.runner.autocast():
            logits = self.forward(mixed.inputs, own.targets, mixed.inside)
            loss = self.network.loss(logits, own.targets, own.weights)
            if mixed.blend is not None:
                own_share, others = mixed.blend.share, own.take(mixed.blend.order)
                other = self.network.loss(logits, others.targets, others.weights)
                loss = own_share * loss + (1 - own_share) * other
        share *= part
        self.runner.backward(loss if share == 1 else loss * share)
        self.loss += loss.detach() if part == 1 else loss.detach() * part

    def own(self, rows: Rows) -> tuple[Rows, float]:
        """This process's rows of a batch, and how much of the batch's loss is theirs."""
        processes, index = self.runner.processes, self.runner.index
        if processes == 1:
            return rows, 1.0
        # each process draws numbers of its own, the same ones after a resume
        torch.manual_seed(hash((self.seed, index, self.progress.step, self.batch)))
        count = len(rows)
        if count < 2 * processes:  # a row alone has no batch statistics
            return rows, float(index == 0)
        own = rows.slice(index * count // processes, (index + 1) * count // processes)
        if rows.weights is None or own.weights is None:
            return own, len(own) / count
        return own, float(own.weights.sum() / rows.weights.sum().clamp(min=1e-12))

    def step_optimizer(self) -> Tensor:
        """Change the weights by the gradients that were added up; the sum of the batches' losses."""
        self.heard, loss = self.runner.collect(self.parameters, self.loss, asked=self.asked())
        self.loss = torch.zeros_like(loss)
        self.runner.unscale()
        self.regularization.apply()
        self.options.clipping.apply(self.parameters)
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        return loss

    def update(self) -> None:
        """One step of the optimizer, at the rate that the schedule says."""
        progress = self.progress
        self.schedule.floor = min(self.options.pace.eta_min / self.learning_rate, 1.0)
        first, total = self.frozen_steps, progress.total_steps or 1
        step, steps = (
            (progress.step, first)
            if progress.step < first
            else (progress.step - first, total - first)
        )
        factor = self.schedule.factor(step, max(steps, 1))
        rate = self.learning_rate * factor * self.drops.factor
        for group in self.bare.param_groups:
            group["lr"] = rate * group["scale"]
        self.epoch_loss += self.step_optimizer()
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
            self.evaluate(self.validation)
        self.tell("on_epoch_end")
        self.batch = 0
        self.epoch_loss.zero_()
        progress.stopped = self.runner.agree(self.reason_to_stop())
        self.checkpoint_if_due()

    def reason_to_stop(self) -> str:
        """Why this epoch was the last, or nothing."""
        if self.progress.step >= (self.progress.total_steps or 0):
            return "epochs"
        if self.waited and 0 <= self.options.early_stop <= self.waited:
            return "early_stop"
        limit = self.options.time_limit
        return "time_limit" if limit is not None and self.elapsed() >= limit else ""

    def evaluate(self, validation: Feed) -> None:
        """Measure the validation rows and keep the weights if they are the best so far."""
        progress = self.progress
        with self.average.applied() if self.average is not None else nullcontext():
            batches = self.options.eval_steps or len(validation)
            size = self.options.rows_an_evaluation(self.batch_size)
            found = self.measure(validation, rows=min(batches * size, len(validation)))
            progress.metrics = {"train": self.measured_training(), "validation": found}
            value = self.judge.value(found)
            better = self.judge.better(value, progress.best)
            if better:
                progress.best, progress.best_step = value, progress.step
                self.best = self.weights()
        self.waited = 0 if better else self.waited + 1
        self.schedule.observe(improved=better)
        self.observe_plateau(improved=better)
        self.tell("on_evaluate")

    def observe_plateau(self, *, improved: bool) -> None:
        """Lower the rate if what is asked for has got no better for long."""
        pace = self.options.pace
        split = "train" if pace.reduce_eval_split == "training" else "validation"
        if split == "train" or pace.reduce_eval_metric == "loss":
            self.drops.observe_loss(self.progress.metrics[split][self.judge.output]["loss"])
        else:
            self.drops.observe(improved=improved)

    def measure(self, feed: Feed, *, rows: int) -> Scores:
        """Loss and watched metrics of a feed's first rows."""
        found: Scores = {}
        if self.runner.index == 0:  # the others wait for what it finds
            size = self.options.rows_an_evaluation(self.batch_size)
            found = self.judge.measure(self.forward, self.runner, feed, size=size, rows=rows)
        return self.runner.agree(found)

    def measured_training(self) -> Scores:
        """The loss of the epoch, as it was while learning; all metrics after it if asked."""
        if self.options.evaluate_training_set:
            return self.measure(self.train, rows=EVALUATED)
        return {self.judge.output: {"loss": self.progress.loss or 0.0}}

    def weights(self) -> dict[str, Tensor]:
        """A copy of the network's weights."""
        return {name: each.detach().clone() for name, each in self.network.state_dict().items()}

    def check_finite(self) -> None:
        """Stop when the loss is not a number: going on would only spoil the weights further.

        Raises:
            TrainingError: It is not; the message says where and what to try.
        """
        if math.isfinite(float(self.epoch_loss)):
            return
        progress = self.progress
        self.network.load_state_dict(self.best or self.start)  # the present ones say nothing
        where = self.judge.not_finite(self.train, size=self.batch_size)
        raise self.exploded(
            f"epoch {progress.epoch + 1}, step {progress.step}, {where}: the training loss is not a number"
        )

    def exploded(self, what: str) -> TrainingError:
        """The error of a training that cannot go on: what happened, and what to try."""
        rate = self.progress.learning_rate or self.learning_rate
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
        if self.best:
            self.network.load_state_dict(self.best)
        elif self.average is not None and self.average.count:
            self.network.load_state_dict(self.average.weights)
        self.network.eval()
        self.network.to("cpu")
        progress = self.progress
        broken = not all(bool(each.isfinite().all()) for each in self.parameters)
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
        feed = self._endless()

        def step() -> float:
            self.gradients(next(feed))
            return float(self.step_optimizer())

        self.network.train()
        scale = self.runner.state()
        self.curve = range_test(self.bare, step)
        self.learning_rate = self.curve.chosen
        self.progress.range_test = self.curve
        self.network.load_state_dict(self.start)
        self.bare.state.clear()
        self.runner.restore(scale)
        torch.manual_seed(self.seed)

    def _endless(self) -> Iterator[Rows]:
        epoch = 0
        while True:
            yield from self.train.shuffled(self.batch_size, seed=self.seed, epoch=epoch)
            epoch += 1

    def checkpoint_if_due(self) -> None:
        """Write a checkpoint if enough steps or seconds have passed."""
        if self.runner.index:
            return
        options, step = self.options, self.progress.step
        every = [options.steps_per_checkpoint] if options.steps_per_checkpoint else []
        if options.checkpoints_per_epoch:
            every.append(math.ceil(self.updates_an_epoch / options.checkpoints_per_epoch))
        late = time.monotonic() - self.saved_at >= options.checkpoint_seconds
        if late or any(step % each == 0 for each in every):
            self.save_checkpoint()

    def save_checkpoint(self) -> None:
        """Write everything that `restore` needs."""
        if self.runner.index:
            return
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
            "drops": self.drops.state(),
            "scale": self.runner.state(),
            "curve": None if self.curve is None else asdict(self.curve),
            "seconds": self.elapsed(),
            "learning_rate": self.learning_rate,
            "batch": self.batch,
            "waited": self.waited,
            "progress": {name: getattr(progress, name) for name in KEPT},
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
        self.drops.restore(found.values["drops"])
        self.runner.restore(found.values["scale"])
        curve = found.values["curve"]
        self.curve = None if curve is None else Curve(**curve)
        self.seconds = found.values["seconds"]
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


def _by_rate(groups: Groups, rates: Mapping[int, float]) -> Groups:
    """Parameter groups parted by what the learning rate is multiplied by, their `scale`."""
    found: Groups = []
    for group in groups:
        parts: dict[float, list[Any]] = {}
        for parameter in group["params"]:
            parts.setdefault(rates.get(id(parameter), 1.0), []).append(parameter)
        found += [{**group, "params": each, "scale": scale} for scale, each in parts.items()]
    return found


def _array(network: Network, field: str | None, train: Batch) -> str | None:
    """The array of a token feature; None where it holds vectors that were computed before, all of one length."""
    found = next((each.array for each in network.layout.tokens if each.name == field), None)
    return None if found is None or train.inputs[found].dtype.kind == "f" else found
