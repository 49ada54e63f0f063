"""What a training takes: the options of the file's `trainer:` section for networks, and how they are read."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from annotated_types import Ge, Gt, Lt

from crosstie.config.options import ComponentOf, Section, build, options
from crosstie.config.words import ANYTHING, Answer, Elsewhere
from crosstie.data.batch import Batch
from crosstie.errors import ConfigError, Problem
from crosstie.training.answered import NETWORK
from crosstie.training.clipping import Clipping
from crosstie.training.optimizers.optimizer import Optimizer, optimizers
from crosstie.training.pace import Pace
from crosstie.training.schedules.schedule import Schedule, schedules

# Rows up to which a batch size fits (TabM, arXiv:2410.24210); larger tables take the last.
BATCH_SIZES = ((2_800, 32), (4_500, 64), (6_400, 128), (32_000, 256), (108_000, 512))
LARGEST_BATCH = 1024
_PLAIN = "leave it out"
PICTURES = 64  # a batch: one epoch of 7,000 digits of MNIST .94 with 64, .93 with 256
BATCH_BYTES = 1 << 22  # of a batch's inputs: long texts make for smaller batches


class Trainer:
    """How a network is trained.

    Args:
        epochs: Passes over the training rows at most; early stopping usually ends sooner.
        train_steps: Updates at most, in place of `epochs`.
        time_limit: Seconds after which the epoch under way is the last.
        batch_size: Rows a step; `auto` decides by the number of rows and their size, never by timing.
        eval_batch_size: Rows at once where nothing is learned; `auto` takes twice `batch_size`, at least 256.
        max_batch_size: The most that `batch_size: auto` takes; null leaves it to rows and memory.
        effective_batch_size: Rows an update, reached by adding up the gradients of several batches; `auto`
            leaves it to `gradient_accumulation_steps`.
        gradient_accumulation_steps: Batches an update; `auto` is 1, or what `effective_batch_size` needs.
        learning_rate: Of the optimizer; `auto` finds one by a range test (Smith 2017, arXiv:1506.01186).
        learning_rate_scheduler: How the rate changes over the steps.
        optimizer: One of torch's, by name.
        gradient_clipping: Limits to gradients.
        recipe: What the options that are left out stand at: `fine_tune` is for a network that begins with learned
            weights, as fast.ai has it: first only what is new learns, then everything, encoders slowest, each along
            one cycle; 5 epochs, no early stop.
        freeze: Parts that keep their weights: `encoders`, `combiner`, `decoders`, or inputs and outputs by name.
        freeze_epochs: Of all epochs the first so many, in which only what is new learns: not what earlier weights
            were taken for (without such: not the encoders). The schedule then runs once in them and once after.
        rate_ratio: How many times slower encoders learn than decoders; the combiner is between.
        mixup: Mix training rows two by two (arXiv:1710.09412): both parameters of the Beta distribution that the
            shares are drawn from, such as 0.2; 0 does not. Pictures are mixed as they are, other inputs encoded.
        cutmix: Put a piece of one training picture into another (arXiv:1905.04899): as `mixup`, such as 1.0; 0
            does not. With both, each batch is either.
        regularization_type: Penalty on the weights that is added to the loss; biases, norms and scalings are spared.
        regularization_lambda: How strong it is; 0 is none.
        should_shuffle: Take training rows in a new order each epoch; false keeps the table's.
        bucketing_field: A text, sequence, set or bag input: rows in which it is about as long are learned from
            together, so that little of a batch is padding. Which rows those are is drawn anew each epoch.
        early_stop: Stop after so many evaluations without gain; -1 never stops.
        eval_steps: Measure validation rows by their first so many batches after each epoch; null by all.
        validation_field: The output whose metric is watched; null is the first, `combined` all of them: what is
            watched then is the sum of their losses, each times its weight.
        validation_metric: The metric that is watched; null is the output's own, `combined` as above.
        evaluate_training_set: Measure the first 20,000 training rows, too, after each epoch.
        averaging: Evaluate and keep an average of the weights: exponential (`ema`), or of all steps alike (`swa`).
        averaging_decay: Of the exponential average.
        averaging_start: Epochs before the average begins.
        precision: Bits of the arithmetic; `bf16` and `fp16` mix with 32.
        use_mixed_precision: The same as `precision: bf16`.
        compile: Let torch compile the network first.
        device: Where to compute; `auto` takes a GPU if there is one.
        devices: Which GPUs, by number, how many, or `auto` for all there are; without one, how many processes. A
            batch is shared out among them, so that `batch_size` stays the rows of a step.
        checkpoint_seconds: Write a checkpoint once so many seconds have passed since the last.
        steps_per_checkpoint: Also write one every so many steps; 0 does not.
        checkpoints_per_epoch: Also write so many an epoch; 0 does not.
    """

    answers: ClassVar[dict[str, Answer]] = {
        **NETWORK,
        "type": Answer("the learner is named by 'model_type' at the top of the file", ("trainer",)),
        "weight_decay": Answer(
            "belongs into 'optimizer', as in `optimizer: {type: adamw, weight_decay: …}`"
        ),
        "momentum": Answer("belongs into 'optimizer', as in `optimizer: {type: sgd, momentum: …}`"),
        "dropout": Answer("belongs into the encoder, combiner or decoder that is to have it"),
        "decay": Answer("write `learning_rate_scheduler: …`", (False, None)),
        "decay_rate": Answer("belongs into 'learning_rate_scheduler'"),
        "decay_steps": Answer("belongs into 'learning_rate_scheduler'"),
        "staircase": Answer("belongs into 'learning_rate_scheduler'"),
        "warmup_fraction": Answer("belongs into 'learning_rate_scheduler'"),
        "warmup_steps": Answer("write `learning_rate_scheduler: {…, warmup_fraction: …}`"),
        "warmup_ratio": Answer("write `learning_rate_scheduler: {…, warmup_fraction: …}`"),
        "learning_rate_warmup_epochs": Answer(
            "write `learning_rate_scheduler: {…, warmup_evaluations: …}`"
        ),
        "reduce_learning_rate_on_plateau": Answer(
            "write `learning_rate_scheduler: {reduce_on_plateau: …}`"
        ),
        "increase_batch_size_on_plateau": Answer(
            f"the batch size stays the same while training; {_PLAIN}", (0,)
        ),
        "increase_batch_size_on_plateau_patience": Answer("as above", (ANYTHING,)),
        "increase_batch_size_on_plateau_rate": Answer("as above", (ANYTHING,)),
        "increase_batch_size_eval_metric": Answer("as above", (ANYTHING,)),
        "increase_batch_size_eval_split": Answer("as above", (ANYTHING,)),
        "learning_rate_scaling": Answer(
            "says what larger batches do to the rate; here devices share a batch out, so it stays as it is",
            ("constant", "sqrt", "linear"),
        ),
        "skip_all_evaluation": Answer(f"a model is always evaluated; {_PLAIN}", (False,)),
        "enable_profiling": Answer(f"training is not profiled in this version; {_PLAIN}", (False,)),
        "profiler": Answer("says how to profile", (ANYTHING,)),
        "enable_gradient_checkpointing": Answer(
            "belongs into the encoder: `encoder: {type: pretrained, gradient_checkpointing: true}`",
            (False,),
        ),
        "layers_to_freeze_regex": Answer("write `freeze: [encoders]`", (None,)),
        "gradual_unfreezing": Answer("write `freeze_epochs: …`"),
        "num_workers": Answer(f"rows are in memory or mapped, no worker loads them; {_PLAIN}"),
    }

    recipes: ClassVar[dict[str, dict[str, Any]]] = {
        "fine_tune": {
            "epochs": 5,
            "early_stop": -1,
            "freeze_epochs": 1,
            "rate_ratio": 100.0,
            "learning_rate_scheduler": "one_cycle",
        }
    }

    def __init__(
        self,
        *,
        epochs: Annotated[
            int,
            Ge(1),
            Elsewhere(
                "num_epochs",
                "max_epochs",
                "n_epochs",
                "iterations",
                "n_iter",
                "num_train_epochs",
                "nb_epoch",
                "max_iter",
            ),
        ] = 100,
        train_steps: Annotated[
            int | None, Ge(1), Elsewhere("max_steps", "num_steps", "total_steps")
        ] = None,
        time_limit: Annotated[
            float | None, Gt(0), Elsewhere("max_time", "timeout", "time_budget")
        ] = None,
        batch_size: Annotated[
            int | Literal["auto"],
            Ge(1),
            Elsewhere("train_batch_size", "per_device_train_batch_size", "batchsize", "bs"),
        ] = "auto",
        eval_batch_size: Annotated[
            int | Literal["auto"] | None,
            Ge(1),
            Elsewhere("val_batch_size", "validation_batch_size", "per_device_eval_batch_size"),
        ] = "auto",
        max_batch_size: Annotated[int, Ge(1)] | None = None,
        effective_batch_size: Annotated[int, Ge(1)] | Literal["auto"] = "auto",
        gradient_accumulation_steps: Annotated[
            int | Literal["auto"],
            Ge(1),
            Elsewhere(
                "accumulate_grad_batches",
                "grad_accum_steps",
                "num_gradient_accumulation_steps",
                "iters_to_accumulate",
            ),
        ] = "auto",
        learning_rate: Annotated[
            float | Literal["auto"],
            Gt(0),
            Elsewhere(
                "lr", "max_lr", "lr_max", "base_lr", "learning_rate_init", "eta", "step_size"
            ),
        ] = 0.002,
        learning_rate_scheduler: Annotated[
            dict[str, Any] | str,
            ComponentOf(schedules, alias="decay", also=Pace),
            Elsewhere("lr_scheduler", "scheduler", "lr_schedule", "lr_scheduler_type", "schedule"),
        ] = "constant",
        optimizer: Annotated[
            dict[str, Any] | str,
            ComponentOf(optimizers),
            Elsewhere("optim", "opt", "solver", "opt_func"),
        ] = "adamw",
        gradient_clipping: Annotated[
            dict[str, Any] | None,
            Section(Clipping),
            Elsewhere(
                "grad_clipping", "gradient_clip_val", "max_grad_norm", "grad_clip", "clip_grad_norm"
            ),
        ] = None,
        recipe: Annotated[
            Literal["fine_tune"], Elsewhere("preset", values={"finetune": "fine_tune"})
        ]
        | None = None,
        freeze: Annotated[
            list[str],
            Elsewhere(
                "freeze_layers",
                "frozen",
                "frozen_layers",
                "no_grad",
                "freeze_parameters",
                "freeze_to",
            ),
        ]
        | None = None,
        freeze_epochs: Annotated[
            int,
            Ge(0),
            Elsewhere("unfreeze_at_epoch", "unfreeze_backbone_at_epoch", "frozen_epochs"),
        ] = 0,
        rate_ratio: Annotated[
            float, Ge(1), Elsewhere("lr_mult", "discriminative_lr", "backbone_lr_ratio")
        ] = 1.0,
        mixup: Annotated[float, Ge(0), Elsewhere("mixup_alpha", "mix_up")] = 0.0,
        cutmix: Annotated[float, Ge(0), Elsewhere("cutmix_alpha", "cut_mix")] = 0.0,
        regularization_type: Literal["l1", "l2", "l1_l2"] | None = "l2",
        regularization_lambda: Annotated[
            float, Ge(0), Elsewhere("l2", "l2_regularization", "l2_reg", "reg_lambda")
        ] = 0.0,
        should_shuffle: Annotated[bool, Elsewhere("shuffle")] = True,
        bucketing_field: Annotated[str | None, Elsewhere("group_by_length")] = None,
        early_stop: Annotated[
            int,
            Ge(-1),
            Elsewhere(
                "patience",
                "early_stopping",
                "n_iter_no_change",
                "early_stopping_patience",
                "early_stopping_rounds",
            ),
        ] = 6,
        eval_steps: Annotated[int, Ge(1)] | None = None,
        validation_field: str | None = None,
        validation_metric: Annotated[
            str | None,
            Elsewhere("monitor", "val_metric", "eval_metric", "metric_for_best_model", "metric"),
        ] = None,
        evaluate_training_set: Annotated[bool, Elsewhere("eval_train", "eval_on_train")] = False,
        averaging: Annotated[
            Literal["none", "ema", "swa"],
            Elsewhere(
                "weight_averaging", "swa", "ema", values={"exponential": "ema", "stochastic": "swa"}
            ),
        ] = "none",
        averaging_decay: Annotated[float, Gt(0), Lt(1)] = 0.999,
        averaging_start: Annotated[int, Ge(0)] = 0,
        precision: Annotated[
            Literal[32, "bf16", "fp16"],
            Elsewhere(
                "mixed_precision",
                "amp",
                values={
                    "32-true": 32,
                    "fp32": 32,
                    "float32": 32,
                    "bf16-mixed": "bf16",
                    "bfloat16": "bf16",
                    "16-mixed": "fp16",
                    "float16": "fp16",
                },
            ),
        ] = 32,
        use_mixed_precision: bool = False,
        compile: Annotated[bool, Elsewhere("torch_compile")] = False,
        device: Annotated[
            Literal["auto", "cpu", "cuda"],
            Elsewhere(
                "accelerator", "use_gpu", "gpu", "no_cuda", "use_cpu", values={"gpu": "cuda"}
            ),
        ] = "auto",
        devices: Annotated[
            list[Annotated[int, Ge(0)]] | Annotated[int, Ge(1)] | Literal["auto"],
            Elsewhere(
                "cuda_devices",
                "cuda_device",
                "gpus",
                "gpu_ids",
                "num_gpus",
                "n_gpu",
                "num_devices",
                "num_processes",
                "nproc_per_node",
                values={"all": "auto"},
            ),
        ] = 1,
        checkpoint_seconds: Annotated[float, Ge(0)] = 15.0,
        steps_per_checkpoint: Annotated[
            int, Ge(0), Elsewhere("save_steps", "every_n_train_steps")
        ] = 0,
        checkpoints_per_epoch: Annotated[int, Ge(0)] = 0,
    ) -> None:
        self.epochs = epochs
        self.train_steps = train_steps
        self.time_limit = time_limit
        self.batch_size = batch_size
        self.eval_batch_size = eval_batch_size
        self.max_batch_size = max_batch_size
        self.effective_batch_size = effective_batch_size
        self.gradient_accumulation_steps = gradient_accumulation_steps
        self._check_accumulation()
        self.learning_rate = learning_rate
        section = _section(learning_rate_scheduler)
        pace = {name: section.pop(name) for name in options(Pace) if name in section}
        self.pace = build(Pace, **pace)
        self.schedule: Schedule = _component(schedules, section)
        self.optimizer: Optimizer = _component(optimizers, _section(optimizer))
        self.clipping = build(Clipping, **(gradient_clipping or {}))
        self.recipe = recipe
        self.freeze = freeze or []
        self.freeze_epochs = freeze_epochs
        if train_steps is None and freeze_epochs and freeze_epochs >= epochs:
            raise ConfigError(
                Problem(
                    "trainer.freeze_epochs",
                    f"must be less than epochs {epochs}, got {freeze_epochs}: they are the first of them",
                )
            )
        self.rate_ratio = rate_ratio
        self.mixup = mixup
        self.cutmix = cutmix
        self.regularization_type = regularization_type
        self.regularization_lambda = regularization_lambda
        self.should_shuffle = should_shuffle
        self.bucketing_field = bucketing_field
        self.early_stop = early_stop
        self.eval_steps = eval_steps
        self.validation_field = validation_field
        self.validation_metric = validation_metric
        self.evaluate_training_set = evaluate_training_set
        self.averaging = averaging
        self.averaging_decay = averaging_decay
        self.averaging_start = averaging_start
        if use_mixed_precision and precision == "fp16":
            raise ConfigError(
                Problem("trainer.use_mixed_precision", "is bf16; leave it out, precision says fp16")
            )
        self.precision = "bf16" if use_mixed_precision else precision
        self.compile = compile
        self.device = device
        self.devices = devices
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
        if any(array.ndim == 4 for array in train.inputs.values()):
            fitting = min(fitting, PICTURES)
        fitting = min(fitting, self.max_batch_size or fitting)
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
