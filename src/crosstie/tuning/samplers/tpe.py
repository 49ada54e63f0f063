"""Tree-structured Parzen estimators (Bergstra et al. 2011)."""

from typing import TYPE_CHECKING, Annotated

from annotated_types import Ge

from crosstie.config.words import Elsewhere
from crosstie.tuning.sampler import Sampler, drawn_by, samplers, settled

if TYPE_CHECKING:
    from optuna.samplers import BaseSampler


@samplers("tpe", elsewhere=("hyperopt", "optuna", "bohb", "tree_parzen_estimator", "tpesampler"))
class Tpe(Sampler):
    """Draws where good trials lie close and bad ones do not (tree-structured Parzen estimators).

    Args:
        n_startup_trials: Trials drawn at random before.
        n_ei_candidates: Draws of which the most promising is taken.
        multivariate: Look at all parameters together.
    """

    def __init__(
        self,
        *,
        n_startup_trials: Annotated[
            int, Ge(1), Elsewhere("n_initial_points", "random_search_steps")
        ] = 10,
        n_ei_candidates: Annotated[int, Ge(1)] = 24,
        multivariate: bool = True,
    ) -> None:
        self.n_startup_trials = n_startup_trials
        self.n_ei_candidates = n_ei_candidates
        self.multivariate = multivariate

    def build(self, seed: int, place: int) -> "BaseSampler":
        """The sampler of optuna; a trial that still runs counts as a bad one, so that several at once lie apart."""
        with settled():
            from optuna.samplers import TPESampler

            return TPESampler(
                n_startup_trials=self.n_startup_trials,
                n_ei_candidates=self.n_ei_candidates,
                multivariate=self.multivariate,
                constant_liar=True,
                seed=drawn_by(seed, place),
            )
