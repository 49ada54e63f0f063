"""The first rows to train on, the last to test on: for tables in the order of a time that no column holds."""

import numpy as np

from crosstie.data.keys import Rows
from crosstie.data.split import USUAL, Assignment, Probabilities, Split, shares, splits


@splits("order")
class Order(Split):
    """In the order of the rows.

    Args:
        probabilities: Shares of train, validation and test.
    """

    def __init__(self, *, probabilities: Probabilities = USUAL) -> None:
        self.probabilities = shares(probabilities)

    def assign(self, source: Rows, *, target: str | None, seed: int) -> Assignment:
        """See `Split.assign`."""
        ends = np.round(np.cumsum(self.probabilities) * source.rows).astype(int)
        found: Assignment = np.searchsorted(ends[:2], np.arange(source.rows), side="right").astype(
            np.int8
        )
        return found
