"""What a training takes: the options of the file's `trainer:` section for networks, and how they are read."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from annotated_types import Ge, Gt, Lt

from crosstie.config.options import ComponentOf, Section, build, options
from crosstie.data.batch import Batch
from crosstie.errors import ConfigError, Problem
from crosstie.training.clipping import Clipping
from crosstie.training.drops import Drops
from crosstie.training.optimizers.optimizer import Optimizer, optimizers
from crosstie.training.schedules.schedule import Schedule, schedules

# Rows up to which a batch size fits (TabM, arXiv:2410.24210); larger tables take the last.
BATCH_SIZES = ((2_800, 32), (4_500, 64), (6_400, 128), (32_000, 256), (108_000, 512))
LARGEST_BATCH = 1024
BATCH_BYTES = 1 << 22  # of a batch's inputs: long texts make for smaller batches


class Trainer:
    """How a network is trained.

    Args:
        epochs: Passes over the training rows at most; early stopping usually ends sooner.
        train_steps: Updates at most, in place of `epochs`.
        time_limit: Seconds after which the epoch under way is the last.
        batch_size: Rows a step; `auto` decides by the number of rows and their size, never by timing.
        eval_batch_size: Rows at once where nothing is learned; `auto` takes twice `batch_size`, at least 256.
        effective_batch_size: Rows an update, reached by adding up the gradients of several batches; `auto`
            leaves it to `gradient_accumulation_steps`.
        gradient_accumulation_steps: Batches an update; `auto` is 1, or what `effective_batch_size` needs.
        learning_rate: Of the optimizer; `auto` finds one by a range test (Smith 2017, arXiv:1506.01186).
        learning_rate_scheduler: How the rate changes over the steps.
        optimizer: One of torch's, by name.
        gradient_clipping: Limits to gradients.
        regularization_type: Penalty on the weights that is added to the loss; biases, norms and scalings are spared.
        regularization_lambda: How strong it is; 0 is none.
        early_stop: Stop after so many evaluations without gain; -1 never stops.
        validation_field: The output whose metric is watched; null is the first.
        validation_metric: The metric that is watched; null is the output's own.
        evaluate_training_set: Measure the first 20,000 training rows, too, after each epoch.
        averaging: Evaluate and keep an average of the weights: exponential (`ema`), or of all steps alike (`swa`).
        averaging_decay: Of the exponential average.
        averaging_start: Epochs before the average begins.
        precision: Bits of the arithmetic; `bf16` and `fp16` mix with 32.
        compile: Let torch compile the network first.
        device: Where to compute; `auto` takes a GPU if there is one.
        checkpoint_seconds: Write a checkpoint once so many seconds have passed since the last.
        steps_per_checkpoint: Also write one every so many steps; 0 does not.
        checkpoints_per_epoch: Also write so many an epoch; 0 does not.
    """

    def __init__(
        self,
        *,
        epochs: Annotated[int, Ge(1)] = 100,
        train_steps: Annotated[int, Ge(1)] | None = None,
        time_limit: Annotated[float, Gt(0)] | None = None,
        batch_size: Annotated[int, Ge(1)] | Literal["auto"] = "auto",
        eval_batch_size: Annotated[int, Ge(1)] | Literal["auto"] | None = "auto",
        effective_batch_size: Annotated[int, Ge(1)] | Literal["auto"] = "auto",
        gradient_accumulation_steps: Annotated[int, Ge(1)] | Literal["auto"] = "auto",
        learning_rate: Annotated[float, Gt(0)] | Literal["auto"] = 0.002,
        learning_rate_scheduler: Annotated[
            dict[str, Any] | str, ComponentOf(schedules, alias="decay", also=Drops)
        ] = "constant",
        optimizer: Annotated[dict[str, Any] | str, ComponentOf(optimizers)] = "adamw",
        gradient_clipping: Annotated[dict[str, Any] | None, Section(Clipping)] = None,
        regularization_type: Literal["l1", "l2", "l1_l2"] | None = "l2",
        regularization_lambda: Annotated[float, Ge(0)] = 0.0,
        early_stop: Annotated[int, Ge(-1)] = 6,
        validation_field: str | None = None,
        validation_metric: str | None = None,
        evaluate_training_set: bool = False,
        averaging: Literal["none", "ema", "swa"] = "none",
        averaging_decay: Annotated[float, Gt(0), Lt(1)] = 0.999,
        averaging_start: Annotated[int, Ge(0)] = 0,
        precision: Literal[32, "bf16", "fp16"] = 32,
        compile: bool = False,
        device: Literal["auto", "cpu", "cuda"] = "auto",
        checkpoint_seconds: Annotated[float, Ge(0)] = 15.0,
        steps_per_checkpoint: Annotated[int, Ge(0)] = 0,
        checkpoints_per_epoch: Annotated[int, Ge(0)] = 0,
    ) -> None:
        self.epochs = epochs
        self.train_steps = train_steps
        self.time_limit = time_limit
        self.batch_size = batch_size
        self.eval_batch_size = eval_batch_size
        self.effective_batch_size = effective_batch_size
        self.gradient_accumulation_steps = gradient_accumulation_steps
        self._check_accumulation()
        self.learning_rate = learning_rate
        section = _section(learning_rate_scheduler)
        drops = {name: section.pop(name) for name in options(Drops) if name in section}
        self.drops = build(Drops, **drops)
        self.schedule: Schedule = _component(schedules, section)
        self.optimizer: Optimizer = _component(optimizers, _section(optimizer))
        self.clipping = build(Clipping, **(gradient_clipping or {}))
        self.regularization_type = regularization_type
        self.regularization_lambda = regularization_lambda
        self.early_stop = early_stop
        self.validation_field = validation_field
        self.validation_metric = validation_metric
        self.evaluate_training_set = evaluate_training_set
        self.averaging = averaging
        self.averaging_decay = averaging_decay
        self.averaging_start = averaging_start
        self.precision = precision
        self.compile = compile
        self.device = device
        self.checkpoint_seconds = checkpoint_seconds
        self.steps_per_checkpoint = steps_per_checkpoint
        self.checkpoints_per_epoch = checkpoints_per_epoch

    def _check_accumulation(self) -> None:
        whole, each, times = (
            self.effective_batch_size,
            self.batch_size,
            self.gradient_accumulation_steps,
        )
        if whole == "auto":
            return
        told = "batch_size" if each != "auto" else "gradient_accumulation_steps"
        factor = each if each != "auto" else times
        if factor == "auto":
            return
        wrong = whole % factor if each == "auto" or times == "auto" else whole - each * times
        if wrong:
            product = (
                "" if each == "auto" or times == "auto" else f" times {times} batches an update"
            )
            raise ConfigError(
                Problem(
                    "trainer.effective_batch_size",
                    f"must be {'a multiple of ' if not product else ''}{told} {factor}{product}, got {whole}. "
                    "Leave one of them out",
                )
            )

    def rows_a_step(self, train: Batch) -> int:
        """The batch size for these rows."""
        rows = len(train)
        if self.batch_size != "auto":
            return min(self.batch_size, rows)
        fitting = next((size for most, size in BATCH_SIZES if rows < most), LARGEST_BATCH)
        row_bytes = sum(array[:1].nbytes for array in train.inputs.values())
        fitting = max(min(fitting, BATCH_BYTES // max(row_bytes, 1)), 16)
        if self.effective_batch_size != "auto":
            whole = self.effective_batch_size
            if self.gradient_accumulation_steps != "auto":
                fitting = whole // self.gradient_accumulation_steps
            else:
                fitting = max(size for size in range(1, fitting + 1) if whole % size == 0)
        return min(fitting, rows)

    def rows_an_evaluation(self, batch_size: int) -> int:
        """Rows to measure at once: no activations are kept, so more than are learned from at once."""
        if self.eval_batch_size in (None, "auto"):
            return max(2 * batch_size, 256)
        return int(self.eval_batch_size)

    def batches_an_update(self, batch_size: int) -> int:
        """How many batches' gradients are added up before a step."""
        if self.gradient_accumulation_steps != "auto":
            return self.gradient_accumulation_steps
        return (
            1
            if self.effective_batch_size == "auto"
            else -(-self.effective_batch_size // batch_size)
        )


def _section(given: Mapping[str, Any] | str) -> dict[str, Any]:
    return {"type": given} if isinstance(given, str) else dict(given)


def _component(registry: Any, section: dict[str, Any]) -> Any:
    return build(registry.get(section.pop("type")), **section)
