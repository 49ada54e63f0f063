"""What a training takes: the options of the file's `trainer:` section for networks, and how they are read."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from annotated_types import Ge, Gt, Lt

from crosstie.config.options import ComponentOf, Section, build
from crosstie.data.batch import Batch
from crosstie.training.clipping import Clipping
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
        batch_size: Rows a step; `auto` decides by the number of rows and their size, never by timing.
        eval_batch_size: Rows at once where nothing is learned.
        effective_batch_size: Rows an update, reached by adding up the gradients of several batches; null
            leaves it to `gradient_accumulation_steps`.
        gradient_accumulation_steps: Batches an update.
        learning_rate: Of the optimizer; `auto` finds one by a range test (Smith 2017, arXiv:1506.01186).
        learning_rate_scheduler: How the rate changes over the steps.
        optimizer: One of torch's, by name.
        gradient_clipping: Limits to gradients.
        early_stop: Stop after so many evaluations without gain; -1 never stops.
        validation_field: The output whose metric is watched; null is the first.
        validation_metric: The metric that is watched; null is the output's own.
        averaging: Evaluate and keep an average of the weights: exponential (`ema`), or of all steps alike (`swa`).
        averaging_decay: Of the exponential average.
        precision: Bits of the arithmetic; `bf16` and `fp16` mix with 32.
        compile: Let torch compile the network first.
        device: Where to compute; `auto` takes a GPU if there is one.
        checkpoint_seconds: Write a checkpoint at the end of an epoch once so many seconds have passed.
        steps_per_checkpoint: Also write one every so many steps; 0 does not.
    """

    def __init__(
        self,
        *,
        epochs: Annotated[int, Ge(1)] = 100,
        train_steps: Annotated[int, Ge(1)] | None = None,
        batch_size: Annotated[int, Ge(1)] | Literal["auto"] = "auto",
        eval_batch_size: Annotated[int, Ge(1)] = 4096,
        effective_batch_size: Annotated[int, Ge(1)] | None = None,
        gradient_accumulation_steps: Annotated[int, Ge(1)] = 1,
        learning_rate: Annotated[float, Gt(0)] | Literal["auto"] = 0.002,
        learning_rate_scheduler: Annotated[
            dict[str, Any] | str, ComponentOf(schedules)
        ] = "constant",
        optimizer: Annotated[dict[str, Any] | str, ComponentOf(optimizers)] = "adamw",
        gradient_clipping: Annotated[dict[str, Any] | None, Section(Clipping)] = None,
        early_stop: Annotated[int, Ge(-1)] = 6,
        validation_field: str | None = None,
        validation_metric: str | None = None,
        averaging: Literal["none", "ema", "swa"] = "none",
        averaging_decay: Annotated[float, Gt(0), Lt(1)] = 0.999,
        precision: Literal["32", "bf16", "fp16"] = "32",
        compile: bool = False,
        device: Literal["auto", "cpu", "cuda"] = "auto",
        checkpoint_seconds: Annotated[float, Ge(0)] = 15.0,
        steps_per_checkpoint: Annotated[int, Ge(0)] = 0,
    ) -> None:
        self.epochs = epochs
        self.train_steps = train_steps
        self.batch_size = batch_size
        self.eval_batch_size = eval_batch_size
        self.effective_batch_size = effective_batch_size
        self.gradient_accumulation_steps = gradient_accumulation_steps
        self.learning_rate = learning_rate
        self.schedule: Schedule = _component(schedules, learning_rate_scheduler)
        self.optimizer: Optimizer = _component(optimizers, optimizer)
        self.clipping = build(Clipping, **(gradient_clipping or {}))
        self.early_stop = early_stop
        self.validation_field = validation_field
        self.validation_metric = validation_metric
        self.averaging = averaging
        self.averaging_decay = averaging_decay
        self.precision = precision
        self.compile = compile
        self.device = device
        self.checkpoint_seconds = checkpoint_seconds
        self.steps_per_checkpoint = steps_per_checkpoint

    def rows_a_step(self, train: Batch) -> int:
        """The batch size for these rows."""
        rows = len(train)
        if self.batch_size != "auto":
            return min(self.batch_size, rows)
        fitting = next((size for most, size in BATCH_SIZES if rows < most), LARGEST_BATCH)
        row_bytes = sum(array[:1].nbytes for array in train.inputs.values())
        return max(min(fitting, BATCH_BYTES // max(row_bytes, 1)), 16)

    def batches_an_update(self, batch_size: int) -> int:
        """How many batches' gradients are added up before a step."""
        if self.effective_batch_size is None:
            return self.gradient_accumulation_steps
        return max(round(self.effective_batch_size / batch_size), 1)


def _component(registry: Any, section: Mapping[str, Any] | str) -> Any:
    section = {"type": section} if isinstance(section, str) else dict(section)
    return build(registry.get(section.pop("type")), **section)
