"""The keys of a model file: each section is a class whose constructor is its schema, as for components.

The sections below never run; they are read for their options. Names and places are Ludwig's where it has
them, so that its files run here; words it has dropped, and what we do not build, have their answer in `answers`.
"""

from typing import Annotated, Any, ClassVar, Literal

from annotated_types import Ge, Gt, Le, Lt, MinLen

from crosstie.config.options import ComponentOf
from crosstie.config.words import ANYTHING, Alias, Answer, Elsewhere
from crosstie.data.split import splits
from crosstie.training.augmentations.augmentation import augmentations
from crosstie.training.callbacks.callback import callbacks as listeners

WIRING = ("column",)  # of a feature type's constructor: said beside its preprocessing, not in it
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

_PLAIN = "leave it out"
_LANGUAGE = "language models are not part of this version"
_VECTOR = f"a decoder is given one vector a row, so nothing is left to reduce; {_PLAIN}"
_REDUCTIONS = (None, "sum", "mean", "avg", "max", "concat", "last", "attention")


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
            `input_features` are listed or `start_from` is given, and auto where not.
        input_features: Columns to predict from. With `target` the listed ones are refined, the others stay
            inferred; without it the list is whole.
        output_features: Columns to predict, with their options.
        combiner: How the encoded inputs become one vector (ecd).
        trainer: Options of the learner that `model_type` names.
        preprocessing: Of the whole table: the split, sampling.
        defaults: Options by feature type: `{number: {preprocessing: …, encoder: …}}`.
        backend: Where training runs; `local` is the only one.
        weight: The column of row weights.
        start_from: An earlier network whose weights this one begins with where they fit: a run, or a folder with
            `config.json` and `weights.safetensors`, relative to the file, or `hf://ORG/NAME@REVISION`. What the
            file leaves open is as in it.
        private: Columns whose cells never leave this machine in an example or a report.
        seed: Everything random comes from it.
        folds: Train this many models, each validated on rows of its own, and keep them as one.
        split: Short for `preprocessing.split`.
        components: The folder of your own classes; None is `components/` beside the file, if it is there.
        features: The file with row-wise features, a SELECT over `input` (.sql) or a function (.py), that run in training
            and on each request; it is `features.sql` or `features.py` beside the file, if one is there. null is none.
        callbacks: Who else listens to training, by name: `mlflow`, `wandb`, or a class of your own.
        fairness: By which groups of people the model is audited, and whether they are evened out.
        hyperopt: What `crosstie tune` varies, and how; nothing else reads it.
    """

    answers: ClassVar[dict[str, Answer]] = {
        "training": Answer("the section is called 'trainer'"),
        "cluster": Answer("says how `crosstie cluster` groups rows; to predict, leave it out"),
        "ludwig_version": Answer("says which version wrote the file", (ANYTHING,)),
        "base_model": Answer(_LANGUAGE),
        "prompt": Answer(_LANGUAGE),
        "adapter": Answer(_LANGUAGE, (None,)),
        "quantization": Answer(_LANGUAGE, (None,)),
        "generation": Answer(_LANGUAGE, (None,)),
    }

    def __init__(
        self,
        *,
        name: str | None = None,
        version: Literal[1] = 1,
        data: Annotated[Any, Elsewhere("dataset", "train_data", "training_set")] = None,
        target: Annotated[str | list[str] | None, Elsewhere("label", "y", "label_column")] = None,
        exclude: Annotated[list[str] | str, Elsewhere("drop", "ignore", "ignored_columns")] = (),  # type: ignore[assignment]  # read, never constructed
        model_type: str | None = None,
        input_features: list[dict[str, Any] | str] | None = None,
        output_features: list[dict[str, Any] | str] | None = None,
        combiner: str | dict[str, Any] | None = None,
        trainer: dict[str, Any] | None = None,
        preprocessing: dict[str, Any] | None = None,
        defaults: dict[str, Any] | None = None,
        backend: str | dict[str, Any] | None = None,
        weight: Annotated[str | None, Elsewhere("sample_weight", "weights_column")] = None,
        start_from: Annotated[
            str | None,
            Elsewhere(
                "from",
                "model_load_path",
                "init_from",
                "init_model",
                "warm_start",
                "warm_start_from",
                "load_from",
                "from_pretrained",
            ),
        ] = None,
        private: list[str] = (),  # type: ignore[assignment]
        seed: Annotated[
            int,
            Ge(0),
            Le(2**32 - 1),
            Alias("random_seed"),
            Elsewhere("random_state", "seed_everything"),
        ] = 42,
        folds: Annotated[int, Ge(2), Le(100), Elsewhere("k_fold", "n_splits", "cv")] | None = None,
        split: str | dict[str, Any] | None = None,
        components: str | None = None,
        features: str | None = None,
        callbacks: Annotated[list[Any], ComponentOf(listeners, many=True)] = (),  # type: ignore[assignment]
        fairness: dict[str, Any] | None = None,
        hyperopt: Annotated[dict[str, Any] | None, Elsewhere("tune", "hpo", "sweep")] = None,
    ) -> None: ...


class Fairness:
    """Groups of people, and what is done about differences between them.

    Args:
        by: The column that tells groups apart, or a list of them for their intersections. They need not be inputs.
        thresholds: Decide each group by a threshold of its own, chosen on validation rows, so that groups are alike by
            this criterion: in the share that is chosen (demographic_parity), in the share of the truly positive that is
            (equal_opportunity), or in that and in the share of the truly negative (equalized_odds). Rows to predict must
            then say which group they are of.
        reweighing: Weight training rows so that class and group are independent.
        bound: How far apart those shares may be on the rows that thresholds are chosen on.
    """

    answers: ClassVar[dict[str, Answer]] = {
        "constraints": Answer(
            "write `thresholds: demographic_parity`, `equal_opportunity` or `equalized_odds`"
        ),
        "mitigation": Answer("write `thresholds: …` with a criterion, or `reweighing: true`"),
    }

    def __init__(
        self,
        *,
        by: Annotated[
            list[str] | str,
            Elsewhere("sensitive_features", "sensitive", "protected", "protected_attributes"),
        ],
        thresholds: Annotated[
            Literal["demographic_parity", "equal_opportunity", "equalized_odds"],
            Elsewhere(
                "criterion",
                values={
                    "true_positive_rate_parity": "equal_opportunity",
                    "false_negative_rate_parity": "equal_opportunity",
                },
            ),
        ]
        | None = None,
        reweighing: Annotated[bool, Elsewhere("reweighting", "reweigh")] = False,
        bound: Annotated[float, Gt(0), Le(1)] = 0.02,
    ) -> None: ...


class Backend:
    """Where training runs.

    Args:
        type: On this machine.
        cache_dir: Where arrays too large for memory lie while they are needed; null is `.crosstie` where one stands.
            Nothing in it is read by a later run.
    """

    answers: ClassVar[dict[str, Answer]] = {
        "cache_format": Answer("is numpy's own", (None, "npy", "numpy")),
        "processor": Answer("tables are read by one engine in this version", (None,)),
        "trainer": Answer("training is on one device in this version", (None,)),
        "loader": Answer("rows are in memory or mapped, nothing loads them", (None,)),
    }

    def __init__(
        self, *, type: Literal["local"] = "local", cache_dir: str | None = None
    ) -> None: ...


class Input:
    """An input feature.

    Args:
        name: What the feature is called, and its column unless `column` says otherwise.
        column: The column of the table.
        type: Its feature type; inferred from the data where it is not given.
        encoder: How it becomes a vector (ecd): a name, or a section with `type`.
        preprocessing: How cells become numbers.
        tied: Another input, of the same type, whose encoder this one shares, weights and vocabulary (ecd).
        augmentation: How training pictures are changed a little, step by step (ecd, of an image). Left out, or true,
            they are moved and turned a little, unless a published encoder is left alone; false leaves them as
            they are.
    """

    answers: ClassVar[dict[str, Answer]] = {
        "reduce_output": Answer(
            "belongs into 'encoder', as in `encoder: {type: …, reduce_output: …}`"
        ),
        "level": Answer(
            "belongs into the encoder and the tokenizer: `preprocessing: {tokenizer: characters}`"
        ),
        "active": Answer("write the columns that are not wanted under `exclude:`", (True,)),
        "missing_value_strategy": Answer("belongs into 'preprocessing'"),
        "proc_column": Answer("names a column of Ludwig's cache", (ANYTHING,)),
    }

    def __init__(
        self,
        *,
        name: Annotated[str, MinLen(1)],
        column: str | None = None,
        type: str | None = None,
        encoder: str | dict[str, Any] | None = None,
        preprocessing: dict[str, Any] | None = None,
        tied: str | None = None,
        augmentation: Annotated[
            list[Any] | bool | None, ComponentOf(augmentations, many=True)
        ] = None,
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
            name of a metric, to choose the threshold that is best by it on validation rows; or of a binary output what
            wrong decisions cost, to choose the cheapest: `{cost: {false_positive: 1, false_negative: 5}}`.
        coverage: Of a number: the share of rows whose true number the interval is to hold that is predicted with
            `--intervals`; of a category: whose true class the set of classes is to hold; None is 0.9.
        calibration: Make probabilities honest by one temperature, fitted on validation rows; false leaves
            them as they were learned.
    """

    answers: ClassVar[dict[str, Answer]] = {
        "reduce_input": Answer(_VECTOR, _REDUCTIONS),
        "reduce_dependencies": Answer(_VECTOR, _REDUCTIONS),
        "encoder": Answer("an output has a decoder; write the encoder at an input"),
        "top_k": Answer(
            f"the metric `hits_at_k` looks at the first 3 in this version; {_PLAIN}", (3,)
        ),
        "num_classes": Answer(f"classes are counted in the training rows; {_PLAIN}", (None,)),
        "input_size": Answer(f"the decoder sees how wide its input is; {_PLAIN}", (None,)),
        "clip": Answer(f"predictions are not clipped in this version; {_PLAIN}", (None,)),
        "class_similarities": Answer(
            f"classes that resemble each other count as any other in this version; {_PLAIN}",
            (None,),
        ),
        "active": Answer("an output that is not wanted is left out of the list", (True,)),
        "missing_value_strategy": Answer("belongs into 'preprocessing'"),
        "proc_column": Answer("names a column of Ludwig's cache", (ANYTHING,)),
    }

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
        metric: Annotated[
            str | None, Alias("default_validation_metric"), Elsewhere("eval_metric", "scoring")
        ] = None,
        threshold: Annotated[float, Ge(0), Le(1)] | str | dict[str, dict[str, float]] | None = None,
        coverage: Annotated[float, Gt(0), Lt(1)] | None = None,
        calibration: bool | None = None,
    ) -> None: ...


class Preprocessing:
    """Preprocessing of the whole table.

    Args:
        split: Which rows train, validate and test.
        sample_ratio: The share of rows to use.
        sample_size: Use at most so many rows.
        oversample_minority: Repeat training rows of a binary target's rarer class up to this ratio to the other.
        undersample_majority: Leave out training rows of a binary target's commoner class down to this ratio.
        time: The column that says when a row is, for windows of series; None is the only column of dates, or the
            order of the rows where there is none.
        group: The column that says which series a row belongs to, where the table holds several.
    """

    answers: ClassVar[dict[str, Answer]] = {
        "force_split": Answer(
            "write `split: {type: random}`; a column named 'split' is used only by `split: {type: fixed}`"
        ),
        "split_probabilities": Answer("write `split: {type: random, probabilities: […]}`"),
        "stratify": Answer("write `split: {type: stratify, column: …}`", (None,)),
        "global_max_sequence_length": Answer(
            "is for language models, which are not part of this version", (None,)
        ),
        "random_seed": Answer("write `seed:` at the top of the file"),
    }

    def __init__(
        self,
        *,
        split: Annotated[dict[str, Any] | None, ComponentOf(splits)] = None,
        sample_ratio: Annotated[float, Gt(0), Le(1)] = 1.0,
        sample_size: Annotated[int, Ge(1)] | None = None,
        oversample_minority: Annotated[float, Gt(0), Le(1)] | None = None,
        undersample_majority: Annotated[float, Gt(0), Le(1)] | None = None,
        time: Annotated[
            str | None, Elsewhere("time_column", "timestamp_column", "ds", "time_idx")
        ] = None,
        group: Annotated[
            str | None, Elsewhere("group_column", "item_id", "unique_id", "group_ids")
        ] = None,
    ) -> None: ...
