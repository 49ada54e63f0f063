"""Rows by what they hold: a row stays where it is when others come or go."""

import hashlib
from collections.abc import Sequence
from typing import Annotated

import numpy as np

from crosstie.config.words import Alias
from crosstie.data.keys import Rows
from crosstie.data.split import USUAL, Assignment, Probabilities, Split, shares, splits
from crosstie.data.table import Table


@splits("hash")
class Hash(Split):
    """By a hash of an id, or of all columns but the target. Neither the seed nor other rows matter.

    Args:
        column: One column or several; null takes all but the target.
        probabilities: Shares of train, validation and test, which come out about so.
    """

    def __init__(
        self,
        *,
        column: Annotated[str | Sequence[str] | None, Alias("key", "columns")] = None,
        probabilities: Probabilities = USUAL,
    ) -> None:
        self.column = column
        self.probabilities = shares(probabilities)
        self.columns = (
            () if column is None else (column,) if isinstance(column, str) else tuple(column)
        )

    def assign(self, source: Rows, *, target: str | None, seed: int) -> Assignment:
        """See `Split.assign`."""
        names = self.columns or tuple(sorted(each for each in source.columns if each != target))
        ends = np.cumsum(self.probabilities)[:2]
        found = np.empty(source.rows, np.int8)
        start = 0
        for table in source.chunks(columns=names):
            texts = list(zip(*(_canonical(table, name) for name in names), strict=True))
            places = {each: _place(each) for each in set(texts)}
            values = np.array([places[each] for each in texts], np.float64)
            found[start : start + len(table)] = np.searchsorted(ends, values, side="right")
            start += len(table)
        return found


def _canonical(table: Table, name: str) -> list[str]:
    levels = table.column(name, "levels")
    texts = [*levels.levels, ""]
    return [texts[code] for code in np.asarray(levels.values).tolist()]


def _place(texts: tuple[str, ...]) -> float:
    """A number from 0 to 1 that depends on nothing but the texts."""
    digest = hashlib.blake2b(
        "\x1f".join(texts).encode(errors="surrogatepass"), digest_size=8
    ).digest()
    return int.from_bytes(digest, "big") / 2**64
