"""Bags: things that may come several times, in no order, such as a shopping basket."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

import numpy as np
from annotated_types import Ge
from numpy.typing import NDArray

from crosstie.data.column import Column
from crosstie.data.profile import ColumnProfile
from crosstie.features.feature import Arrays, Defaults, Feature, State, feature_types
from crosstie.features.items import Items, SplitName, cells, known_first, nothing_known
from crosstie.features.vocabulary import padded


@feature_types("bag")
class Bag(Feature):
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
    kind = "tokens"
    reads = "text"
    defaults = Defaults("embed")

    def __init__(
        self,
        name: str,
        *,
        column: str | None = None,
        missing_value_strategy: Literal["fill_with_const", "drop_row"] = "fill_with_const",
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

    def observe(self, column: Column) -> None:
        self._items.observe(cells(column, self.fill_value))

    def merge(self, other: Self) -> None:
        self._items.merge(other._items)

    def finish(self) -> None:
        self._items.finish(
            most_common=self.most_common, min_frequency=self.min_frequency, share=1.0
        )

    def encode(self, column: Column) -> NDArray[np.int32]:
        rows = self._items.lists(cells(column, self.fill_value))
        return padded([known_first(self._items.vocabulary_.ids(row)) for row in rows], self.width)

    def unseen(self, column: Column, encoded: NDArray[Any]) -> int:
        return nothing_known(encoded)

    def state(self) -> tuple[State, Arrays]:
        return {"options": self.options(), "fitted": self._items.state()}, {}

    @classmethod
    def from_state(
        cls, name: str, state: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]
    ) -> Self:
        feature = cls(name, **state["options"])
        feature._items.restore(state["fitted"])
        return feature

    def example(self, rng: np.random.Generator, n: int) -> list[Any]:
        items = self._items.vocabulary_.tokens[:1000] or ("a",)
        sizes = rng.integers(1, min(self.width, 8) + 1, size=n)
        return [
            self._items.joined(items[i] for i in rng.integers(len(items), size=k)) for k in sizes
        ]

    @property
    def codes(self) -> int:
        return self._items.vocabulary_.size

    @property
    def width(self) -> int:
        return min(self._items.length_, self.max_sequence_length)
