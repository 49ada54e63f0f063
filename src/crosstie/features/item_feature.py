"""What the feature types whose cells hold several items do alike: bag, sequence and set."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from crosstie.data.column import Column
from crosstie.features.feature import Arrays, Defaults, Feature, State
from crosstie.features.items import Items, cells
from crosstie.features.nested import flat_items
from crosstie.features.vocabulary import known_first, nothing_known, padded


class ItemFeature(Feature):
    """Cells of several items: int32 ids `[rows, length]`, 0 padding, 1 unknown, sorted unless a type says otherwise.

    A type's constructor sets what stands below: its own options, and the `Items` that they describe.

    Class attributes:
        covered: Share of the training rows that fit the length whole.

    Attributes:
        fill_value: The cell that stands for a missing one; empty or None means no items.
        most_common: Keep at most so many items.
        min_frequency: Keep items seen at least so often; None is as `LevelCounts.kept` says.
        max_sequence_length: At most so many ids a row.
    """

    kind = "tokens"
    reads = "text"
    defaults = Defaults("embed")
    covered: ClassVar[float] = 1.0

    fill_value: str | None
    most_common: int
    min_frequency: int | None
    max_sequence_length: int
    _items: Items

    def observe(self, column: Column) -> None:
        self._items.observe(cells(column, self.fill_value))

    def merge(self, other: Self) -> None:
        self._items.merge(other._items)

    def finish(self) -> None:
        self._items.finish(
            most_common=self.most_common,
            min_frequency=self.min_frequency,
            share=1.0 if self.whole else self.covered,
        )

    @property
    def wanted(self) -> str:
        return "a list of items, or text that holds them"

    def encode(self, column: Column) -> NDArray[np.int32]:
        rows = self._items.lists(cells(column, self.fill_value))
        return padded([known_first(self._items.vocabulary_.ids(row)) for row in rows], self.width)

    def one_cell(self, value: Sequence[Any] | NDArray[Any]) -> float:
        """A list of items, unless some of them are several: then they are the texts of cells."""
        return flat_items(value, self._items.lists)

    def tokens(self, column: Column) -> list[list[str]]:
        return self._items.lists(cells(column, self.fill_value))

    def unseen(self, column: Column, encoded: NDArray[Any]) -> int:
        return nothing_known(encoded)

    def state(self) -> tuple[State, Arrays]:
        return {"options": self.options(), "fitted": self._items.state()}, {}

    @classmethod
    def from_state(
        cls, name: str, state: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]
    ) -> Self:
        feature = cls(name, **state["options"])  # type: ignore[call-arg] # each type has its own
        feature._items.restore(state["fitted"])
        return feature

    def example(self, rng: np.random.Generator, n: int) -> list[Any]:
        items = self._items.vocabulary_.tokens[:1000] or ("a",)
        sizes = rng.integers(1, min(self.width, 8) + 1, size=n)
        return [
            self._items.joined(items[i] for i in rng.integers(len(items), size=k)) for k in sizes
        ]

    @property
    def words(self) -> tuple[str, ...]:
        return self._items.vocabulary_.tokens

    def continued(self, earlier: Self) -> Self | None:
        self._items.extend(earlier._items)
        return self

    @property
    def codes(self) -> int:
        return self._items.vocabulary_.size

    @property
    def width(self) -> int:
        return min(self._items.length_, self.max_sequence_length)
