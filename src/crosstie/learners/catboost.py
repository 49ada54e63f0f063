"""Boosted symmetric trees: CatBoost (Prokhorenkova et al. 2018) on numbers and what categories are made of here.

CatBoost would keep categories as tables of its own beside the trees. Here they become columns before it sees them, so
that what it learns is trees alone and fits into a graph.
"""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from annotated_types import Ge, Gt, Le

from crosstie.config.words import ANYTHING, Alias, Answer, Elsewhere
from crosstie.data.batch import Batch, Output, joined
from crosstie.errors import ConfigError, Problem, TrainingError
from crosstie.learners.booster import threads
from crosstie.learners.cat_booster import CatBooster, Rows, check_installed, is_installed
from crosstie.learners.cat_model import CatModel
from crosstie.learners.graph import GraphWriter
from crosstie.learners.learner import Job, Learner, learners
from crosstie.learners.levels import Levels
from crosstie.learners.monotone import PLACE, directions
from crosstie.learners.oblivious import add_oblivious, read_oblivious
from crosstie.learners.stopping import Stopping
from crosstie.learners.weights import row_weights
from crosstie.training.answered import TREES
from crosstie.training.interrupt import deferred_interrupt

OBJECTIVES = {"number": "RMSE", "binary": "Logloss", "category": "MultiClass"}
TREES_PER_REPORT = 10
TREES_WITHOUT_VALIDATION = 500
MOST_TREES = 60_000  # times classes
SECONDS = 5e-5  # that a row takes for each column, of some hundred trees: Adult 25 s, California housing 6
ROWS_TO_REFIT = 500_000  # with more, a tenth again says nothing new and takes as long


@learners("catboost", elsewhere=("cat_boost", "cat", "catboost_classifier", "catboost_regressor"))
class Catboost(Learner):
    """Boosted symmetric trees. Options have CatBoost's names and meaning.

    Args:
        iterations: Trees at most; None is 3,000 where validation rows say when to stop, 500 where there are none, and
            fewer where classes are more than 20.
        learning_rate: How much of each tree is added.
        depth: Questions that a tree asks.
        l2_leaf_reg: L2 penalty on leaf values.
        random_strength: How much noise the score of a split gets, which fades as trees are added.
        colsample_bylevel: Share of the columns that a level may choose from.
        subsample: Share of the rows that a tree is fitted on.
        border_count: Borders of a number at most.
        one_hot_max_size: Categories of up to so many levels are a column for each. Of more levels, a column
            says what the target was beside each.
        leaf_estimation_iterations: Steps to find the values of a tree's leaves; None is CatBoost's choice.
        boosting_type: `Plain`, or `Ordered`: each row by trees that were fitted without it, for small tables, slower.
        monotone_constraints: Number inputs whose effect may only rise (1) or fall (-1); not of several classes.
        class_weights: `balanced` gives every class the same total weight; a list gives one weight a class, in the
            order of the classes (negative, positive), a section each by the class's name. None leaves rows alone.
        text_components: Columns that a text is condensed to.
        early_stop: Stop after so many trees without a lower loss on validation rows; None never does.
        refit: Once validation rows have said how many trees, grow as many from training and validation rows
            together, up to 500,000. Validation figures stay those of the trees that never saw these rows.
            Not done with folds, or where the validation rows are your own.
    """

    uses = ("number", "binary", "category", "text", "sequence", "set", "bag", "vector", "date")
    predicts = ("number", "binary", "category")
    answers: ClassVar[dict[str, Answer]] = {
        **TREES,
        "grow_policy": Answer(
            "trees are symmetric: all nodes of a level ask the same; leave it out",
            ("SymmetricTree",),
        ),
        "bootstrap_type": Answer(
            "rows are drawn without replacement; write `subsample: …`", ("Bernoulli",)
        ),
        "bagging_temperature": Answer("is of a bootstrap that is not here; write `subsample: …`"),
        "colsample_bynode": Answer("columns are drawn once a level: write `colsample_bylevel: …`"),
        **dict.fromkeys(
            ("num_leaves", "max_leaves", "min_data_in_leaf", "min_child_samples"),
            Answer("symmetric trees are limited by `depth: …` alone"),
        ),
        **dict.fromkeys(
            ("max_ctr_complexity", "simple_ctr", "combinations_ctr", "model_size_reg"),
            Answer("categories of many levels are what the target was beside them; leave it out"),
        ),
        **dict.fromkeys(
            ("text_features", "embedding_features"), Answer("write the type at the input")
        ),
        "objective": Answer("follows from the output's type; leave it out"),
        "custom_metric": Answer("all metrics of a type are measured; leave it out"),
        "scale_pos_weight": Answer("write `class_weights: …`", (None, 1, 1.0)),
        "logging_level": Answer("write `--quiet` on the command line", (ANYTHING,)),
        "allow_writing_files": Answer("nothing is written but the run; leave it out", (False,)),
        "od_type": Answer("write `early_stop: …`, trees without gain", ("Iter",)),
        "nan_mode": Answer("a missing number is below all others; leave it out", ("Min",)),
    }

    def __init__(
        self,
        *,
        iterations: Annotated[
            int | None,
            Ge(1),
            Alias("num_boost_round", "n_estimators", "num_trees"),
            Elsewhere(
                "num_iterations", "n_trees", "num_rounds", "ntrees", "nrounds", "max_iter", "epochs"
            ),
        ] = None,
        learning_rate: Annotated[
            float, Gt(0), Le(1), Alias("eta"), Elsewhere("shrinkage", "lr", "learn_rate")
        ] = 0.05,
        depth: Annotated[int, Ge(1), Le(10), Alias("max_depth"), Elsewhere("tree_depth")] = 6,
        l2_leaf_reg: Annotated[
            float,
            Ge(0),
            Alias("reg_lambda"),
            Elsewhere("lambda", "lambda_l2", "l2", "l2_regularization"),
        ] = 3.0,
        random_strength: Annotated[float, Ge(0)] = 1.0,
        colsample_bylevel: Annotated[
            float,
            Gt(0),
            Le(1),
            Alias("rsm"),
            Elsewhere("feature_fraction", "colsample_bytree", "max_features"),
        ] = 1.0,
        subsample: Annotated[
            float, Gt(0), Le(1), Elsewhere("bagging_fraction", "sample_rate")
        ] = 0.8,
        border_count: Annotated[
            int, Ge(1), Le(65535), Alias("max_bin"), Elsewhere("max_bins")
        ] = 254,
        one_hot_max_size: Annotated[
            int, Ge(0), Elsewhere("max_cat_to_onehot", "one_hot_max_categories")
        ] = 10,
        leaf_estimation_iterations: Annotated[int, Ge(1)] = 1,
        boosting_type: Literal["Plain", "Ordered"] = "Plain",
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
        early_stop: Annotated[
            int | None,
            Ge(1),
            Alias("early_stopping_rounds", "od_wait"),
            Elsewhere("patience", "n_iter_no_change"),
        ] = 50,
        refit: bool = True,
    ) -> None:
        self.iterations = iterations
        self.learning_rate = learning_rate
        self.depth = depth
        self.one_hot_max_size = one_hot_max_size
        self.monotone_constraints = monotone_constraints or {}
        self.class_weights = class_weights
        self.text_components = text_components
        self.early_stop = early_stop
        self.refits = refit
        self.parameters: dict[str, Any] = {
            "learning_rate": learning_rate,
            "depth": depth,
            "l2_leaf_reg": l2_leaf_reg,
            "random_strength": random_strength,
            "rsm": colsample_bylevel,
            "bootstrap_type": "Bernoulli" if subsample < 1 else "No",
            "border_count": border_count,
            "boosting_type": boosting_type,
            # CatBoost's own choice hangs on `iterations`, and a refit has others
            "leaf_estimation_iterations": leaf_estimation_iterations,
        }
        if subsample < 1:
            self.parameters["subsample"] = subsample
        self.fitted_: CatModel | None = None
        self.about_: dict[str, Any] = {}

    @classmethod
    def installed(cls) -> bool:
        return is_installed()

    @classmethod
    def check(cls, trainer: Mapping[str, Any]) -> None:
        super().check(trainer)
        check_installed()

    @classmethod
    def takes(cls, rows: int, inputs: int, classes: int) -> float:
        return 2.0 + SECONDS * rows * inputs * max(classes - 1, 1)

    def fit(self, job: Job) -> None:
        check_installed()
        output = job.layout.outputs[0]
        if output.type == "category" and output.size < 2:
            raise TrainingError(
                f"{output.name}: training rows have one class only, so there is nothing to learn"
            )
        fitted, train = self._learned(job, job.train)
        parameters = self._parameters(job, fitted, train)
        stopping = Stopping(job, output, learner="catboost")
        progress = stopping.progress
        progress.total_steps = parameters["iterations"]
        progress.learning_rate = self.learning_rate
        for callback in job.callbacks:
            callback.on_train_start(progress)
        progress.stopped = "epochs"
        try:
            booster = self._grow(job, fitted, train, parameters, stopping)
            if booster.raised is None:
                self._report(job, stopping, booster, fitted)
            self._keep(booster, fitted, trees=progress.best_step or progress.step)
            if progress.best is not None:
                self.about_ |= {"watched": progress.watched, "best": progress.best}
            if booster.raised is not None:
                raise booster.raised
        except KeyboardInterrupt:
            progress.stopped = "interrupted"
            raise
        finally:
            for callback in job.callbacks:
                callback.on_train_end(progress)

    def refit(self, job: Job) -> bool:
        assert job.validation is not None, "validation rows are what there is to add"
        if not self.refits or len(job.train) > ROWS_TO_REFIT:
            return False
        rows = joined(job.train, job.validation)
        fitted, train = self._learned(job, rows)
        trees, before = self.about_["rounds"], self.about_
        parameters = self._parameters(job, fitted, train) | {"iterations": trees}
        self._keep(CatBooster(train, parameters), fitted, trees=trees)
        self.about_ = before | self.about_ | {"refit_rows": len(rows)}
        return True

    def _learned(self, job: Job, batch: Batch) -> tuple[CatModel, Rows]:
        """What makes columns, learned from training rows, and these rows as they are to be fitted."""
        output = job.layout.outputs[0]
        weights = row_weights(batch, output, self.class_weights)
        levels, values = Levels.fit(
            job.layout,
            batch,
            output,
            weights,
            one_hot_max_size=self.one_hot_max_size,
            text_components=self.text_components,
            seed=job.seed,
        )
        present = None
        if output.type == "category":
            found = np.unique(batch.targets[output.name])
            # trees of classes need two: one without rows, where all are of one
            present = found if len(found) > 1 else np.sort([found[0], (found[0] + 1) % output.size])
        fitted = CatModel(levels, output, present)
        return fitted, Rows(values, fitted.numbered(batch), weights)

    def _parameters(self, job: Job, fitted: CatModel, train: Rows) -> dict[str, Any]:
        output = fitted.output
        usual = TREES_WITHOUT_VALIDATION if job.validation is None else 3000
        parameters: dict[str, Any] = {
            **self.parameters,
            "iterations": self.iterations or min(usual, max(MOST_TREES // fitted.classes, 1)),
            "loss_function": OBJECTIVES[output.type],
            "thread_count": threads(train.values.size),
            "random_seed": job.seed % 2**31,
        }
        if output.type != "number":  # told, or rows of class 1 alone would be taken for the first
            parameters["class_names"] = list(range(max(fitted.classes, 2)))
        if self.monotone_constraints:
            parameters["monotone_constraints"] = self._monotone(
                job, output, len(fitted.levels.names)
            )
        return parameters

    def _monotone(self, job: Job, output: Output, columns: int) -> list[int]:
        if output.type == "category":
            raise ConfigError(
                Problem(
                    PLACE,
                    "CatBoost holds them for a number or two classes only; set model_type: gbm",
                )
            )
        return directions(self.monotone_constraints, job.layout.numbers, columns)

    def _grow(
        self,
        job: Job,
        fitted: CatModel,
        train: Rows,
        parameters: Mapping[str, Any],
        stopping: Stopping,
    ) -> CatBooster:
        with deferred_interrupt() as asked:

            def after_tree(tree: int, loss: float, unseen: float | None) -> bool:
                goes_on = self._note(job, stopping, tree, loss, unseen)
                if asked():
                    raise KeyboardInterrupt
                return goes_on

            return CatBooster(
                train, parameters, validation=fitted.rows(job.validation), after_tree=after_tree
            )

    def _note(
        self, job: Job, stopping: Stopping, tree: int, loss: float, unseen: float | None
    ) -> bool:
        """Take a tree into account, tell of it, and say whether more are wanted."""
        progress, output = stopping.progress, stopping.output
        losses = {"train": _loss(output, loss)}
        progress.step, progress.loss = tree, losses["train"]
        progress.rows += len(job.train)
        if unseen is not None:
            losses["validation"] = _loss(output, unseen)
            stopping.take(losses["validation"])
        for callback in job.callbacks:
            callback.on_step_end(progress)
        if self.early_stop is not None and stopping.waited >= self.early_stop:
            progress.stopped = "early_stop"
        elif progress.ends_here:
            progress.stopped = "time_limit"
        goes_on = progress.stopped == "epochs"
        if goes_on and tree % TREES_PER_REPORT == 0 and tree != progress.total_steps:
            found = {part: {output.name: {"loss": value}} for part, value in losses.items()}
            stopping.tell(job, found)
        return goes_on

    def _report(self, job: Job, stopping: Stopping, booster: CatBooster, fitted: CatModel) -> None:
        """Tell how all trees predict training and validation rows."""
        output, loss = stopping.output, stopping.progress.loss
        assert loss is not None, "there is a tree"
        found = {"train": {output.name: {"loss": loss}}}
        if job.validation is not None:
            said = fitted.predicted(booster.predict(fitted.levels.array(job.validation)))
            target, weights = job.validation.targets[output.name], job.validation.weights
            found["validation"] = {
                output.name: {
                    name: metric(target, said, weights) for name, metric in stopping.shown.items()
                }
            }
        stopping.tell(job, found)

    def _keep(self, booster: CatBooster, fitted: CatModel, *, trees: int) -> None:
        """Keep the first so many trees."""
        booster.keep(trees)
        text, names = booster.text(), fitted.levels.names
        grown, _ = read_oblivious(text)
        share: dict[str, float] = {}
        for name, gained in zip(names, booster.importance().tolist(), strict=True):
            share[name] = share.get(name, 0.0) + gained
        self.fitted_ = replace(fitted, text=text)
        self.about_ = {
            "rounds": trees,
            "trees": len(grown),
            "leaves": sum(len(each.leaf) for each in grown),
            "columns": len(names),
            "gain": {name: share[name] for name in sorted(share, key=lambda name: -share[name])},
        }

    def export(self, path: Path) -> None:
        fitted = self._fitted()
        graph = GraphWriter(fitted.levels.layout)
        trees, bias = fitted.trees()
        graph.predict(fitted.output, add_oblivious(graph, trees, bias, fitted.levels.add(graph)))
        graph.write(path)

    def save(self, folder: Path) -> None:
        """Write the booster and what its columns are.

        `booster.json`, which any CatBoost reads; `columns.json`, the inputs that its columns come from;
        `columns.safetensors`, the tables that make columns of texts and categories.
        """
        from safetensors.numpy import save_file

        fitted = self._fitted()
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "booster.json").write_text(fitted.text)
        named = {"columns": fitted.levels.names}
        (folder / "columns.json").write_text(json.dumps(named, indent=2))
        arrays = fitted.levels.arrays()
        if arrays:
            save_file(arrays, folder / "columns.safetensors")

    def describe(self) -> dict[str, Any]:
        return self.about_

    def _fitted(self) -> CatModel:
        if self.fitted_ is None:
            raise TrainingError(
                "catboost: stopped before its first tree, so there is no model to keep"
            )
        return self.fitted_


def _loss(output: Output, said: float) -> float:
    """The loss of the output's type; CatBoost takes the root of a squared error."""
    return said**2 if output.type == "number" else said
