"""Bayesian optimization by a Gaussian process (Jones et al. 1998)."""

from typing import TYPE_CHECKING, Annotated

from annotated_types import Ge

from crosstie.config.words import Elsewhere
from crosstie.tuning.sampler import Sampler, drawn_by, samplers, settled

if TYPE_CHECKING:
    from optuna.samplers import BaseSampler


@samplers(
    "gp", elsewhere=("bayesopt", "skopt", "ax", "hebo", "bayesian", "gaussian_process", "botorch")
)
class Gp(Sampler):
    """Draws where a Gaussian process expects the most gain: for few trials that take long, of few parameters.

    Args:
        n_startup_trials: Trials drawn at random before.
        deterministic: Whether the same values always score the same.
    """

    def __init__(
        self,
        *,
        n_startup_trials: Annotated[
            int, Ge(1), Elsewhere("random_search_steps", "n_initial_points")
        ] = 10,
        deterministic: bool = False,
    ) -> None:
        self.n_startup_trials = n_startup_trials
        self.deterministic = deterministic

    def build(self, seed: int, place: int) -> "BaseSampler":
        """The sampler of optuna; it fits with torch and scipy."""
        with settled():
            from optuna.samplers import GPSampler

            return GPSampler(
                n_startup_trials=self.n_startup_trials,
                deterministic_objective=self.deterministic,
                warn_independent_sampling=False,
                seed=drawn_by(seed, place),
            )
