"""Bags: things that may come several times, in no order, such as a shopping basket."""

from typing import Annotated, Literal

from annotated_types import Ge

from crosstie.data.profile import ColumnProfile
from crosstie.features.feature import feature_types
from crosstie.features.fills import FILLS
from crosstie.features.item_feature import ItemFeature
from crosstie.features.items import Items, SplitName


@feature_types("bag")
class Bag(ItemFeature):
    """Items with their counts: int32 ids `[rows, length]`, sorted, an item twice if it comes twice.

    0 is padding, 1 unknown. A row longer than any training row keeps its most common items.

    Args:
        name: What the file calls the feature.
        column: The column of the table; None for the one of the same name.
        missing_value_strategy: What stands in for a missing cell: the items of `fill_value`, or nothing (the
            row is left out).
        fill_value: The cell for `fill_with_const`; empty means no items.
        tokenizer: What stands between items. `auto` finds which of `,`, `;` and `|` most training cells
            hold; without any of them, space. A JSON list is read as one whatever this says.
        separator: Any other text between items; takes the place of `tokenizer`.
        lowercase: Whether `A` and `a` are one item.
        most_common: Keep at most so many items.
        min_frequency: Keep items seen at least so often; None is 2 from 100 rows on, else 1.
        max_sequence_length: At most so many ids a row.
    """

    type = "bag"

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
        most_common: Annotated[int, Ge(1)] = 10_000,
        min_frequency: Annotated[int, Ge(1)] | None = None,
        max_sequence_length: Annotated[int, Ge(1)] = 256,
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
        self._items = Items(tokenizer, separator, lowercase=lowercase, bound=max_sequence_length)

    @classmethod
    def affinity(cls, profile: ColumnProfile) -> float:
        """Never the first choice: a set is the same but for counts."""
        return 0.1 * profile.lists
