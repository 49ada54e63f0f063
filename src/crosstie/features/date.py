"""Dates and times: the moment itself and the parts of it that come round again."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, Literal, Self

import numpy as np
from numpy.typing import NDArray

from crosstie.data.column import Column
from crosstie.data.profile import ColumnProfile
from crosstie.errors import ConfigError, DataError, Problem
from crosstie.features.feature import Arrays, Defaults, Feature, State, feature_types
from crosstie.features.fills import FILLS
from crosstie.features.moments import Moments

# The encoded columns in order, with the period of those that come round again; 0 for those that do not.
PARTS: dict[str, int] = {
    "time": 0,  # standardised with the training rows' mean and spread
    "year": 0,  # likewise
    "month": 12,  # 0 to 11
    "day": 31,  # 0 to 30
    "weekday": 7,  # 0 to 6, Monday first
    "day_of_year": 366,  # 0 to 365
    "hour": 24,
    "minute": 60,
    "second": 60,
}
DAY = 86_400


@feature_types("date")
class Date(Feature):
    """A date or time: float32 `[rows, parts]` as `PARTS` names them, NaN where missing. Times are UTC.

    Args:
        name: What the file calls the feature.
        column: The column of the table; None for the one of the same name.
        missing_value_strategy: What stands in for a missing cell. `indicator` keeps it missing: learners use
            the mean and an extra input that says so.
        fill_value: The date for `fill_with_const`, as `2020-02-29` or `2020-02-29T12:30:00`.
    """

    type = "date"
    kind = "date"
    reads = "date"
    defaults = Defaults("wave")

    def __init__(
        self,
        name: str,
        *,
        column: str | None = None,
        missing_value_strategy: Annotated[
            Literal["indicator", "fill_with_const", "fill_with_mean", "drop_row"], FILLS
        ] = "indicator",
        fill_value: str = "1970-01-01",
    ) -> None:
        self.name = name
        self.column = column or name
        self.missing_value_strategy = missing_value_strategy
        self.fill_value = fill_value
        self._fill = _seconds(name, fill_value)
        self._moments = Moments(2)  # of the time and of the year
        self.mean_, self.spread_ = np.zeros(2), np.ones(2)

    @classmethod
    def affinity(cls, profile: ColumnProfile) -> float:
        return 0.92 if profile.dates > 0.95 else 0.0

    @classmethod
    def because(cls, profile: ColumnProfile) -> str:
        if profile.private:
            return "its cells are dates"
        since, until = (
            each.removesuffix(" 00:00:00") for each in (profile.earliest, profile.latest)
        )
        return f"its cells are dates, {since} to {until}"

    def observe(self, column: Column) -> None:
        seconds = np.asarray(column.values, np.float64)[column.valid]
        self._moments.add(np.stack([seconds, _years(seconds)], axis=1))

    def merge(self, other: Self) -> None:
        self._moments.merge(other._moments)

    def finish(self) -> None:
        if not self._moments.count[0]:
            raise DataError(
                Problem(
                    self.column,
                    "no training row holds a date. Take the column out, or give it another type.",
                )
            )
        self.mean_, self.spread_ = self._moments.centre, self._moments.spread
        self._moments = Moments(2)

    @property
    def wanted(self) -> str:
        return "a date, such as 2020-02-29"

    def encode(self, column: Column) -> NDArray[np.float32]:
        seconds = np.asarray(column.values, np.float64)
        valid = column.valid
        fill = {"fill_with_const": self._fill, "fill_with_mean": float(self.mean_[0])}
        if self.missing_value_strategy in fill:
            seconds = np.where(valid, seconds, fill[self.missing_value_strategy])
            valid = np.ones(len(valid), bool)
        whole = np.where(valid, np.floor(seconds), 0)
        time = whole.astype("datetime64[s]")
        day, month, year = (time.astype(f"datetime64[{unit}]") for unit in "DMY")
        days = np.floor_divide(whole, DAY)
        rest = whole - days * DAY
        parts = [
            (np.where(valid, seconds, 0) - self.mean_[0]) / self.spread_[0],
            (year.astype(np.float64) + 1970 - self.mean_[1]) / self.spread_[1],
            month.astype(np.int64) % 12,
            (day - month.astype("datetime64[D]")).astype(np.int64),
            (days + 3) % 7,  # 1970 began on a Thursday
            (day - year.astype("datetime64[D]")).astype(np.int64),
            rest // 3600,
            rest // 60 % 60,
            rest % 60,
        ]
        encoded = np.stack(parts, axis=1).astype(np.float32)
        encoded[~valid] = np.nan
        return encoded

    def state(self) -> tuple[State, Arrays]:
        return {"options": self.options()}, {"mean": self.mean_, "spread": self.spread_}

    @classmethod
    def from_state(
        cls, name: str, state: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]
    ) -> Self:
        feature = cls(name, **state["options"])
        feature.mean_, feature.spread_ = arrays["mean"], arrays["spread"]
        return feature

    def example(self, rng: np.random.Generator, n: int) -> list[Any]:
        seconds = self.mean_[0] + self.spread_[0] * rng.uniform(-1, 1, n)
        moments = seconds.astype(np.int64).astype("datetime64[s]")
        return [str(each) for each in moments]

    @property
    def width(self) -> int:
        return len(PARTS)


def _years(seconds: NDArray[np.float64]) -> NDArray[np.float64]:
    found = np.floor(seconds).astype("datetime64[s]").astype("datetime64[Y]")
    return found.astype(np.float64) + 1970


def _seconds(name: str, text: str) -> float:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        where = f"{name}.preprocessing.fill_value"
        raise ConfigError(
            Problem(where, f"not a date, got {text!r}. Write it as 2020-02-29.")
        ) from error
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
