"""The oldest rows to train on, the newest to test on: as the model will be used."""

import numpy as np

from crosstie.data.parse import detect
from crosstie.data.split import (
    UNUSED,
    USUAL,
    Assignment,
    Probabilities,
    Rows,
    Split,
    shares,
    splits,
)
from crosstie.errors import DataError, Problem


@splits("datetime")
class Datetime(Split):
    """In the order of a date. Rows of one moment stay together; rows without a date are left out, and counted.

    Args:
        column: The column of dates.
        probabilities: Shares of train, validation and test.
    """

    def __init__(self, *, column: str, probabilities: Probabilities = USUAL) -> None:
        self.column = column
        self.probabilities = shares(probabilities)
        self.columns = (column,)

    def assign(self, source: Rows, *, target: str | None, seed: int) -> Assignment:
        """See `Split.assign`."""
        table = source.table([self.column])
        dates = table.column(
            self.column, "date", style=detect(table.distinct(self.column)[1][:10_000])
        )
        if not dates.valid.any():
            examples = ", ".join(map(repr, dates.unparsed_examples[:3])) or "nothing"
            raise DataError(
                Problem(
                    f"column {self.column!r}",
                    f"no row holds a date, but {examples}. Name a column of dates.",
                )
            )
        if lost := int((~dates.valid).sum()):
            source.notes.append(
                f"{source.name}: {lost} rows have no date in {self.column!r} and are in no part of the split"
            )
        moments = np.asarray(dates.values)
        known = np.sort(moments[dates.valid])
        ends = np.round(np.cumsum(self.probabilities) * len(known)).astype(int)
        found = np.full(len(moments), UNUSED, np.int8)
        found[dates.valid] = 0
        for part, start in enumerate(ends[:2], start=1):
            if start < len(known):  # from the first moment after the one at the border
                found[moments > known[start - 1]] = part
        return found
