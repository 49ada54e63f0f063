"""Series: numbers in time in one cell, of one channel or of many; and windows of a column, and what comes after them."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Annotated, Any, ClassVar, Literal, Self

import numpy as np
from annotated_types import Ge
from numpy.typing import NDArray

from crosstie.config.words import ANYTHING, Answer, Elsewhere
from crosstie.data.column import Column
from crosstie.data.profile import ColumnProfile
from crosstie.errors import DataError, Problem
from crosstie.features.feature import Arrays, Defaults, Feature, State, feature_types
from crosstie.features.fills import FILLS
from crosstie.features.moments import Moments
from crosstie.features.nested import nested
from crosstie.features.output_feature import OutputFeature

Gaps = Literal["mark", "previous", "interpolate"]
_PADDING = "a row ends where it ends, and no result depends on what comes after; leave it out"


LACKING = 0.5  # share of the steps to be learned that may be missing, and are drawn between their neighbours


@feature_types("timeseries")
class Timeseries(OutputFeature):
    """Numbers in time: float32 `[rows, length, channels]`, NaN where missing and after a row's end.

    A cell is a row of numbers (`1 2 3`, `[1, 2, null, 3]`, a list, an array) or, for many channels, a list of
    steps, each with a number a channel (`[[1, 7], [2, 8]]`). Where the column holds one number a row, in the order
    of time, `window_size` makes a series of each row and those before it, and `horizon` of those after it.

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
        window_size: Of an input: the steps up to each row, its own included, that are seen.
        horizon: Of an output: the steps after each row that are predicted; None where cells hold them, all of them.
        seasonality: Of an output: steps in a season, for the seasonal-naive forecast and MASE; None is found from
            the times (12 for months, 24 for hours), and 1 where there are none.
        relative: Of an output whose own column is an input with a window: whether its numbers are learned relative
            to the window's last one, in units of the window's spread (Kim 2022), so that a level never seen is no
            stranger.
    """

    answers: ClassVar[dict[str, Answer]] = {
        "padding_value": Answer(_PADDING, (ANYTHING,)),
        "tokenizer": Answer("numbers are parted by spaces, commas or semicolons", (ANYTHING,)),
    }
    type = "timeseries"
    kind = "series"
    reads = "series"
    amount = True
    defaults = Defaults("parallel_cnn", "projector", "mean_squared_error", "rmse")
    input_only = ("timeseries_length_limit", "gaps", "window_size")
    output_only = ("horizon", "seasonality", "relative")

    def __init__(
        self,
        name: str,
        *,
        column: str | None = None,
        missing_value_strategy: Annotated[Literal["indicator", "drop_row"], FILLS] = "indicator",
        timeseries_length_limit: Annotated[int, Ge(1)] = 1024,
        gaps: Gaps = "mark",
        standardise: bool = True,
        window_size: Annotated[
            int, Ge(2), Elsewhere("lookback", "input_chunk_length", "n_lags", "context_length")
        ]
        | None = None,
        horizon: Annotated[
            int,
            Ge(1),
            Elsewhere(
                "prediction_length", "output_chunk_length", "forecast_horizon", "fh", "steps"
            ),
        ]
        | None = None,
        seasonality: Annotated[int, Ge(1), Elsewhere("season_length", "sp", "freq", "period")]
        | None = None,
        relative: bool = True,
    ) -> None:
        self.name = name
        self.column = column or name
        self.missing_value_strategy = missing_value_strategy
        self.timeseries_length_limit = timeseries_length_limit
        self.gaps = gaps
        self.standardise = standardise
        self.window_size = window_size
        self.horizon = horizon
        self.seasonality = seasonality
        self.relative = relative
        self._moments: Moments | None = None
        self._changes = Moments()
        self.length_ = 0
        self.steps_ = horizon or 0
        self.change_ = math.nan
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

    @classmethod
    def defaults_for(cls, options: Mapping[str, Any]) -> Defaults:
        """A window has one length and its places have a meaning: it needs no search for shapes."""
        return (
            replace(cls.defaults, encoder="passthrough")
            if options.get("window_size")
            else cls.defaults
        )

    def observe(self, column: Column) -> None:
        if self.predicted:
            self._observe_targets(column)
            return
        for row in np.flatnonzero(column.valid):
            values = column.values[row][: self.window_size or self.timeseries_length_limit]
            if self._moments is None:
                self._moments = Moments(values.shape[1])
            self._same(values.shape[1], len(self._moments.count))
            self._moments.add(values)
            self.length_ = max(self.length_, len(values))

    def _observe_targets(self, column: Column) -> None:
        rows = np.flatnonzero(self.usable(column))
        if not len(rows):
            return
        self.steps_ = self.steps_ or len(column.values[rows[0]])
        self._moments = self._moments or Moments()
        target, known = self._completed(column)
        self._moments.add(target[known].ravel())
        season = self.seasonality or 1
        for row in rows:
            cell = column.values[row][:, 0]
            first = len(cell) - self.steps_
            if first >= season:
                self._changes.add(np.abs(cell[first : first + 1] - cell[first - season]))

    def merge(self, other: Self) -> None:
        self.steps_ = self.steps_ or other.steps_
        self._changes.merge(other._changes)
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
                    f"no training row holds a series{self._lacking()}. Take the column out, or give it another type.",
                )
            )
        self.mean_, self.spread_ = self._moments.centre, self._moments.spread
        if not self.standardise:
            self.mean_, self.spread_ = np.zeros_like(self.mean_), np.ones_like(self.spread_)
        if self._changes.count[0]:
            self.change_ = float(self._changes.mean[0])
        self._moments, self._changes = None, Moments()

    def one_cell(self, value: Sequence[Any] | NDArray[Any]) -> float:
        """Of a window the numbers may be its own, or those of a long table that is cut into windows."""
        axes = len(nested(value))
        if axes == 1:
            return 0.25 if self.window_size or self.horizon else 1.0
        return float(axes == 2 and len(self.mean_) > 1)

    @property
    def wanted(self) -> str:
        channels = len(self.mean_)
        return "a series of numbers" if channels == 1 else f"a list of steps of {channels} numbers"

    def readable(self, column: Column) -> NDArray[np.bool_]:
        channels = len(self.mean_)
        fits = [each is not None and each.shape[1] == channels for each in column.values]
        return np.array(fits, np.bool_)

    def encode(self, column: Column) -> NDArray[np.float32]:
        length, channels = self.shape
        found = np.full((len(column), length, channels), np.nan, np.float32)
        for row in np.flatnonzero(column.valid):
            self._same(column.values[row].shape[1], channels)
            values = filled(column.values[row][:length], self.gaps)
            found[row, : len(values)] = (values - self.mean_) / self.spread_
        return found

    def state(self) -> tuple[State, Arrays]:
        change = None if math.isnan(self.change_) else self.change_
        fitted = {"length": self.length_, "steps": self.steps_, "change": change}
        return {"options": self.options(), **fitted}, {"mean": self.mean_, "spread": self.spread_}

    @classmethod
    def from_state(
        cls, name: str, state: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]
    ) -> Self:
        feature = cls(name, **state["options"])
        feature.length_, feature.steps_ = state["length"], state["steps"]
        feature.change_ = math.nan if state["change"] is None else state["change"]
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

    @property
    def size(self) -> int:
        return self.steps_

    @property
    def usual_change(self) -> float:
        return self.change_

    def goes_on_from(self, other: Feature) -> tuple[float, float] | None:
        if not isinstance(other, Timeseries) or not (self.relative and other.window_size):
            return None
        if other.column != self.column:
            return None
        spread = float(self.spread_[0])
        return float(other.spread_[0]) / spread, float(other.mean_[0] - self.mean_[0]) / spread

    def usable(self, column: Column) -> NDArray[np.bool_]:
        return self._completed(column)[1] if self.predicted else super().usable(column)

    def learnable(self, column: Column, known: NDArray[np.bool_]) -> NDArray[np.bool_]:
        return self._completed(column)[1]

    def encode_target(self, column: Column) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        _, known = self._targets(column)
        target, _ = self._completed(column)
        return ((target - self.mean_) / self.spread_).astype(np.float32), known

    def decode(
        self,
        raw: NDArray[np.float32],
        *,
        threshold: float | Sequence[float] = 0.5,
        tokens: Sequence[Sequence[str]] | None = None,
    ) -> dict[str, Any]:
        return {"prediction": raw.astype(np.float64) * self.spread_ + self.mean_}

    def _targets(self, column: Column) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """The last steps of each cell `[rows, steps]`, NaN where one is missing, and the rows that lack none."""
        rows = np.flatnonzero(column.valid)
        steps = self.steps_ or (len(column.values[rows[0]]) if len(rows) else 0)
        target = np.full((len(column), steps), np.nan)
        for row in rows:
            cell = column.values[row]
            if len(cell) >= steps:
                target[row] = cell[len(cell) - steps :, 0]
        return target, column.valid & ~np.isnan(target).any(axis=1)

    def _completed(self, column: Column) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """As `_targets`, with a line where up to half of a row's steps are missing, if its last one is there.

        Of a series with every tenth number missing, one window of twelve steps in four has all of them.
        """
        target, known = self._targets(column)
        some = column.valid & ~known
        if target.shape[1]:
            some &= ~np.isnan(target[:, -1]) & (np.isnan(target).mean(axis=1) <= LACKING)
        for row in np.flatnonzero(some):
            whole = filled(column.values[row][:, :1], "interpolate")[:, 0]
            target[row] = whole[len(whole) - target.shape[1] :]
        return target, column.valid & ~np.isnan(target).any(axis=1)

    def _lacking(self) -> str:
        if not self.predicted or not self.horizon:
            return ""
        return (
            f" with {self.horizon} numbers after it: give more rows, or a shorter window or horizon"
        )

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
