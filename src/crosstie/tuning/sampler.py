"""The contract of a sampler: what chooses the values of the next trial. Each is one of optuna's, by name."""

import warnings
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from crosstie.config.registry import Registry
from crosstie.config.words import Answer
from crosstie.errors import MissingExtra

if TYPE_CHECKING:
    from optuna.samplers import BaseSampler

_SEED = Answer("write `seed:` at the top of the file", (None,))
_POINTS = Answer("trials that are given are not part of this version; leave it out", (None,))


class Sampler(ABC):
    """Chooses the values of trials.

    Class attributes:
        whole: Whether every value of every space is tried, so that none may be without end.
    """

    whole = False
    answers: ClassVar[dict[str, Answer]] = {
        "seed": _SEED,
        "random_state": _SEED,
        "random_state_seed": _SEED,
        "points_to_evaluate": _POINTS,
        "evaluated_rewards": _POINTS,
        "max_concurrent": Answer("write `executor: {max_concurrent_trials: …}`", (0, None)),
        "constant_grid_search": Answer("leave it out", (False,)),
        "verbose": Answer("write `--quiet` on the command line", (0,)),
    }

    @abstractmethod
    def build(self, seed: int, place: int) -> "BaseSampler":
        """The sampler of optuna for one trial: what came before it is in the study.

        Args:
            seed: Of the search.
            place: Which trial it is, from 0. What is drawn by chance depends on both, and on nothing else.
        """


samplers: Registry[Sampler] = Registry("search_alg", home="crosstie.tuning.samplers")


def drawn_by(seed: int, place: int) -> int:
    """The seed of one trial.

    Examples:
        >>> drawn_by(42, 0) == drawn_by(42, 0), drawn_by(42, 0) == drawn_by(42, 1)
        (True, False)
    """
    return int(np.random.SeedSequence([seed, place]).generate_state(1)[0])


@contextmanager
def settled() -> Iterator[None]:
    """Keeps optuna from saying what nobody can act on: that a study was made, that a sampler is called experimental.

    Raises:
        MissingExtra: optuna is not installed.
    """
    try:
        import optuna
    except ModuleNotFoundError:
        raise MissingExtra("optuna", "tune", needed_for="a search") from None
    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            yield
    finally:
        optuna.logging.set_verbosity(before)
