"""Random forests (Breiman 2001): trees grown deep on rows drawn with replacement, each split among a few columns."""

from typing import Any

from crosstie.data.batch import Output
from crosstie.learners.forest import Forest
from crosstie.learners.learner import learners


@learners(
    "random_forest",
    elsewhere=("rf", "randomforest", "forest", "random_forests", "ranger", "xrf"),
)
class RandomForest(Forest):
    """The mean of trees that differ by their rows and by the columns that each split may ask."""

    many_called = "random forests"

    def _estimator(self, output: Output, options: dict[str, Any], *, jobs: int) -> Any:
        from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor  # 1.5 s

        kind = RandomForestRegressor if output.type == "number" else RandomForestClassifier
        return kind(**options, n_jobs=jobs)
