"""The contract of a pruner: what ends a trial that goes badly before it is done. Each is one of optuna's, by name."""

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar

from crosstie.config.registry import Registry
from crosstie.config.words import Answer

if TYPE_CHECKING:
    from optuna.pruners import BasePruner

_METRIC = Answer("follows from 'hyperopt'; leave it out", (None,))


class Pruner(ABC):
    """Ends trials early. A step is an epoch of a network, a tree of a booster."""

    answers: ClassVar[dict[str, Answer]] = {
        "metric": _METRIC,
        "mode": _METRIC,
        "time_attr": Answer(
            "steps are epochs of a network and trees of a booster; leave it out",
            ("training_iteration",),
        ),
        "stop_last_trials": Answer("a trial ends where its training does; leave it out", (True,)),
        "hard_stop": Answer("a pruned trial is not taken up again; leave it out", (True,)),
    }

    @abstractmethod
    def build(self) -> "BasePruner":
        """The pruner of optuna."""


pruners: Registry[Pruner] = Registry("pruner", home="crosstie.tuning.pruners")
