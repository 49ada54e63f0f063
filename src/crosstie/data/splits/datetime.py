"""The oldest rows to train on, the newest to test on: as the model will be used."""

import numpy as np

from crosstie.data.keys import Rows
from crosstie.data.parse import detect
from crosstie.data.split import (
    UNUSED,
    USUAL,
    Assignment,
    Probabilities,
    Split,
    shares,
    splits,
)
from crosstie.data.style import Style
from crosstie.errors import DataError, Problem

LOOKED_AT = 10_000  # different texts that tell how dates are written


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
        style = self._style(source)
        moments = np.empty(source.rows)
        odd: list[str] = []
        start = 0
        for table in source.chunks(columns=[self.column]):
            dates = table.column(self.column, "date", style=style)
            moments[start : start + len(table)] = dates.values
            odd = [*odd, *dates.unparsed_examples][:3]
            start += len(table)
        valid = ~np.isnan(moments)
        if not valid.any():
            examples = ", ".join(map(repr, odd)) or "nothing"
            raise DataError(
                Problem(
                    f"column {self.column!r}",
                    f"no row holds a date, but {examples}. Name a column of dates.",
                )
            )
        if lost := int((~valid).sum()):
            source.notes.append(
                f"{source.name}: {lost} rows have no date in {self.column!r} and are in no part of the split"
            )
        known = np.sort(moments[valid])
        ends = np.round(np.cumsum(self.probabilities) * len(known)).astype(int)
        found = np.full(len(moments), UNUSED, np.int8)
        found[valid] = 0
        for part, start in enumerate(ends[:2], start=1):
            if start < len(known):  # from the first moment after the one at the border
                found[moments > known[start - 1]] = part
        return found

    def _style(self, source: Rows) -> Style:
        """How the column writes dates, by its first different texts."""
        texts: dict[str, None] = {}
        for table in source.chunks(columns=[self.column]):
            texts |= dict.fromkeys(table.distinct(self.column)[1])
            if len(texts) >= LOOKED_AT:
                break
        return detect(list(texts)[:LOOKED_AT])
