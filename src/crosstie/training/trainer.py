"""What a training takes: the options of the file's `trainer:` section for networks, and how they are read."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from annotated_types import Ge, Gt, Lt

from crosstie.config.options import ComponentOf, Section, build, options
from crosstie.config.words import Answer, Elsewhere
from crosstie.errors import ConfigError, Problem
from crosstie.training.answered import NETWORK
from crosstie.training.batch_size import BatchSize
from crosstie.training.clipping import Clipping
from crosstie.training.optimizers.optimizer import Optimizer, optimizers
from crosstie.training.pace import Pace
from crosstie.training.schedules.schedule import Schedule, schedules


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
        early_stop: Stop after so many evaluations without gain; -1 never stops. None is 6, or as many as make 100
            steps where epochs are short: of 50 rows an epoch is two.
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
        checkpoint_seconds: Write a checkpoint once so many seconds have passed since the last; less often where writing
            would take more than a twentieth of the time. 0 is after every step.
        steps_per_checkpoint: Also write one every so many steps; 0 does not.
        checkpoints_per_epoch: Also write so many an epoch; 0 does not.
    """

    answers: ClassVar[dict[str, Answer]] = NETWORK
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
        ]
        | None = None,
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
        self.batches = BatchSize(
            batch_size,
            evaluation=eval_batch_size,
            most=max_batch_size,
            update=effective_batch_size,
            times=gradient_accumulation_steps,
        )
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


def _section(given: Mapping[str, Any] | str) -> dict[str, Any]:
    return {"type": given} if isinstance(given, str) else dict(given)


def _component(registry: Any, section: dict[str, Any]) -> Any:
    return build(registry.get(section.pop("type")), **section)
