"""Series: numbers in time in one cell, of one channel or of many, of one length or of any."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal, Self

import numpy as np
from annotated_types import Ge
from numpy.typing import NDArray

from crosstie.config.words import ANYTHING, Answer
from crosstie.data.column import Column
from crosstie.data.profile import ColumnProfile
from crosstie.errors import DataError, Problem
from crosstie.features.feature import FILLS, Arrays, Defaults, Feature, State, feature_types
from crosstie.features.moments import Moments

Gaps = Literal["mark", "previous", "interpolate"]
_PADDING = "a row ends where it ends, and no result depends on what comes after; leave it out"


@feature_types("timeseries")
class Timeseries(Feature):
    """Numbers in time: float32 `[rows, length, channels]`, NaN where missing and after a row's end.

    A cell is a row of numbers (`1 2 3`, `[1, 2, null, 3]`, a list, an array) or, for many channels, a list of
    steps, each with a number a channel (`[[1, 7], [2, 8]]`).

    Args:
        name: What the file calls the feature.
        column: The column of the table; None for the one of the same name.
        missing_value_strategy: What stands in for a missing cell: `indicator` is a series without a number,
            `drop_row` leaves its row out.
        timeseries_length_limit: Cut rows to so many steps at most; the length is that of the longest training
            row, if that is less.
        gaps: What stands for a number that is missing inside a series: `mark` tells the encoder that it is,
            `previous` repeats the one before, `interpolate` draws a line to the next one. Before the first
            number there is nothing to go by: it stays marked.
        standardise: Whether every channel is brought to mean 0 and spread 1, those of the training rows.
    """

    answers: ClassVar[dict[str, Answer]] = {
        "padding_value": Answer(_PADDING, (ANYTHING,)),
        "tokenizer": Answer("numbers are parted by spaces, commas or semicolons", (ANYTHING,)),
    }
    type = "timeseries"
    kind = "series"
    reads = "series"
    defaults = Defaults("parallel_cnn")

    def __init__(
        self,
        name: str,
        *,
        column: str | None = None,
        missing_value_strategy: Annotated[Literal["indicator", "drop_row"], FILLS] = "indicator",
        timeseries_length_limit: Annotated[int, Ge(1)] = 1024,
        gaps: Gaps = "mark",
        standardise: bool = True,
    ) -> None:
        self.name = name
        self.column = column or name
        self.missing_value_strategy = missing_value_strategy
        self.timeseries_length_limit = timeseries_length_limit
        self.gaps = gaps
        self.standardise = standardise
        self._moments: Moments | None = None
        self.length_ = 0
        self.mean_ = np.zeros(0)
        self.spread_ = np.ones(0)

    @classmethod
    def affinity(cls, profile: ColumnProfile) -> float:
        """Where cells hold numbers, but not always as many, or several at each step."""
        amounts = profile.numbers >= 0.9  # 1.234,56 reads as two numbers too
        return 0.88 if profile.series > 0.95 and not amounts else 0.0

    @classmethod
    def because(cls, profile: ColumnProfile) -> str:
        share = "every cell holds" if profile.series == 1 else f"{profile.series:.1%} of cells hold"
        return f"{share} numbers one after the other, up to {profile.max_steps}"

    def observe(self, column: Column) -> None:
        for row in np.flatnonzero(column.valid):
            values = column.values[row][: self.timeseries_length_limit]
            if self._moments is None:
                self._moments = Moments(values.shape[1])
            self._same(values.shape[1], len(self._moments.count))
            self._moments.add(values)
            self.length_ = max(self.length_, len(values))

    def merge(self, other: Self) -> None:
        self.length_ = max(self.length_, other.length_)
        if other._moments is None:
            return
        if self._moments is None:
            self._moments = other._moments
            return
        self._same(len(other._moments.count), len(self._moments.count))
        self._moments.merge(other._moments)

    def finish(self) -> None:
        if self._moments is None:
            raise DataError(
                Problem(
                    self.column,
                    "no training row holds a series. Take the column out, or give it another type.",
                )
            )
        self.mean_, self.spread_ = self._moments.centre, self._moments.spread
        self._moments = None

    def encode(self, column: Column) -> NDArray[np.float32]:
        length, channels = self.shape
        found = np.full((len(column), length, channels), np.nan, np.float32)
        for row in np.flatnonzero(column.valid):
            self._same(column.values[row].shape[1], channels)
            values = filled(column.values[row][:length], self.gaps)
            if self.standardise:
                values = (values - self.mean_) / self.spread_
            found[row, : len(values)] = values
        return found

    def state(self) -> tuple[State, Arrays]:
        fitted = {"length": self.length_}
        return {"options": self.options(), **fitted}, {"mean": self.mean_, "spread": self.spread_}

    @classmethod
    def from_state(
        cls, name: str, state: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]
    ) -> Self:
        feature = cls(name, **state["options"])
        feature.length_ = state["length"]
        feature.mean_, feature.spread_ = arrays["mean"], arrays["spread"]
        return feature

    def continued(self, earlier: Self) -> Self | None:
        same = len(self.mean_) == len(earlier.mean_) and self.length_ <= earlier.length_
        return super().continued(earlier) if same else None

    def example(self, rng: np.random.Generator, n: int) -> list[Any]:
        rows = rng.normal(self.mean_, self.spread_, (n, *self.shape))
        short = [[[float(f"{each:.4g}") for each in step] for step in row] for row in rows]
        return short if len(self.mean_) > 1 else [[step[0] for step in row] for row in short]

    @property
    def width(self) -> int:
        return self.length_

    @property
    def shape(self) -> tuple[int, ...]:
        return (self.length_, len(self.mean_))

    def _same(self, found: int, channels: int) -> None:
        if found != channels:
            raise DataError(
                Problem(
                    self.column,
                    f"some rows hold {found} numbers a step, others {channels}. Give every step one number a "
                    "channel.",
                )
            )


def filled(values: NDArray[np.float64], gaps: Gaps) -> NDArray[np.float64]:
    """A series `[length, channels]` with what stands for its missing numbers."""
    missing = np.isnan(values)
    if gaps == "mark" or not missing.any():
        return values
    places = np.arange(len(values))
    values = values.copy()
    for channel, there in zip(values.T, ~missing.T, strict=True):
        known = np.flatnonzero(there)
        if not len(known):
            continue
        after = places > known[0]
        if gaps == "interpolate":
            channel[after] = np.interp(places[after], known, channel[known])
        else:
            last = known[np.searchsorted(known, places[after], side="right") - 1]
            channel[after] = channel[last]
    return values
