"""Trees that scikit-learn grows, one or many side by side, as one operator of a graph.

scikit-learn compares float32 values with float64 thresholds; rounded down to float32 a threshold asks the same of every
value. A missing number goes where the tree learned to send it.
"""

from abc import abstractmethod
from collections.abc import Iterator
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from annotated_types import Ge, Gt, Le
from numpy.typing import NDArray

from crosstie.config.words import Answer, Elsewhere
from crosstie.data.batch import Batch, Output
from crosstie.errors import ConfigError, Problem
from crosstie.learners.booster import threads
from crosstie.learners.classic import Classic, classes, sample
from crosstie.learners.graph import GraphWriter
from crosstie.learners.learner import Job
from crosstie.learners.monotone import PLACE, directions
from crosstie.learners.ranks import Ranks
from crosstie.learners.trees import DEFAULT_LEFT, MISSING_IS_NAN, Tree, add_trees
from crosstie.training.callbacks.callback import Progress

Floats = NDArray[np.float64]

MOST_LEAVES = 250_000  # of all trees: a graph of 7 MB, which takes 2 s to load
MOST_VALUES = 4_000_000  # numbers that the leaves hold, one a class: 16 MB
MOST_ROWS = 500_000  # more grow larger trees that a graph cannot hold anyway
TREES_A_STEP = 10
SECONDS = 5e-8  # that a row takes a tree, a level and a column that a split may choose: 1.4e-8 (Adult) to 7e-8
PATIENCE = 600.0
MOST_CLASSES = 100  # with more, as many leaves as fit are too few


class Forest(Classic):
    """Trees of scikit-learn, with its names of options.

    Class attributes:
        many_called: What a sentence calls several.

    Args:
        n_estimators: Trees.
        criterion: What a split is to lower: `gini` or `entropy` of classes, `squared_error` of a number. None is the
            first that the output has.
        max_depth: Splits from root to leaf at most; None is no limit.
        min_samples_leaf: Rows that a leaf needs. None is 3 for classes and 2 for a number.
        max_leaf_nodes: Leaves of a tree at most, those that gain most; None is as many as 250,000 in all.
        max_features: Share of the columns that a split may choose from, or `sqrt` or `log2` of them. `auto` is
            the square root for classes and a half for a number.
        monotone_constraints: Number inputs whose effect may only rise (1) or fall (-1): of a number, or of the
            probability of the positive class. They must not be missing.
        class_weights: `balanced` gives every class the same total weight; a list gives one weight a class, in the
            order of the classes (negative, positive), a section each by the class's name. None leaves rows alone.
        text_components: Columns that a text is condensed to.
    """

    unit = "tree"
    many_called: ClassVar[str]
    answers: ClassVar[dict[str, Answer]] = {
        **dict.fromkeys(
            ("bootstrap", "max_samples", "oob_score"),
            Answer(
                "random_forest draws each tree's rows with replacement, extra_trees takes all; leave it out"
            ),
        ),
        **dict.fromkeys(
            ("min_samples_split", "min_weight_fraction_leaf", "min_impurity_decrease"),
            Answer("write `min_samples_leaf: …`", (2, 0.0)),
        ),
        "ccp_alpha": Answer("write `max_leaf_nodes: …` or `min_samples_leaf: …`", (0, 0.0)),
        "splitter": Answer(
            "decision_tree takes the best split, extra_trees random ones; leave it out", ("best",)
        ),
    }

    def __init__(
        self,
        *,
        n_estimators: Annotated[
            int, Ge(1), Elsewhere("num_trees", "n_trees", "ntrees", "ntree", "num.trees")
        ] = 100,
        criterion: Annotated[
            Literal["gini", "entropy", "squared_error"],
            Elsewhere("split_criterion", values={"log_loss": "entropy", "mse": "squared_error"}),
        ]
        | None = None,
        max_depth: Annotated[int, Ge(1), Elsewhere("depth", "tree_depth")] | None = None,
        min_samples_leaf: Annotated[
            int, Ge(1), Elsewhere("min_child_samples", "min_data_in_leaf", "nodesize", "min_rows")
        ]
        | None = None,
        max_leaf_nodes: Annotated[int, Ge(2), Elsewhere("num_leaves", "max_leaves", "maxnodes")]
        | None = None,
        max_features: Annotated[float, Gt(0), Le(1), Elsewhere("mtry", "feature_fraction")]
        | Literal["auto", "sqrt", "log2"] = "auto",
        monotone_constraints: Annotated[dict[str, Literal[-1, 0, 1]], Elsewhere("monotonic_cst")]
        | None = None,
        class_weights: Annotated[
            Literal["balanced"]
            | list[Annotated[float, Gt(0)]]
            | dict[str, Annotated[float, Gt(0)]]
            | None,
            Elsewhere("class_weight"),
        ] = None,
        text_components: Annotated[int, Ge(1)] = 32,
    ) -> None:
        self.n_estimators = n_estimators
        self.criterion = criterion
        self.max_depth = max_depth
        self.min_samples_leaf = min_samples_leaf
        self.max_leaf_nodes = max_leaf_nodes
        self.max_features = max_features
        self.monotone_constraints = monotone_constraints or {}
        self.class_weights = class_weights
        self.text_components = text_components
        self.inputs_: Ranks | None = None
        self.trees_: list[Any] = []
        self.classes_: list[int] = []
        self.about_ = {}

    @classmethod
    def takes(cls, rows: int, inputs: int, classes: int) -> float:
        used = min(rows, MOST_ROWS)
        return float(SECONDS * used * np.log2(used + 2) * cls._work(inputs, classes))

    @classmethod
    def hopeless(cls, rows: int, inputs: int, classes: int) -> str:
        if classes > MOST_CLASSES:
            return (
                f"{cls.many_called} of {classes} classes would have too few leaves, for each holds a share of every class; "
                f"at most {MOST_CLASSES}"
            )
        seconds = cls.takes(rows, inputs, classes)
        if seconds <= PATIENCE:
            return ""
        return (
            f"{cls.many_called} on {min(rows, MOST_ROWS):,} rows of {inputs:,} columns would take about {seconds / 60:.0f} minutes of a processor; "
            f"at most {PATIENCE / 60:.0f}"
        )

    @classmethod
    def _work(cls, inputs: int, classes: int) -> float:
        """Columns that are looked at on a way from root to leaf, of all trees."""
        return 100 * (inputs**0.5 if classes else inputs / 2)

    @property
    def steps(self) -> int:
        return self.n_estimators

    @abstractmethod
    def _estimator(self, output: Output, options: dict[str, Any], *, jobs: int) -> Any:
        """scikit-learn's own, not fitted."""

    def _usual_leaf(self, output: Output, rows: int) -> int:
        """Rows that a leaf needs where the file does not say."""
        return 2 if output.type == "number" else 3

    def _learn(self, job: Job, output: Output, weights: Floats | None, progress: Progress) -> None:
        some = sample(job.train, output, MOST_ROWS, job.seed)
        train = job.train if len(some) == len(job.train) else job.train.take(some)
        weights = None if weights is None else weights[some]
        inputs = Ranks.fit(
            job.layout,
            train,
            output,
            weights,
            text_components=self.text_components,
            seed=job.seed,
        )
        values = inputs.array(train)
        options = self._options(output, len(train)) | {"random_state": job.seed % 2**32}
        if self.monotone_constraints:
            options["monotonic_cst"] = self._monotone(job, output, values, inputs.names)
        estimator = self._estimator(output, options, jobs=threads(values.size))
        target = np.asarray(train.targets[output.name])
        target = target.astype(np.float64 if output.type == "number" else np.int64)
        self.inputs_ = inputs
        try:
            for grown in self._grow(estimator, values, target, weights):
                self.classes_ = [] if output.type == "number" else estimator.classes_.tolist()
                self.trees_, self.layout_ = grown, job.layout
                self.step_done(job, progress, len(grown) - progress.step)
        finally:
            if self.trees_:
                self._describe(estimator, len(train), options["min_samples_leaf"])

    def _grow(
        self, estimator: Any, values: NDArray[np.float32], target: NDArray[Any], weights: Any
    ) -> Iterator[list[Any]]:
        """The trees so far, after every few."""
        for count in range(0, self.n_estimators, TREES_A_STEP):
            wanted = min(count + TREES_A_STEP, self.n_estimators)
            estimator.set_params(warm_start=True, n_estimators=wanted)
            estimator.fit(values, target, sample_weight=weights)
            yield [each.tree_ for each in estimator.estimators_]

    def _options(self, output: Output, rows: int) -> dict[str, Any]:
        leaf = self.min_samples_leaf or self._usual_leaf(output, rows)
        each = min(MOST_LEAVES, MOST_VALUES // max(classes(output), 1)) // self.steps
        return {
            "criterion": self._criterion(output),
            "max_depth": self.max_depth,
            "min_samples_leaf": leaf,
            # best first is slower than depth first: only where trees could be larger than what fits
            "max_leaf_nodes": self.max_leaf_nodes
            or (max(each, 2) if rows // leaf > each else None),
            "max_features": self._usual_features(output)
            if self.max_features == "auto"
            else self.max_features,
        }

    def _usual_features(self, output: Output) -> Any:
        return 0.5 if output.type == "number" else "sqrt"

    def _criterion(self, output: Output) -> str:
        known = ("squared_error",) if output.type == "number" else ("gini", "entropy")
        if self.criterion is not None and self.criterion not in known:
            raise ConfigError(
                Problem(
                    "trainer.criterion",
                    f"{self.criterion!r} is not for a {output.type} output; choose {' or '.join(map(repr, known))}, "
                    "or leave it out",
                )
            )
        return self.criterion or known[0]

    def _monotone(
        self, job: Job, output: Output, values: NDArray[np.float32], names: list[str]
    ) -> list[int]:
        if output.type == "category":
            raise ConfigError(
                Problem(PLACE, "scikit-learn's trees hold them for a number or two classes only")
            )
        found = directions(self.monotone_constraints, job.layout.numbers, len(names))
        gaps = np.flatnonzero(np.isnan(values).any(0))
        missing = sorted({names[i] for i in gaps})
        if missing:
            raise ConfigError(
                Problem(
                    PLACE,
                    "scikit-learn's trees take no constraints where numbers are missing, as in "
                    f"{', '.join(map(repr, missing))}; write `missing_value_strategy: …` at them, one that fills, "
                    "or set model_type: gbm",
                )
            )
        return found

    def _describe(self, estimator: Any, rows: int, leaf: int) -> None:
        assert self.inputs_ is not None
        names = self.inputs_.names
        share: dict[str, float] = {}
        for name, gained in zip(names, estimator.feature_importances_.tolist(), strict=True):
            share[name] = share.get(name, 0.0) + gained
        self.about_ = {
            "trees": len(self.trees_),
            "leaves": sum(int(each.n_leaves) for each in self.trees_),
            "min_samples_leaf": leaf,
            "rows": rows,
            "columns": len(names),
            "gain": {name: share[name] for name in sorted(share, key=lambda name: -share[name])},
        }

    def _predict(self, batch: Batch) -> Floats:
        assert self.inputs_ is not None
        output = self._fitted().outputs[0]
        values = self.inputs_.array(batch)
        total = sum(self._values(tree, output)[tree.apply(values)] for tree in self.trees_) / len(
            self.trees_
        )
        return np.asarray(total if output.type == "category" else total[:, 0])

    def _values(self, tree: Any, output: Output) -> Floats:
        """What each node of a tree predicts: `[nodes, 1]`, of a category `[nodes, classes]`."""
        held: Floats = tree.value[:, 0, :]
        if output.type == "number":
            return held
        found = np.zeros((len(held), classes(output)))
        found[:, self.classes_] = held / held.sum(1, keepdims=True)
        return found if output.type == "category" else found[:, 1:]

    def _add(self, graph: GraphWriter, output: Output) -> str:
        assert self.inputs_ is not None
        columns = self.inputs_.add(graph)
        count = len(self.trees_)
        if output.type != "category":
            trees = [_tree(each, self._values(each, output)[:, 0] / count) for each in self.trees_]
            return add_trees(graph, trees, columns, outputs=1)
        # a leaf of the operator holds one number: its place in a table of all leaves, which has a row of shares
        tables = [self._values(each, output)[_leaves(each)] for each in self.trees_]
        starts = np.cumsum([0, *map(len, tables[:-1])])
        trees = [
            _tree(each, start + _order(each))
            for each, start in zip(self.trees_, starts, strict=True)
        ]
        places = graph.cast(add_trees(graph, trees, columns, outputs=count), np.int64)
        shares = graph.add("Gather", graph.constant(np.concatenate(tables) / count), places)
        return graph.add("ReduceSum", shares, graph.constant([1], np.int64), keepdims=0)

    def _arrays(self) -> dict[str, NDArray[Any]]:
        assert self.inputs_ is not None
        output = self._fitted().outputs[0]
        trees = {
            "nodes": np.array([each.node_count for each in self.trees_], np.int64),
            "feature": np.concatenate([each.feature for each in self.trees_]),
            "threshold": np.concatenate([each.threshold for each in self.trees_]),
            "missing_left": np.concatenate([each.missing_go_to_left for each in self.trees_]),
            "left": np.concatenate([each.children_left for each in self.trees_]),
            "right": np.concatenate([each.children_right for each in self.trees_]),
            "value": np.concatenate([self._values(each, output) for each in self.trees_]),
        }
        return {**{f"trees.{name}": each for name, each in trees.items()}, **self.inputs_.arrays()}

    def _names(self) -> list[str]:
        assert self.inputs_ is not None
        return self.inputs_.names


def _leaves(tree: Any) -> NDArray[np.bool_]:
    return np.asarray(tree.children_left < 0)


def _order(tree: Any) -> Floats:
    """Of each node that is a leaf, the how manieth it is."""
    return np.asarray(np.cumsum(_leaves(tree)) - 1, np.float64)


def _tree(tree: Any, value: Floats) -> Tree:
    """A tree of scikit-learn, and what each of its nodes adds, in the form that is written."""
    leaf = _leaves(tree)
    number = np.where(leaf, ~(np.cumsum(leaf) - 1), np.cumsum(~leaf) - 1)
    inner = ~leaf
    left = number[tree.children_left[inner]]
    right = number[tree.children_right[inner]]
    decision = (MISSING_IS_NAN << 2) | (
        DEFAULT_LEFT * tree.missing_go_to_left[inner].astype(np.int64)
    )
    return Tree(
        feature=tree.feature[inner].astype(np.int64),
        gain=np.zeros(int(inner.sum())),
        threshold=tree.threshold[inner],
        decision=decision,
        left=left,
        right=right,
        leaf=value[leaf],
        sets=(),
    )
