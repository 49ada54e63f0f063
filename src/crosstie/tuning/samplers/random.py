"""Draws that know nothing of each other."""

from typing import TYPE_CHECKING

from crosstie.tuning.sampler import Sampler, drawn_by, samplers, settled

if TYPE_CHECKING:
    from optuna.samplers import BaseSampler


@samplers("random", elsewhere=("random_search",), presets={"variant_generator": {}})
class Random(Sampler):
    """Draws each trial by itself, so that several at once, or one after the other, try the same."""

    def build(self, seed: int, place: int) -> "BaseSampler":
        """The sampler of optuna."""
        with settled():
            from optuna.samplers import RandomSampler

            return RandomSampler(seed=drawn_by(seed, place))
