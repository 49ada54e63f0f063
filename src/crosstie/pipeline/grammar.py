"""The keys of a model file: each section is a class whose constructor is its schema, as for components.

The sections below never run; they are read for their options. Names and places are Ludwig's where it has
them, so that its files run here; words it has dropped, and what we do not build, are told apart in `MOVED`.
"""

from typing import Annotated, Any, ClassVar, Literal

from annotated_types import Ge, Gt, Le, MinLen

from crosstie.config.options import ComponentOf
from crosstie.data.split import splits
from crosstie.training.callbacks.callback import callbacks as listeners

OLD_TYPES = {
    "numerical": "number",
    "numeric": "number",
    "float": "number",
    "int": "number",
    "integer": "number",
    "categorical": "category",
    "boolean": "binary",
    "bool": "binary",
    "string": "text",
    "datetime": "date",
}


class File:
    """The model file.

    Args:
        name: The model's name; its runs lie together under it. None takes the file's or the table's.
        version: Of this grammar.
        data: A table: a path, a glob, a list of paths, `{connection: …, query: …}`, or
            `{train: …, validation: …, test: …}`, each a table. Paths are relative to the file.
        target: The column to predict, or a list of them: every other column is an input, its type inferred.
        exclude: Columns that are no inputs.
        model_type: What learns: auto tries the plausible ones and keeps the best. None is ecd where
            `input_features` are listed and auto where they are not.
        input_features: Columns to predict from. With `target` the listed ones are refined, the others stay
            inferred; without it the list is whole.
        output_features: Columns to predict, with their options.
        combiner: How the encoded inputs become one vector (ecd).
        trainer: Options of the learner that `model_type` names.
        preprocessing: Of the whole table: the split, sampling.
        defaults: Options by feature type: `{number: {preprocessing: …, encoder: …}}`.
        backend: Where training runs; `local` is the only one.
        weight: The column of row weights.
        private: Columns whose cells never leave this machine in an example or a report.
        seed: Everything random comes from it.
        folds: Train this many models, each validated on rows of its own, and keep them as one.
        split: Short for `preprocessing.split`.
        callbacks: Who else listens to training, by name: `mlflow`, `wandb`, or a class of your own.
    """

    aliases: ClassVar[dict[str, str]] = {"random_seed": "seed"}

    def __init__(
        self,
        *,
        name: str | None = None,
        version: Literal[1] = 1,
        data: Any = None,
        target: str | list[str] | None = None,
        exclude: list[str] | str = (),  # type: ignore[assignment]  # read, never constructed
        model_type: str | None = None,
        input_features: list[dict[str, Any] | str] | None = None,
        output_features: list[dict[str, Any] | str] | None = None,
        combiner: str | dict[str, Any] | None = None,
        trainer: dict[str, Any] | None = None,
        preprocessing: dict[str, Any] | None = None,
        defaults: dict[str, Any] | None = None,
        backend: str | dict[str, Any] | None = None,
        weight: str | None = None,
        private: list[str] = (),  # type: ignore[assignment]
        seed: Annotated[int, Ge(0), Le(2**32 - 1)] = 42,
        folds: Annotated[int, Ge(2), Le(100)] | None = None,
        split: str | dict[str, Any] | None = None,
        callbacks: Annotated[list[Any], ComponentOf(listeners, many=True)] = (),  # type: ignore[assignment]
    ) -> None: ...


class Input:
    """An input feature.

    Args:
        name: What the feature is called, and its column unless `column` says otherwise.
        column: The column of the table.
        type: Its feature type; inferred from the data where it is not given.
        encoder: How it becomes a vector (ecd): a name, or a section with `type`.
        preprocessing: How cells become numbers.
    """

    def __init__(
        self,
        *,
        name: Annotated[str, MinLen(1)],
        column: str | None = None,
        type: str | None = None,
        encoder: str | dict[str, Any] | None = None,
        preprocessing: dict[str, Any] | None = None,
    ) -> None: ...


class Output:
    """An output feature.

    Args:
        name: What the feature is called, and its column unless `column` says otherwise.
        column: The column of the table.
        type: Its feature type; inferred from the data where it is not given.
        preprocessing: How cells become targets.
        decoder: How the combined vector becomes a prediction (ecd): a name, or a section with `type`.
        loss: What training makes small: a name, or a section with `type` and `weight`.
        dependencies: Other outputs whose predictions this one also sees.
        metric: What early stopping watches and runs are compared by; None is the type's usual one.
        threshold: From which probability on the positive class (a label of a set) is predicted; or the
            name of a metric, to choose the threshold that is best by it on validation rows.
    """

    def __init__(
        self,
        *,
        name: Annotated[str, MinLen(1)],
        column: str | None = None,
        type: str | None = None,
        preprocessing: dict[str, Any] | None = None,
        decoder: str | dict[str, Any] | None = None,
        loss: str | dict[str, Any] | None = None,
        dependencies: list[str] = (),  # type: ignore[assignment]
        metric: str | None = None,
        threshold: Annotated[float, Ge(0), Le(1)] | str | None = None,
    ) -> None: ...


class Preprocessing:
    """Preprocessing of the whole table.

    Args:
        split: Which rows train, validate and test.
        sample_ratio: The share of rows to use.
        sample_size: Use at most so many rows.
        oversample_minority: Repeat training rows of a binary target's rarer class up to this ratio to the other.
        undersample_majority: Leave out training rows of a binary target's commoner class down to this ratio.
    """

    def __init__(
        self,
        *,
        split: Annotated[dict[str, Any] | None, ComponentOf(splits)] = None,
        sample_ratio: Annotated[float, Gt(0), Le(1)] = 1.0,
        sample_size: Annotated[int, Ge(1)] | None = None,
        oversample_minority: Annotated[float, Gt(0), Le(1)] | None = None,
        undersample_majority: Annotated[float, Gt(0), Le(1)] | None = None,
    ) -> None: ...


_PLAIN = "leave it out"

# Words of Ludwig's grammar (older and newer) that we answer with more than a guess, by section.
MOVED: dict[str, dict[str, str]] = {
    "file": {
        "hyperopt": "hyperopt is not part of this version; leave the section out",
        "training": "the section is called 'trainer'",
        "ludwig_version": f"this is no version of Crosstie's grammar; {_PLAIN} (ours is `version: 1`)",
        "base_model": "language models are not part of this version",
        "prompt": "language models are not part of this version",
        "adapter": "language models are not part of this version",
    },
    "input": {
        "tied": f"features do not share weights in this version; {_PLAIN}",
        "augmentation": f"augmentation is of images, which are not part of this version; {_PLAIN}",
        "reduce_output": "belongs into 'encoder', as in `encoder: {type: …, reduce_output: …}`",
        "level": "belongs into the encoder and the tokenizer: `preprocessing: {tokenizer: characters}`",
        "active": "write the columns that are not wanted under `exclude:`",
        "missing_value_strategy": "belongs into 'preprocessing'",
    },
    "output": {
        "reduce_input": f"a decoder is given one vector a row, so nothing is left to reduce; {_PLAIN}",
        "reduce_dependencies": f"a decoder is given one vector a row, so nothing is left to reduce; {_PLAIN}",
        "encoder": "an output has a decoder; write the encoder at an input",
        "calibration": f"probabilities are calibrated on the validation rows anyway; {_PLAIN}",
        "top_k": f"accuracy of the first k is not measured in this version; {_PLAIN}",
        "num_classes": f"classes are counted in the training rows; {_PLAIN}",
        "clip": f"predictions are not clipped in this version; {_PLAIN}",
        "default_validation_metric": "is called 'metric'",
        "missing_value_strategy": "belongs into 'preprocessing'",
    },
    "preprocessing": {
        "force_split": "write `split: {type: random}`; a column named 'split' is used only by `split: {type: fixed}`",
        "split_probabilities": "write `split: {type: random, probabilities: […]}`",
        "stratify": "write `split: {type: stratify, column: …}`",
        "global_max_sequence_length": "is for language models, which are not part of this version",
        "random_seed": "write `seed:` at the top of the file",
    },
    "trainer": {
        "type": "the learner is named by 'model_type' at the top of the file",
        "should_shuffle": f"training rows are always shuffled; {_PLAIN}",
        "evaluate_training_set": f"training rows are always scored too, the first 20,000; {_PLAIN}",
        "use_mixed_precision": "write `precision: bf16`",
        "checkpoints_per_epoch": "write `steps_per_checkpoint: …`; checkpoints are also written by time",
        "eval_steps": f"evaluation is at the end of every epoch in this version; {_PLAIN}",
        "decay": "write `learning_rate_scheduler: …`",
        "learning_rate_warmup_epochs": "write `learning_rate_scheduler: {…, warmup_fraction: …}`",
        "reduce_learning_rate_on_plateau": "write `learning_rate_scheduler: {type: plateau}`",
        "increase_batch_size_on_plateau": f"the batch size stays the same while training; {_PLAIN}",
        "max_batch_size": f"`batch_size: auto` decides by rows and memory; {_PLAIN}",
        "learning_rate_scaling": f"training is on one device in this version; {_PLAIN}",
        "skip_all_evaluation": f"a model is always evaluated; {_PLAIN}",
    },
}
