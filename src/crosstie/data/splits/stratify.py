"""Rows at random, each class of a column in the same shares everywhere."""

import numpy as np

from crosstie.data.keys import Rows, level_codes
from crosstie.data.split import USUAL, Assignment, Probabilities, Split, deal, shares, splits


@splits("stratify")
class Stratify(Split):
    """Shuffled within each value of a column; values too rare to be in every part are dealt with together.

    Args:
        column: Its values have the same shares in train, validation and test.
        probabilities: Shares of train, validation and test.
    """

    def __init__(self, *, column: str, probabilities: Probabilities = USUAL) -> None:
        self.column = column
        self.probabilities = shares(probabilities)
        self.columns = (column,)

    def assign(self, source: Rows, *, target: str | None, seed: int) -> Assignment:
        """See `Split.assign`."""
        codes, _ = level_codes(source, self.column)
        return deal(codes, self.probabilities, np.random.default_rng(seed))
