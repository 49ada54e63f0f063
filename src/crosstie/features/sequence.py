"""Sequences: tokens in an order that matters, such as clicks, amino acids or log events."""

from typing import Annotated, Literal

import numpy as np
from annotated_types import Ge
from numpy.typing import NDArray

from crosstie.data.column import Column
from crosstie.data.profile import ColumnProfile
from crosstie.features.feature import FILLS, feature_types
from crosstie.features.item_feature import ItemFeature
from crosstie.features.items import Items, SplitName, cells
from crosstie.features.vocabulary import padded


@feature_types("sequence")
class Sequence(ItemFeature):
    """Tokens in order: int32 ids `[rows, length]`, 0 padding, 1 unknown.

    Args:
        name: What the file calls the feature.
        column: The column of the table; None for the one of the same name.
        missing_value_strategy: What stands in for a missing cell: the tokens of `fill_value`, or nothing (the
            row is left out).
        fill_value: The cell for `fill_with_const`; empty means a row of padding.
        tokenizer: What stands between tokens; `auto` is white space or commas. A JSON list is read as one
            whatever this says.
        separator: Any other text between tokens; takes the place of `tokenizer`.
        lowercase: Whether `A` and `a` are one token.
        most_common: Keep at most so many tokens.
        min_frequency: Keep tokens seen at least so often; None is 2 from 100 rows on, else 1.
        max_sequence_length: Cut rows to so many tokens at most; the length is the least multiple of 8 that
            holds 99 in 100 training rows, if that is less.
        sequence_length: Exactly this length instead.
    """

    type = "sequence"
    covered = 0.99

    def __init__(
        self,
        name: str,
        *,
        column: str | None = None,
        missing_value_strategy: Annotated[
            Literal["fill_with_const", "drop_row"], FILLS
        ] = "fill_with_const",
        fill_value: str = "",
        tokenizer: SplitName = "auto",
        separator: str | None = None,
        lowercase: bool = False,
        most_common: Annotated[int, Ge(1)] = 20_000,
        min_frequency: Annotated[int, Ge(1)] | None = None,
        max_sequence_length: Annotated[int, Ge(1)] = 256,
        sequence_length: Annotated[int, Ge(1)] | None = None,
    ) -> None:
        self.name = name
        self.column = column or name
        self.missing_value_strategy = missing_value_strategy
        self.fill_value = fill_value
        self.tokenizer = tokenizer
        self.separator = separator
        self.lowercase = lowercase
        self.most_common = most_common
        self.min_frequency = min_frequency
        self.max_sequence_length = max_sequence_length
        self.sequence_length = sequence_length
        self._items = Items(
            tokenizer, separator, lowercase=lowercase, bound=max_sequence_length, plain=True
        )

    @classmethod
    def affinity(cls, profile: ColumnProfile) -> float:
        """Never the first choice: whether order matters does not show in the cells."""
        return 0.05 * profile.lists

    def encode(self, column: Column) -> NDArray[np.int32]:
        rows = self._items.lists(cells(column, self.fill_value))
        return padded([self._items.vocabulary_.ids(row[: self.width]) for row in rows], self.width)

    @property
    def width(self) -> int:
        usual = min(-(-self._items.length_ // 8) * 8, self.max_sequence_length)
        return self.sequence_length or usual
