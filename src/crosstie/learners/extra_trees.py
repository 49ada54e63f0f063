"""Extremely randomised trees (Geurts et al. 2006): all rows for every tree, thresholds drawn at random."""

from typing import Any

from crosstie.data.batch import Output
from crosstie.learners.forest import Forest
from crosstie.learners.learner import learners


@learners("extra_trees", elsewhere=("et", "xt", "extratrees", "extremely_randomized_trees"))
class ExtraTrees(Forest):
    """The mean of trees whose splits are the best of a few random ones."""

    many_called = "extra trees"

    def _estimator(self, output: Output, options: dict[str, Any], *, jobs: int) -> Any:
        from sklearn.ensemble import ExtraTreesClassifier, ExtraTreesRegressor  # 1.5 s

        kind = ExtraTreesRegressor if output.type == "number" else ExtraTreesClassifier
        return kind(**options, n_jobs=jobs)
