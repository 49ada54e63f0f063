"""Binary: two levels, one of them positive. Zero and one as an input, a probability as an output."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal, Self

import numpy as np
from numpy.typing import NDArray

from crosstie.data import parse
from crosstie.data.column import Column
from crosstie.data.profile import ColumnProfile
from crosstie.errors import DataError, Problem
from crosstie.features.feature import Arrays, Defaults, State, feature_types
from crosstie.features.fills import FILLS
from crosstie.features.levels import LevelCounts, codes_of, natural
from crosstie.features.output_feature import OutputFeature

WORDS = {**dict.fromkeys(parse.YES, True), **dict.fromkeys(parse.NO, False)}


@feature_types("binary")
class Binary(OutputFeature):
    """One of two levels: float32 0 or 1, NaN where missing; predicted as one of the texts of the table.

    `Yes`, `TRUE`, `t`, `on` and `1` are known as positive in any case of letters, their opposites as negative.

    Args:
        name: What the file calls the feature.
        column: The column of the table; None for the one of the same name.
        missing_value_strategy: What stands in for a missing cell. `indicator` keeps it missing: learners use
            the mean and an extra input that says so. A row without a target is left out unless it is filled.
        fill_value: The level for `fill_with_const`; None is the negative one.
        positive: The level that counts as 1; None is the one that means yes, else the last in sorted order.
        fallback_true_label: The level that counts as 1 where no word of the column means yes or no.
    """

    type = "binary"
    kind = "number"
    reads = "levels"
    defaults = Defaults("passthrough", "regressor", "binary_weighted_cross_entropy", "roc_auc")

    def __init__(
        self,
        name: str,
        *,
        column: str | None = None,
        missing_value_strategy: Annotated[
            Literal[
                "indicator", "fill_with_const", "fill_with_mode", "fill_with_false", "drop_row"
            ],
            FILLS,
        ] = "indicator",
        fill_value: str | bool | float | None = None,
        positive: str | bool | float | None = None,
        fallback_true_label: str | None = None,
    ) -> None:
        self.name = name
        self.column = column or name
        self.missing_value_strategy = missing_value_strategy
        self.fill_value = fill_value
        self.positive = positive
        self.fallback_true_label = fallback_true_label
        self._counts = LevelCounts()
        self.words_ = False
        self.sides_ = ("", "")  # negative, positive, as `_side` names them
        self.labels_ = ("", "")  # the same as the table spells them
        self.share_ = 0.0

    @classmethod
    def affinity(cls, profile: ColumnProfile) -> float:
        return 0.95 if profile.distinct == 2 or (profile.bools == 1 and profile.present) else 0.0

    @classmethod
    def because(cls, profile: ColumnProfile) -> str:
        return "two levels, " + " and ".join(profile.told(text) for text, _ in profile.top[:2])

    @classmethod
    def because_predicted(cls, profile: ColumnProfile) -> str:
        levels = [text for text, _ in profile.top[:2]]
        if len(levels) < 2:
            return cls.because(profile)
        known = all(text.lower() in WORDS for text in levels)
        negative, positive = (
            sorted(levels, key=lambda text: WORDS[text.lower()]) if known else natural(levels)
        )
        return f"two levels, {negative!r} and {positive!r} (positive)"

    def observe(self, column: Column) -> None:
        self._counts.add_column(column)

    def merge(self, other: Self) -> None:
        self._counts.merge(other._counts)

    def finish(self) -> None:
        counts = self._counts.counts
        self.words_ = bool(counts) and all(text.lower() in WORDS for text in counts)
        spellings: dict[str, list[str]] = {}
        for text in natural(counts):
            spellings.setdefault(self._side(text), []).append(text)
        self._check([texts[0] for texts in spellings.values()])
        positive = self._positive(spellings)
        opposite = {"true": "false", "false": "true"}.get(positive, "") if self.words_ else ""
        negative = next((side for side in spellings if side != positive), opposite)
        self.sides_ = (negative, positive)
        usual = {side: max(texts, key=counts.__getitem__) for side, texts in spellings.items()}
        self.labels_ = (usual.get(negative, negative), usual.get(positive, positive))
        self.share_ = sum(counts[text] for text in spellings.get(positive, ())) / counts.total()
        self._counts = LevelCounts()

    @property
    def wanted(self) -> str:
        known = sorted({*self.labels_} - {""})
        more = " (or yes, no, true, false, 1, 0 …)" if self.words_ else ""
        return f"{' or '.join(map(repr, known))}{more}"

    def readable(self, column: Column) -> NDArray[np.bool_]:
        known = np.array([*(self._side(each) in self.sides_ for each in column.levels), False])
        found: NDArray[np.bool_] = known[codes_of(column)]
        return found

    def encode(self, column: Column) -> NDArray[np.float32]:
        table = np.array([*map(self._value, column.levels), self._missing()], np.float32)
        return table[codes_of(column)]  # -1, missing, takes the last

    def unseen(self, column: Column, encoded: NDArray[Any]) -> int:
        return int((np.isnan(encoded) & column.valid).sum())

    def state(self) -> tuple[State, Arrays]:
        fitted = {
            "words": self.words_,
            "sides": list(self.sides_),
            "labels": list(self.labels_),
            "share": self.share_,
        }
        return {"options": self.options(), "fitted": fitted}, {}

    def continued(self, earlier: Self) -> Self | None:
        same = self.sides_ == earlier.sides_ and self.words_ == earlier.words_
        return super().continued(earlier) if same and not self.predicted else None

    @classmethod
    def from_state(
        cls, name: str, state: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]
    ) -> Self:
        feature, fitted = cls(name, **state["options"]), state["fitted"]
        feature.words_, feature.share_ = fitted["words"], fitted["share"]
        feature.sides_ = tuple(fitted["sides"])
        feature.labels_ = tuple(fitted["labels"])
        return feature

    def example(self, rng: np.random.Generator, n: int) -> list[Any]:
        return [self.labels_[int(each)] or self.labels_[1] for each in rng.random(n) < self.share_]

    @property
    def size(self) -> int:
        return 1

    @property
    def labels(self) -> tuple[str, ...]:
        return self.labels_

    @property
    def prior(self) -> tuple[float, ...]:
        return (self.share_,)

    def encode_target(self, column: Column) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        values = self.encode(column)
        usable = ~np.isnan(values)
        return np.where(usable, values, np.float32(0)), usable

    def decode(
        self,
        raw: NDArray[np.float32],
        *,
        threshold: float | Sequence[float] = 0.5,
        tokens: Sequence[Sequence[str]] | None = None,
    ) -> dict[str, Any]:
        negative, positive = self.labels_
        probability = raw.astype(np.float64)
        return {
            "prediction": [
                positive if each else negative for each in (probability >= threshold).tolist()
            ],
            f"probability_{negative}": 1 - probability,
            f"probability_{positive}": probability,
        }

    def _side(self, text: str) -> str:
        if not self.words_:
            return text
        known = WORDS.get(text.lower())
        return text if known is None else str(known).lower()

    def _value(self, level: str) -> float:
        side = self._side(level)
        return float(self.sides_.index(side)) if side in self.sides_ else np.nan

    def _missing(self) -> float:
        if self.missing_value_strategy == "fill_with_false":
            return 0.0
        if self.missing_value_strategy == "fill_with_mode":
            return float(self.share_ > 0.5)
        if self.missing_value_strategy == "fill_with_const":
            return 0.0 if self.fill_value is None else self._value(_written(self.fill_value))
        return np.nan

    def _check(self, levels: list[str]) -> None:
        shown = ", ".join(map(repr, levels[:5])) + (", …" if len(levels) > 5 else "")
        if len(levels) > 2:
            what = (
                f"training rows hold {len(levels)} levels ({shown}), not two. Use type: category."
            )
        elif not levels:
            what = "no training row holds a value. Take the column out."
        elif len(levels) == 1 and self.predicted:
            what = (
                f"training rows hold only one class, {shown}, so there is nothing to learn. "
                "Give training rows of both classes."
            )
        else:
            return
        raise DataError(Problem(self.column, what))

    def _positive(self, spellings: Mapping[str, list[str]]) -> str:
        asked = "positive" if self.positive is not None or self.words_ else "fallback_true_label"
        wanted = getattr(self, asked)
        if wanted is None:
            return "true" if self.words_ else list(spellings)[-1]
        if self._side(_written(wanted)) not in spellings:
            shown = ", ".join(repr(texts[0]) for texts in spellings.values())
            raise DataError(
                Problem(
                    self.column, f"{asked}: {wanted!r} is no level of the training rows ({shown})."
                )
            )
        return self._side(_written(wanted))


def _written(value: str | bool | float) -> str:
    """As the level of a cell with this value."""
    return parse.level(parse.text(value) or "")
