"""Gradient-boosted trees: LightGBM (Ke et al. 2017) on numbers, missing values and categories as they are."""

import json
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from annotated_types import Ge, Gt, Le

from crosstie.config.words import Alias, Answer, Elsewhere
from crosstie.data.batch import Batch, Output, joined
from crosstie.errors import TrainingError
from crosstie.learners.booster import Booster, Dataset, threads
from crosstie.learners.columns import ColumnRows, Columns
from crosstie.learners.construction import Constructed, ConstructedRows
from crosstie.learners.graph import GraphWriter
from crosstie.learners.learner import Job, Learner, learners
from crosstie.learners.monotone import directions
from crosstie.learners.stopping import Stopping
from crosstie.learners.trees import add_trees, gain, read_trees
from crosstie.learners.weights import row_weights
from crosstie.training.answered import TREES

OBJECTIVES = {"number": "regression", "binary": "binary", "category": "multiclass"}
TREES_PER_REPORT = 10
SECONDS = 3e-6  # a cell and class, of trees until validation rows get no better: from a fifth of it to twice as much
TREES_WITHOUT_VALIDATION = 300
MOST_TREES = 60_000  # a tree of 31 leaves takes 26 kB while it grows: 1.6 GB
ROWS_TO_REFIT = 500_000  # with more, a tenth again says nothing new and takes as long


@learners(
    "gbm",
    elsewhere=(
        "lightgbm",
        "lgbm",
        "lgb",
        "xgboost",
        "xgb",
        "gbdt",
        "gbt",
        "trees",
        "boosting",
        "hist_gradient_boosting",
    ),
)
class Gbm(Learner):
    """Boosted trees. Options have LightGBM's names and meaning.

    Args:
        n_estimators: Trees at most (rounds, for several classes, of a tree each); None is 3,000 where validation
            rows say when to stop, 300 where there are none, and fewer where classes are so many that it would be
            more than 60,000 trees in all.
        learning_rate: How much of each tree is added.
        num_leaves: Leaves of a tree at most.
        max_depth: Splits from root to leaf at most; -1 is no limit.
        min_child_samples: Rows that a leaf needs.
        feature_fraction: Share of the columns that a tree may use.
        bagging_fraction: Share of the rows that a tree is fitted on.
        bagging_freq: After how many trees those rows are drawn anew; 0 takes all rows.
        lambda_l1: L1 penalty on leaf values.
        lambda_l2: L2 penalty on leaf values.
        min_gain_to_split: What a split must gain.
        max_bin: Values that a number is binned to at most.
        cat_smooth: Pull of a category's statistic towards none; more for noisy categories.
        cat_l2: L2 penalty in splits of categories.
        max_cat_to_onehot: Up to so many categories each is split off by itself.
        min_data_per_group: Rows that a category needs to be split off with others.
        extra_trees: Whether thresholds are drawn at random, which is quicker and may generalise better.
        monotone_constraints: Number inputs whose effect may only rise (1) or fall (-1).
        class_weights: `balanced` gives every class the same total weight; a list gives one weight a class, in the
            order of the classes (negative, positive), a section each by the class's name. None leaves rows alone.
        text_components: Columns that a text is condensed to.
        ngram_size: With 2, pairs of neighbouring tokens of a text or a sequence are condensed beside the tokens: those
            that at least three training rows have, and one in 3,000, the 20,000 most frequent.
        constructed_columns: Columns at most that are made of others: sums, differences, products and ratios of
            numbers, and what the target was beside categories and pairs of them. Only those are kept that tell trees
            more than columns of chance. 0 makes none.
        early_stop: Stop after so many trees without a lower loss on validation rows; None never does.
        refit: Once validation rows have said how many trees, grow as many from training and validation rows
            together, up to 500,000. Validation figures stay those of the trees that never saw these rows.
            Not done with folds, or where the validation rows are your own.
    """

    uses = ("number", "binary", "category", "text", "sequence", "set", "bag", "vector", "date")
    predicts = ("number", "binary", "category")
    answers: ClassVar[dict[str, Answer]] = {
        **TREES,
        "boosting_type": Answer("trees are grown by gradient boosting; leave it out", ("gbdt",)),
        "boosting": Answer("trees are grown by gradient boosting; leave it out", ("gbdt",)),
        "tree_learner": Answer("trees are grown on one machine; leave it out", ("serial",)),
        "type": Answer(
            "the learner is named by 'model_type' at the top of the file", ("lightgbm_trainer",)
        ),
        "objective": Answer("follows from the output's type; leave it out"),
        "metric": Answer("belongs to the output, as `metric: …`"),
        "scale_pos_weight": Answer("write `class_weights: …`", (None, 1, 1.0)),
        "is_unbalance": Answer("write `class_weights: balanced`", (False,)),
        "num_threads": Answer("write `--threads N` on the command line", (0,)),
        "verbose": Answer("write `--quiet` on the command line", (-1, 0)),
        "verbosity": Answer("write `--quiet` on the command line", (-1, 0)),
        "categorical_feature": Answer("write `type: category` at the input"),
    }

    def __init__(
        self,
        *,
        n_estimators: Annotated[
            int | None,
            Ge(1),
            Alias("num_boost_round", "num_iterations"),
            Elsewhere(
                "iterations",
                "n_iter",
                "num_trees",
                "n_trees",
                "ntrees",
                "num_round",
                "num_rounds",
                "max_iter",
                "epochs",
                "nrounds",
            ),
        ] = None,
        learning_rate: Annotated[
            float, Gt(0), Elsewhere("eta", "shrinkage_rate", "shrinkage", "lr", "learn_rate")
        ] = 0.05,
        num_leaves: Annotated[
            int, Ge(2), Le(131_072), Elsewhere("max_leaves", "max_leaf_nodes", "num_leaf")
        ] = 31,
        max_depth: Annotated[int, Ge(-1), Elsewhere("depth", "tree_depth")] = -1,
        min_child_samples: Annotated[
            int,
            Ge(0),
            Alias("min_data_in_leaf"),
            Elsewhere("min_samples_leaf", "min_data", "min_rows"),
        ] = 20,
        feature_fraction: Annotated[
            float,
            Gt(0),
            Le(1),
            Alias("colsample_bytree"),
            Elsewhere("rsm", "max_features", "sub_feature"),
        ] = 0.7,
        bagging_fraction: Annotated[
            float, Gt(0), Le(1), Alias("subsample"), Elsewhere("sample_rate", "bagging")
        ] = 0.8,
        bagging_freq: Annotated[int, Ge(0), Alias("subsample_freq")] = 1,
        lambda_l1: Annotated[
            float,
            Ge(0),
            Alias("reg_alpha"),
            Elsewhere("alpha", "l1", "l1_reg", "l1_regularization"),
        ] = 0.0,
        lambda_l2: Annotated[
            float,
            Ge(0),
            Alias("reg_lambda"),
            Elsewhere("lambda", "l2", "l2_leaf_reg", "l2_regularization"),
        ] = 0.0,
        min_gain_to_split: Annotated[
            float, Ge(0), Elsewhere("gamma", "min_split_gain", "min_split_loss")
        ] = 0.0,
        max_bin: Annotated[int, Ge(2), Elsewhere("max_bins", "border_count")] = 255,
        cat_smooth: Annotated[float, Ge(0)] = 5.0,
        cat_l2: Annotated[float, Ge(0)] = 5.0,
        max_cat_to_onehot: Annotated[int, Ge(1), Elsewhere("one_hot_max_size")] = 4,
        min_data_per_group: Annotated[int, Ge(1)] = 10,
        extra_trees: bool = False,
        monotone_constraints: Annotated[dict[str, Literal[-1, 0, 1]], Elsewhere("monotonic_cst")]
        | None = None,
        class_weights: Annotated[
            Literal["balanced"]
            | list[Annotated[float, Gt(0)]]
            | dict[str, Annotated[float, Gt(0)]]
            | None,
            Elsewhere("class_weight", "auto_class_weights"),
        ] = None,
        text_components: Annotated[int, Ge(1)] = 32,
        ngram_size: Annotated[
            Literal[1, 2], Elsewhere("ngram_range", "ngrams", "word_ngrams", "max_ngram")
        ] = 1,
        constructed_columns: Annotated[
            int, Ge(0), Elsewhere("feature_generation", "golden_features")
        ] = 0,
        early_stop: Annotated[
            int | None,
            Ge(1),
            Alias("early_stopping_rounds", "early_stopping_round"),
            Elsewhere("patience", "n_iter_no_change", "od_wait"),
        ] = 50,
        refit: bool = True,
    ) -> None:
        self.n_estimators = n_estimators
        self.learning_rate = learning_rate
        self.monotone_constraints = monotone_constraints or {}
        self.class_weights = class_weights
        self.text_components = text_components
        self.ngram_size = ngram_size
        self.constructed_columns = constructed_columns
        self.early_stop = early_stop
        self.refits = refit
        self.parameters: dict[str, Any] = {
            "learning_rate": learning_rate,
            "num_leaves": num_leaves,
            "max_depth": max_depth,
            "min_data_in_leaf": min_child_samples,
            "feature_fraction": feature_fraction,
            "bagging_fraction": bagging_fraction,
            "bagging_freq": bagging_freq if bagging_fraction < 1 else 0,
            "lambda_l1": lambda_l1,
            "lambda_l2": lambda_l2,
            "min_gain_to_split": min_gain_to_split,
            "max_bin": max_bin,
            "cat_smooth": cat_smooth,
            "cat_l2": cat_l2,
            "max_cat_to_onehot": max_cat_to_onehot,
            "min_data_per_group": min_data_per_group,
            "extra_trees": extra_trees,
        }
        self.columns_: Columns | Constructed | None = None
        self.text_ = ""
        self.about_: dict[str, Any] = {}

    @classmethod
    def takes(cls, rows: int, inputs: int, classes: int) -> float:
        return 0.5 + SECONDS * rows * max(inputs, 1) * (classes if classes > 2 else 1)

    def fit(self, job: Job) -> None:
        output = job.layout.outputs[0]
        _check_classes(output)
        self.columns_ = self._columns(job, output)
        train, parameters = self._learned(job, job.train, output)
        validation = None
        if job.validation is not None:
            validation = Dataset(
                self.columns_.rows(job.validation),
                job.validation.targets[output.name],
                job.validation.weights,
                parameters,
                reference=train,
            )
        booster = Booster(train, parameters, validation=validation)
        stopping = Stopping(job, output, learner="gbm")
        try:
            self._grow(job, booster, stopping)
        except KeyboardInterrupt:
            stopping.progress.stopped = "interrupted"
            if not stopping.progress.step:
                booster.add_tree()
            raise
        finally:
            self._keep(booster, stopping)
            for callback in job.callbacks:
                callback.on_train_end(stopping.progress)

    def refit(self, job: Job) -> bool:
        assert job.validation is not None, "validation rows are what there is to add"
        if not self.refits or len(job.train) > ROWS_TO_REFIT:
            return False
        output = job.layout.outputs[0]
        rows = joined(job.train, job.validation)
        booster = Booster(*self._learned(job, rows, output))
        for _ in range(self.about_["rounds"]):
            booster.add_tree()
        self._describe(booster.text(trees=self.about_["rounds"]))
        self.about_["refit_rows"] = len(rows)
        return True

    def _parameters(self, job: Job, output: Output) -> dict[str, Any]:
        assert self.columns_ is not None
        parameters: dict[str, Any] = {
            **self.parameters,
            **_objective(output),
            "metric": "none",  # the loss of validation rows is ours
            "num_threads": threads(len(job.train) * len(self.columns_.names)),
            "seed": job.seed % 2**31,
            "deterministic": True,
            "force_row_wise": True,
            "verbosity": -1,
        }
        if self.columns_.categorical:
            parameters["categorical_feature"] = self.columns_.categorical
        if self.monotone_constraints:
            parameters["monotone_constraints"] = directions(
                self.monotone_constraints, job.layout.numbers, len(self.columns_.names)
            )
        return parameters

    def _columns(self, job: Job, output: Output) -> Columns | Constructed:
        plain = Columns.fit(
            job.layout,
            job.train,
            text_components=self.text_components,
            seed=job.seed,
            ngram_size=self.ngram_size,
        )
        if not self.constructed_columns:
            return plain
        return Constructed.fit(
            plain,
            job.train,
            output,
            row_weights(job.train, output, self.class_weights),
            most=self.constructed_columns,
            seed=job.seed,
            objective=_objective(output),
            without=[name for name, way in self.monotone_constraints.items() if way],
        )

    def _learned(self, job: Job, batch: Batch, output: Output) -> tuple[Dataset, dict[str, Any]]:
        """These rows to be fitted on, and with which parameters; what is made of categories is learned from them."""
        assert self.columns_ is not None
        weights = row_weights(batch, output, self.class_weights)
        rows: ColumnRows | ConstructedRows
        if isinstance(self.columns_, Constructed):
            self.columns_, rows = self.columns_.learned(batch, output, weights, seed=job.seed)
        else:
            rows = self.columns_.rows(batch)
        parameters = self._parameters(job, output)
        return Dataset(rows, batch.targets[output.name], weights, parameters), parameters

    def _grow(self, job: Job, booster: Booster, stopping: Stopping) -> None:
        progress = stopping.progress
        rounds = self.n_estimators or min(
            3000 if job.validation is not None else TREES_WITHOUT_VALIDATION,
            max(MOST_TREES // _trees_a_round(job.layout.outputs[0]), 1),
        )
        progress.total_steps = rounds
        progress.learning_rate = self.learning_rate
        for callback in job.callbacks:
            callback.on_train_start(progress)
        progress.stopped = "epochs"
        for tree in range(1, rounds + 1):
            grew = booster.add_tree()
            progress.step = tree
            progress.rows += len(job.train)
            if job.validation is not None:
                stopping.look(booster, job.validation)
            stop = not grew or stopping.waited >= (self.early_stop or rounds)
            if stop or tree % TREES_PER_REPORT == 0 or tree == rounds:
                stopping.report(booster, job)
            for callback in job.callbacks:
                callback.on_step_end(progress)
            if stop or progress.ends_here:
                progress.stopped = "early_stop" if stop else "time_limit"
                break

    def _keep(self, booster: Booster, stopping: Stopping) -> None:
        assert self.columns_ is not None
        rounds = max(stopping.progress.best_step or stopping.progress.step, 1)
        self.about_ = {"rounds": rounds}
        self._describe(booster.text(trees=rounds))
        if stopping.progress.best is not None:
            self.about_ |= {"watched": stopping.progress.watched, "best": stopping.progress.best}

    def _describe(self, text: str) -> None:
        assert self.columns_ is not None
        self.text_ = text
        trees = read_trees(text)
        self.about_ |= {
            "trees": len(trees),
            "leaves": sum(len(tree.leaf) for tree in trees),
            "columns": len(self.columns_.names),
            "gain": gain(trees, self.columns_.names),
        }

    def export(self, path: Path) -> None:
        columns, output = self._fitted()
        graph = GraphWriter(columns.layout)
        outputs = output.size if output.type == "category" else 1
        sums = add_trees(graph, read_trees(self.text_), columns.add(graph), outputs=outputs)
        graph.predict(output, sums)
        graph.write(path)

    def save(self, folder: Path) -> None:
        """Write the booster and what its columns are.

        `booster.txt`, which any LightGBM reads; `columns.json`, the inputs that its columns come from;
        `text.safetensors`, the tables that make columns of text, and the ids of pairs behind those of tokens in them;
        `constructed.safetensors`, the tables of categories.
        """
        from safetensors.numpy import save_file

        columns, _ = self._fitted()
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "booster.txt").write_text(self.text_)
        named: dict[str, Any] = {"columns": columns.names, "categorical": columns.categorical}
        plain = columns.plain if isinstance(columns, Constructed) else columns
        if isinstance(columns, Constructed):
            named["constructed"] = columns.described()
            if learned := columns.tables():
                save_file(learned, folder / "constructed.safetensors")
        (folder / "columns.json").write_text(json.dumps(named, indent=2))
        if plain.bags:
            tables: dict[str, Any] = {
                bag.tokens.array: bag.scale[:, None] * table for bag, table in plain.bags
            }
            tables |= {
                f"{bag.tokens.array}.pairs": bag.pairs.tokens for bag, _ in plain.bags if bag.pairs
            }
            save_file(tables, folder / "text.safetensors")

    def describe(self) -> dict[str, Any]:
        return self.about_

    def _fitted(self) -> tuple[Columns | Constructed, Output]:
        if self.columns_ is None or not self.text_:
            raise TrainingError("gbm: stopped before its first tree, so there is no model to keep")
        return self.columns_, self.columns_.layout.outputs[0]


def _objective(output: Output) -> dict[str, Any]:
    classes = {"num_class": output.size} if output.type == "category" else {}
    return {"objective": OBJECTIVES[output.type], **classes}


def _trees_a_round(output: Output) -> int:
    return output.size if output.type == "category" else 1


def _check_classes(output: Output) -> None:
    if output.type == "category" and output.size < 2:
        raise TrainingError(
            f"{output.name}: training rows have one class only, so there is nothing to learn"
        )
