"""Successive halving, each trial by itself (Li et al. 2018)."""

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from annotated_types import Ge

from crosstie.config.words import Answer, Elsewhere
from crosstie.tuning.pruner import Pruner, pruners
from crosstie.tuning.sampler import settled

if TYPE_CHECKING:
    from optuna.pruners import BasePruner


@pruners(
    "asha",
    elsewhere=(
        "successive_halving",
        "async_hyperband",
        "asynchyperband",
        "successivehalvingpruner",
    ),
)
class Asha(Pruner):
    """Lets the best of those at a rung go on to the next, which is so many times higher (successive halving).

    Args:
        min_resource: Steps to the first rung; `auto` takes it from the first trial that is done.
        reduction_factor: How much higher each rung is, and one of how many goes on to it.
        min_early_stopping_rate: How many rungs are left out at the beginning.
    """

    answers: ClassVar[dict[str, Answer]] = {
        **Pruner.answers,
        "max_t": Answer("write it where training ends, as `trainer: {epochs: …}`"),
        "brackets": Answer("several are `pruner: hyperband`", (1,)),
    }

    def __init__(
        self,
        *,
        min_resource: Annotated[int | Literal["auto"], Ge(1), Elsewhere("grace_period")] = "auto",
        reduction_factor: Annotated[int, Ge(2)] = 4,
        min_early_stopping_rate: Annotated[int, Ge(0)] = 0,
    ) -> None:
        self.min_resource = min_resource
        self.reduction_factor = reduction_factor
        self.min_early_stopping_rate = min_early_stopping_rate

    def build(self) -> "BasePruner":
        with settled():
            from optuna.pruners import SuccessiveHalvingPruner

            return SuccessiveHalvingPruner(
                self.min_resource, self.reduction_factor, self.min_early_stopping_rate
            )
