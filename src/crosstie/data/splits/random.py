"""Rows at random, each class of the target in the same shares everywhere."""

import numpy as np

from crosstie.data.keys import Rows
from crosstie.data.split import (
    USUAL,
    Assignment,
    Probabilities,
    Split,
    classes,
    deal,
    shares,
    splits,
)


@splits("random")
class Random(Split):
    """Shuffled; stratified by the target where that is a class and the class has rows enough.

    Args:
        probabilities: Shares of train, validation and test.
    """

    def __init__(self, *, probabilities: Probabilities = USUAL) -> None:
        self.probabilities = shares(probabilities)

    def assign(self, source: Rows, *, target: str | None, seed: int) -> Assignment:
        """See `Split.assign`."""
        codes = None if target is None else classes(source, target)
        strata = np.zeros(source.rows, np.int32) if codes is None else codes
        return deal(strata, self.probabilities, np.random.default_rng(seed))
