"""Against a bound that was set beforehand."""

from typing import TYPE_CHECKING, Annotated

from annotated_types import Ge

from crosstie.config.words import Elsewhere
from crosstie.errors import ConfigError, Problem
from crosstie.tuning.pruner import Pruner, pruners
from crosstie.tuning.sampler import settled

if TYPE_CHECKING:
    from optuna.pruners import BasePruner


@pruners("threshold", elsewhere=("thresholdpruner",))
class Threshold(Pruner):
    """Ends a trial whose metric is below or above a bound.

    Args:
        lower: Below it a trial is ended.
        upper: Above it a trial is ended.
        n_warmup_steps: Steps that every trial has.
        interval_steps: Steps between two looks.
    """

    def __init__(
        self,
        *,
        lower: float | None = None,
        upper: float | None = None,
        n_warmup_steps: Annotated[int, Ge(0), Elsewhere("grace_period")] = 0,
        interval_steps: Annotated[int, Ge(1)] = 1,
    ) -> None:
        if lower is None and upper is None:
            raise ConfigError(Problem("", "needs 'lower' or 'upper'"))
        self.lower = lower
        self.upper = upper
        self.n_warmup_steps = n_warmup_steps
        self.interval_steps = interval_steps

    def build(self) -> "BasePruner":
        with settled():
            from optuna.pruners import ThresholdPruner

            return ThresholdPruner(self.lower, self.upper, self.n_warmup_steps, self.interval_steps)
