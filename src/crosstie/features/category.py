"""Categories: levels by falling frequency, with a code for what is unknown and one for what is missing.

Codes are looked up for each level, not for each row, so 100,000 levels cost no more than a dictionary.
Levels that training saw only once become "unknown": a level of one row teaches nothing, and so the code that
new levels get in production is one that training has met.
"""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal, Self

import numpy as np
from annotated_types import Ge
from numpy.typing import NDArray

from crosstie.data.column import Column
from crosstie.data.profile import ColumnProfile
from crosstie.errors import DataError, Problem
from crosstie.features.feature import Arrays, Defaults, State, feature_types
from crosstie.features.fills import FILLS
from crosstie.features.levels import LevelCounts, bucket, look_up, natural
from crosstie.features.output_feature import OutputFeature

UNKNOWN, MISSING, FIRST = 0, 1, 2  # codes of an input


@feature_types("category")
class Category(OutputFeature):
    """One of several levels: int32 codes, 0 unknown, 1 missing, then levels by falling frequency.

    As an output: one class for each level, in natural order (9 before 10), int64 codes from 0.

    Args:
        name: What the file calls the feature.
        column: The column of the table; None for the one of the same name.
        missing_value_strategy: What stands in for a missing cell: `level` gives it a code of its own. A row
            without a target is left out unless it is filled.
        fill_value: The level for `fill_with_const`.
        most_common: Keep at most so many levels; the others are unknown.
        min_frequency: Keep levels seen at least so often. None is 2 from 100 rows on, else 1; an output
            keeps every class unless this is set.
        lowercase: Whether `Yes` and `yes` are one level.
        hash_buckets: Instead of a vocabulary, the hash of the text modulo this, for columns whose levels
            are not known ahead.
    """

    type = "category"
    kind = "category"
    reads = "levels"
    defaults = Defaults("dense", "classifier", "softmax_cross_entropy", "log_loss")
    input_only = ("hash_buckets",)

    def __init__(
        self,
        name: str,
        *,
        column: str | None = None,
        missing_value_strategy: Annotated[
            Literal["level", "fill_with_const", "fill_with_mode", "drop_row"], FILLS
        ] = "level",
        fill_value: str = "<UNK>",
        most_common: Annotated[int, Ge(1)] = 10_000,
        min_frequency: Annotated[int, Ge(1)] | None = None,
        lowercase: bool = False,
        hash_buckets: Annotated[int, Ge(1)] | None = None,
    ) -> None:
        self.name = name
        self.column = column or name
        self.missing_value_strategy = missing_value_strategy
        self.fill_value = fill_value
        self.most_common = most_common
        self.min_frequency = min_frequency
        self.lowercase = lowercase
        self.hash_buckets = hash_buckets
        self.mode_ = ""
        self._counts = LevelCounts()
        self._know((), ())

    @classmethod
    def affinity(cls, profile: ColumnProfile) -> float:
        return 0.2 if max(profile.numbers, profile.dates) > 0.9 else 0.6

    @classmethod
    def because(cls, profile: ColumnProfile) -> str:
        return f"{profile.distinct} levels" if profile.distinct > 1 else "one level or nothing"

    def observe(self, column: Column) -> None:
        if not self.hash_buckets or self.missing_value_strategy == "fill_with_mode":
            self._counts.add_column(column, lowercase=self.lowercase)

    def merge(self, other: Self) -> None:
        self._counts.merge(other._counts)

    def finish(self) -> None:
        least = self.min_frequency or (1 if self.predicted else None)
        kept = dict(self._counts.kept(most_common=self.most_common, min_frequency=least))
        if self.predicted and len(kept) < 2:
            found = f"only one class, {next(iter(kept))!r}" if kept else "no value"
            raise DataError(
                Problem(
                    self.column,
                    f"training rows hold {found}, so there is nothing to learn. "
                    "Give training rows of at least two classes.",
                )
            )
        self.mode_ = next(iter(kept), self.fill_value)
        if self.predicted:
            kept = {text: kept[text] for text in natural(kept)}
        if self.hash_buckets:
            kept = {}
        self._know(tuple(kept), tuple(kept.values()))
        self._counts = LevelCounts()

    def encode(self, column: Column) -> NDArray[np.int32]:
        return look_up(column, map(self._code, column.levels), missing=self._missing_code())

    def unseen(self, column: Column, encoded: NDArray[Any]) -> int:
        return int(np.count_nonzero((encoded == UNKNOWN) & column.valid))

    def state(self) -> tuple[State, Arrays]:
        fitted = {"levels": list(self.levels_), "mode": self.mode_}
        return {"options": self.options(), "fitted": fitted}, {
            "counts": np.array(self.counts_, np.int64)
        }

    @classmethod
    def from_state(
        cls, name: str, state: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]
    ) -> Self:
        feature = cls(name, **state["options"])
        feature.mode_ = state["fitted"]["mode"]
        feature._know(tuple(state["fitted"]["levels"]), tuple(arrays["counts"].tolist()))
        return feature

    def example(self, rng: np.random.Generator, n: int) -> list[Any]:
        levels = self.levels_[:100] or ("a",)
        return [levels[i] for i in rng.integers(len(levels), size=n)]

    @property
    def words(self) -> tuple[str, ...]:
        return self.levels_

    def continued(self, earlier: Self) -> Self | None:
        if self.predicted:
            return None  # its classes are those that the training rows hold
        if self.hash_buckets:
            return super().continued(earlier)
        counts = dict(zip(earlier.levels_, earlier.counts_, strict=True))
        for level, count in zip(self.levels_, self.counts_, strict=True):
            counts[level] = counts.get(level, 0) + count
        self._know(tuple(counts), tuple(counts.values()))
        return self

    @property
    def codes(self) -> int:
        return FIRST + (self.hash_buckets or len(self.levels_))

    @property
    def size(self) -> int:
        return len(self.levels_)

    @property
    def labels(self) -> tuple[str, ...]:
        return self.levels_

    @property
    def prior(self) -> tuple[float, ...]:
        return tuple(count / sum(self.counts_) for count in self.counts_)

    def encode_target(self, column: Column) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        codes = (self._places.get(self._text(level), -1) for level in column.levels)
        filled = {"fill_with_const": self.fill_value, "fill_with_mode": self.mode_}
        missing = self._places.get(self._text(filled.get(self.missing_value_strategy, "")), -1)
        classes = look_up(column, codes, missing=missing)
        return np.maximum(classes, 0).astype(np.int64), classes >= 0

    def decode(
        self,
        raw: NDArray[np.float32],
        *,
        threshold: float | Sequence[float] = 0.5,
        tokens: Sequence[Sequence[str]] | None = None,
    ) -> dict[str, Any]:
        best = raw.argmax(axis=1)
        columns: dict[str, Any] = {"prediction": [self.levels_[i] for i in best.tolist()]}
        for place, level in enumerate(self.levels_):
            columns[f"probability_{level}"] = raw[:, place].astype(np.float64)
        return columns

    def _know(self, levels: tuple[str, ...], counts: tuple[int, ...]) -> None:
        self.levels_, self.counts_ = levels, counts
        self._places = {level: place for place, level in enumerate(levels)}

    def _text(self, level: str) -> str:
        return level.lower() if self.lowercase else level

    def _code(self, level: str) -> int:
        if self.hash_buckets:
            return FIRST + bucket(self._text(level), self.hash_buckets)
        return FIRST + self._places.get(self._text(level), UNKNOWN - FIRST)

    def _missing_code(self) -> int:
        if self.missing_value_strategy == "fill_with_const":
            return self._code(self.fill_value)
        return (
            self._code(self.mode_) if self.missing_value_strategy == "fill_with_mode" else MISSING
        )
