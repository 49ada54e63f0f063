"""Whole groups at random: no customer, patient or document is in two parts."""

import numpy as np

from crosstie.data.keys import Rows, group_codes
from crosstie.data.split import (
    USUAL,
    Assignment,
    Probabilities,
    Split,
    deal_groups,
    shares,
    splits,
)


@splits("group")
class Group(Split):
    """All rows with the same value of a column go the same way; shares come out as near as groups allow.

    Args:
        column: The column that names the group. A row without one is a group of its own.
        probabilities: Shares of train, validation and test.
    """

    def __init__(self, *, column: str, probabilities: Probabilities = USUAL) -> None:
        self.column = column
        self.probabilities = shares(probabilities)
        self.columns = (column,)

    def assign(self, source: Rows, *, target: str | None, seed: int) -> Assignment:
        """See `Split.assign`."""
        codes = group_codes(source, self.column)
        return deal_groups(codes, self.probabilities, np.random.default_rng(seed))
