"""Against what the trials before had at the same step."""

from typing import TYPE_CHECKING, Annotated

from annotated_types import Ge, Gt, Le

from crosstie.config.words import Elsewhere
from crosstie.tuning.pruner import Pruner, pruners
from crosstie.tuning.sampler import settled

if TYPE_CHECKING:
    from optuna.pruners import BasePruner

Startup = Annotated[int, Ge(0), Elsewhere("min_samples_required")]
Warmup = Annotated[int, Ge(0), Elsewhere("grace_period")]
Interval = Annotated[int, Ge(1)]
Least = Annotated[int, Ge(1)]


@pruners("percentile")
class Percentile(Pruner):
    """Ends a trial whose best up to a step is not among the better share of the trials before at that step.

    Args:
        percentile: The share that goes on, in percent.
        n_startup_trials: Trials that are done before any is ended.
        n_warmup_steps: Steps that every trial has.
        interval_steps: Steps between two looks.
        n_min_trials: Trials before that must have got to the step.
    """

    def __init__(
        self,
        *,
        percentile: Annotated[float, Gt(0), Le(100)] = 25.0,
        n_startup_trials: Startup = 5,
        n_warmup_steps: Warmup = 0,
        interval_steps: Interval = 1,
        n_min_trials: Least = 1,
    ) -> None:
        self.percentile = percentile
        self.n_startup_trials = n_startup_trials
        self.n_warmup_steps = n_warmup_steps
        self.interval_steps = interval_steps
        self.n_min_trials = n_min_trials

    def build(self) -> "BasePruner":
        with settled():
            from optuna.pruners import PercentilePruner

            return PercentilePruner(
                self.percentile,
                self.n_startup_trials,
                self.n_warmup_steps,
                self.interval_steps,
                n_min_trials=self.n_min_trials,
            )


@pruners("median", elsewhere=("median_stopping_rule", "medianstoppingrule", "medianpruner"))
class Median(Percentile):
    """Ends a trial whose best up to a step is worse than the median of the trials before at that step.

    Args:
        n_startup_trials: Trials that are done before any is ended.
        n_warmup_steps: Steps that every trial has.
        interval_steps: Steps between two looks.
        n_min_trials: Trials before that must have got to the step.
    """

    def __init__(
        self,
        *,
        n_startup_trials: Startup = 5,
        n_warmup_steps: Warmup = 0,
        interval_steps: Interval = 1,
        n_min_trials: Least = 1,
    ) -> None:
        super().__init__(
            percentile=50.0,
            n_startup_trials=n_startup_trials,
            n_warmup_steps=n_warmup_steps,
            interval_steps=interval_steps,
            n_min_trials=n_min_trials,
        )

    def build(self) -> "BasePruner":
        with settled():
            from optuna.pruners import MedianPruner

            return MedianPruner(
                self.n_startup_trials,
                self.n_warmup_steps,
                self.interval_steps,
                n_min_trials=self.n_min_trials,
            )
