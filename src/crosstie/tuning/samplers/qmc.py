"""Quasi-random points (Bergstra and Bengio 2012)."""

from typing import TYPE_CHECKING, Literal

from crosstie.tuning.sampler import Sampler, drawn_by, samplers, settled

if TYPE_CHECKING:
    from optuna.samplers import BaseSampler


@samplers("qmc", elsewhere=("sobol", "halton", "quasi_random", "qmcsampler"))
class Qmc(Sampler):
    """Spreads trials evenly over the ranges, better than chance does.

    Args:
        sequence: Of points.
        scramble: Move them at random, by the seed.
    """

    def __init__(
        self, *, sequence: Literal["sobol", "halton"] = "sobol", scramble: bool = True
    ) -> None:
        self.sequence = sequence
        self.scramble = scramble

    def build(self, seed: int, place: int) -> "BaseSampler":
        """The sampler of optuna."""
        with settled():
            from optuna.samplers import QMCSampler, RandomSampler

            return QMCSampler(
                qmc_type=self.sequence,
                scramble=self.scramble,
                independent_sampler=RandomSampler(seed=drawn_by(seed, place)),
                warn_asynchronous_seeding=False,
                warn_independent_sampling=False,
                seed=seed,
            )
