"""Sets: things that are there or not, such as the labels of a picture; as an output several may be right."""

from collections import Counter
from collections.abc import Sequence
from typing import Annotated, Any, Literal, Self

import numpy as np
from annotated_types import Ge
from numpy.typing import NDArray

from crosstie.data.column import Column
from crosstie.data.profile import ColumnProfile
from crosstie.errors import DataError, Problem
from crosstie.features.feature import Defaults, feature_types
from crosstie.features.fills import FILLS
from crosstie.features.item_feature import ItemFeature
from crosstie.features.items import GUESSED, Items, SplitName, cells
from crosstie.features.output_feature import OutputFeature


@feature_types("set")
class Set(ItemFeature, OutputFeature):
    """Distinct items: int32 ids `[rows, length]`, sorted; as an output float32 `[rows, labels]` of 0 and 1.

    Of an input's ids 0 is padding, 1 unknown; a row longer than any training row keeps its most common items.
    An output's labels are in natural order; a row with no label (`[]`) is a target like any other.

    Args:
        name: What the file calls the feature.
        column: The column of the table; None for the one of the same name.
        missing_value_strategy: What stands in for a missing cell. With `fill_with_const` an input's is the
            items of `fill_value`; so is a target's if that is set, otherwise its row is left out.
        fill_value: The cell for `fill_with_const`: for an input None means no items; `[]` is the empty set.
        tokenizer: What stands between items. `auto` finds which of `,`, `;` and `|` most training cells
            hold; without any of them, space. A JSON list is read as one whatever this says.
        separator: Any other text between items; takes the place of `tokenizer`.
        lowercase: Whether `A` and `a` are one item.
        most_common: Keep at most so many items.
        min_frequency: Keep items seen at least so often. None is 2 from 100 rows on, else 1; an output keeps
            every label unless this is set.
        max_sequence_length: At most so many ids a row.
    """

    type = "set"
    defaults = Defaults("embed", "classifier", "sigmoid_cross_entropy", "log_loss")
    input_only = ("max_sequence_length",)

    def __init__(
        self,
        name: str,
        *,
        column: str | None = None,
        missing_value_strategy: Annotated[
            Literal["fill_with_const", "drop_row"], FILLS
        ] = "fill_with_const",
        fill_value: str | None = None,
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
        self._items = Items(
            tokenizer, separator, lowercase=lowercase, bound=max_sequence_length, distinct=True
        )

    @classmethod
    def affinity(cls, profile: ColumnProfile) -> float:
        return 0.85 if profile.lists > 0.9 else 0.7 * _reused(profile)

    @classmethod
    def because(cls, profile: ColumnProfile) -> str:
        return (
            "its cells are lists"
            if profile.lists > 0.9
            else "its cells hold several of the same items"
        )

    def finish(self) -> None:
        least = self.min_frequency or (1 if self.predicted else None)
        self._items.finish(most_common=self.most_common, min_frequency=least, share=self.covered)
        if self.predicted and not self.labels:
            raise DataError(
                Problem(
                    self.column,
                    "training rows hold no label, so there is nothing to learn. "
                    "Give training rows that have some.",
                )
            )

    def continued(self, earlier: Self) -> Self | None:
        return None if self.predicted else super().continued(earlier)

    def example(self, rng: np.random.Generator, n: int) -> list[Any]:
        items = self._items.vocabulary_.tokens[:1000] or ("a",)
        sizes = rng.integers(1, min(self.width, len(items), 8) + 1, size=n)
        return [
            self._items.joined(items[i] for i in rng.choice(len(items), k, replace=False))
            for k in sizes
        ]

    @property
    def fills(self) -> bool:
        return super().fills and self.fill_value is not None

    @property
    def size(self) -> int:
        return len(self.labels)

    @property
    def labels(self) -> tuple[str, ...]:
        return self._items.vocabulary_.natural

    @property
    def prior(self) -> tuple[float, ...]:
        counts = dict(zip(self._items.vocabulary_.tokens, self._items.counts_, strict=True))
        return tuple(counts[label] / max(self._items.rows_, 1) for label in self.labels)

    def encode_target(self, column: Column) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """Unknown labels are left out; a row with no other is not usable."""
        known = {label: place for place, label in enumerate(self.labels)}
        target = np.zeros((len(column), len(known)), np.float32)
        usable = np.ones(len(column), bool) if self.fills else column.valid.copy()
        for row, items in enumerate(self._items.lists(cells(column, self.fill_value))):
            places = [known[item] for item in items if item in known]
            target[row, places] = 1
            usable[row] &= bool(places) or not items
        return target, usable

    def decode(
        self,
        raw: NDArray[np.float32],
        *,
        threshold: float | Sequence[float] = 0.5,
        tokens: Sequence[Sequence[str]] | None = None,
    ) -> dict[str, Any]:
        labels, found = self.labels, raw >= np.asarray(threshold)
        columns: dict[str, Any] = {
            "prediction": [[labels[i] for i in np.flatnonzero(row)] for row in found]
        }
        for place, label in enumerate(labels):
            columns[f"probability_{label}"] = raw[:, place].astype(np.float64)
        return columns


def _reused(profile: ColumnProfile) -> bool:
    """Whether cells such as `a,b` are made of parts that stand alone or in other cells too."""
    seen = {text for text, _ in profile.top} | set(profile.unparsed)
    for sign in GUESSED:
        joined = [[part.strip() for part in text.split(sign)] for text in seen if sign in text]
        parts = Counter(part for each in joined for part in dict.fromkeys(each))
        known = sum(count for part, count in parts.items() if count > 1 or part in seen)
        if len(joined) >= 3 and known >= 0.75 * parts.total():
            return True
    return False
