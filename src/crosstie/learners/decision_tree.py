"""One decision tree (CART; Breiman et al. 1984): weak, and the only one that can be read from root to leaf."""

from collections.abc import Iterator
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from crosstie.config.words import Answer
from crosstie.data.batch import Output
from crosstie.learners.forest import Forest
from crosstie.learners.learner import learners


@learners("decision_tree", elsewhere=("tree", "dt", "cart", "decisiontree", "rpart"))
class DecisionTree(Forest):
    """A single tree.

    Args:
        max_features: Share of the columns that a split may choose from, or `sqrt` or `log2` of them. `auto` is all.
        min_samples_leaf: Rows that a leaf needs. None is 15 for a number; for classes, whose
            shares in small leaves are often 0, a two-hundredth of the rows, 30 at least and 100 at most.
    """

    many_called = "decision trees"
    lacks: ClassVar[tuple[str, ...]] = ("n_estimators",)
    answers: ClassVar[dict[str, Answer]] = {
        "n_estimators": Answer("is of random_forest, extra_trees and gbm; this is one tree", (1,))
    }

    @classmethod
    def _work(cls, inputs: int, classes: int) -> float:
        return inputs

    @property
    def steps(self) -> int:
        return 1

    def _estimator(self, output: Output, options: dict[str, Any], *, jobs: int) -> Any:
        from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor  # 1.5 s

        kind = DecisionTreeRegressor if output.type == "number" else DecisionTreeClassifier
        return kind(**options)

    def _grow(
        self, estimator: Any, values: NDArray[np.float32], target: NDArray[Any], weights: Any
    ) -> Iterator[list[Any]]:
        estimator.fit(values, target, sample_weight=weights)
        yield [estimator.tree_]

    def _usual_leaf(self, output: Output, rows: int) -> int:
        return 15 if output.type == "number" else min(max(rows // 200, 30), 100)

    def _usual_features(self, output: Output) -> Any:
        return None
