"""Successive halving at several paces (Li et al. 2017)."""

from typing import TYPE_CHECKING, Annotated, Literal

from annotated_types import Ge

from crosstie.config.words import Elsewhere
from crosstie.tuning.pruner import Pruner, pruners
from crosstie.tuning.sampler import settled

if TYPE_CHECKING:
    from optuna.pruners import BasePruner


@pruners("hyperband", elsewhere=("hb_bohb", "hyperbandpruner"))
class Hyperband(Pruner):
    """Several brackets of successive halving, some of which end trials sooner and some later.

    Args:
        min_resource: Steps to the first rung of the quickest bracket.
        max_resource: Steps that a trial has at most; `auto` takes it from the first trial that is done.
        reduction_factor: How much higher each rung is, and one of how many goes on to it.
    """

    def __init__(
        self,
        *,
        min_resource: Annotated[int, Ge(1), Elsewhere("grace_period")] = 1,
        max_resource: Annotated[int | Literal["auto"], Ge(1), Elsewhere("max_t")] = "auto",
        reduction_factor: Annotated[int, Ge(2)] = 3,
    ) -> None:
        self.min_resource = min_resource
        self.max_resource = max_resource
        self.reduction_factor = reduction_factor

    def build(self) -> "BasePruner":
        with settled():
            from optuna.pruners import HyperbandPruner

            return HyperbandPruner(self.min_resource, self.max_resource, self.reduction_factor)
