"""An evolution strategy that adapts its covariance (Hansen 2016).

optuna's own keeps its state pickled in the study, and opening a study would run what is in it. This one keeps nothing:
it goes again through the trials that were done.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
from annotated_types import Ge, Gt
from numpy.typing import NDArray

from crosstie.errors import MissingExtra
from crosstie.tuning.sampler import Sampler, drawn_by, samplers, settled

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution
    from optuna.samplers import BaseSampler
    from optuna.trial import FrozenTrial


@samplers("cmaes", elsewhere=("cma", "cma_es", "nevergrad", "cmaessampler"))
class CmaEs(Sampler):
    """Moves a cloud of numbers to where trials are good (CMA-ES). Lists and whole sections are drawn at random.

    Args:
        n_startup_trials: Trials drawn at random before.
        sigma0: How wide the cloud is at first, as a share of the ranges.
        popsize: Trials of a generation; null is 4 and thrice the logarithm of the number of parameters.
    """

    def __init__(
        self,
        *,
        n_startup_trials: Annotated[int, Ge(1)] = 1,
        sigma0: Annotated[float, Gt(0)] = 0.2,
        popsize: Annotated[int, Ge(4)] | None = None,
    ) -> None:
        self.n_startup_trials = n_startup_trials
        self.sigma0 = sigma0
        self.popsize = popsize

    def build(self, seed: int, place: int) -> "BaseSampler":
        """A sampler whose numbers come from the cloud."""
        with settled():
            try:
                import cmaes
            except ModuleNotFoundError:
                raise MissingExtra("cmaes", "tune", needed_for="search_alg cmaes") from None
            import optuna
            from optuna.distributions import CategoricalDistribution
            from optuna.trial import TrialState

        options, own = self, drawn_by(seed, place)

        class Cloud(optuna.samplers.RandomSampler):  # type: ignore[misc]  # imported only here
            """Numbers by CMA-ES, anything else at random."""

            def infer_relative_search_space(
                self, study: Any, trial: Any
            ) -> dict[str, "BaseDistribution"]:
                space = optuna.search_space.intersection_search_space(
                    study.get_trials(deepcopy=False)
                )
                return {
                    name: each
                    for name, each in space.items()
                    if not each.single() and not isinstance(each, CategoricalDistribution)
                }

            def sample_relative(
                self, study: Any, trial: Any, search_space: Mapping[str, "BaseDistribution"]
            ) -> dict[str, Any]:
                done = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
                if not search_space or len(done) < options.n_startup_trials:
                    return {}
                least = study.direction == optuna.study.StudyDirection.MINIMIZE
                scores = [(each, each.value if least else -each.value) for each in done]
                first, _ = min(scores, key=lambda pair: pair[1])
                strategy = cmaes.CMA(
                    mean=_inside(first, search_space),
                    sigma=options.sigma0,
                    bounds=np.array([[0.0, 1.0]] * len(search_space)),
                    population_size=options.popsize,
                    seed=own,
                )
                scores.sort(key=lambda pair: pair[0].number)
                size = strategy.population_size
                for start in range(0, len(scores) - size + 1, size):
                    chunk = scores[start : start + size]
                    strategy.tell([(_inside(each, search_space), score) for each, score in chunk])
                return _outside(strategy.ask(), search_space)

        return Cloud(seed=own)


def _inside(trial: "FrozenTrial", space: Mapping[str, "BaseDistribution"]) -> NDArray[np.float64]:
    """A trial's numbers as shares of their ranges, `[parameters]`."""
    found = []
    for name, each in space.items():
        low, high = _ends(each)
        found.append((_scaled(trial.params[name], each) - low) / (high - low))
    return np.array(found)


def _outside(
    point: Sequence[float] | NDArray[np.float64], space: Mapping[str, Any]
) -> dict[str, Any]:
    """The numbers that shares of their ranges stand for, on their steps."""
    found: dict[str, Any] = {}
    for share, (name, each) in zip(point, space.items(), strict=True):
        low, high = _ends(each)
        value = float(low + min(max(float(share), 0.0), 1.0) * (high - low))
        value = float(np.exp(value)) if each.log else value
        if each.step is not None:
            value = each.low + round((value - each.low) / each.step) * each.step
        value = min(max(value, each.low), each.high)
        found[name] = int(value) if isinstance(each.low, int) else value
    return found


def _ends(distribution: Any) -> tuple[float, float]:
    return _scaled(distribution.low, distribution), _scaled(distribution.high, distribution)


def _scaled(value: float, distribution: Any) -> float:
    return float(np.log(value)) if distribution.log else float(value)
