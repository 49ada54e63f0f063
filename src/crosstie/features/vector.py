"""Vectors: a fixed number of numbers in one cell, such as an embedding."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal, Self

import numpy as np
from annotated_types import Ge
from numpy.typing import NDArray

from crosstie.data.column import Column
from crosstie.data.profile import ColumnProfile
from crosstie.errors import DataError, Problem
from crosstie.features.feature import Arrays, Defaults, Feature, State, feature_types
from crosstie.features.fills import FILLS
from crosstie.features.moments import Moments
from crosstie.features.nested import nested


@feature_types("vector")
class Vector(Feature):
    """A row of numbers: float32 `[rows, width]`, NaN where missing.

    Args:
        name: What the file calls the feature.
        column: The column of the table; None for the one of the same name.
        missing_value_strategy: What stands in for a missing cell. `indicator` keeps it missing: learners use
            the mean and an extra input that says so.
        fill_value: The number in all places for `fill_with_const`.
        vector_size: How many numbers; None takes the training rows' width.
        standardise: Whether every place is brought to mean 0 and spread 1.
    """

    type = "vector"
    kind = "vector"
    reads = "vector"
    defaults = Defaults("dense")

    def __init__(
        self,
        name: str,
        *,
        column: str | None = None,
        missing_value_strategy: Annotated[
            Literal["indicator", "fill_with_const", "fill_with_mean", "drop_row"], FILLS
        ] = "indicator",
        fill_value: float = 0.0,
        vector_size: Annotated[int, Ge(1)] | None = None,
        standardise: bool = True,
    ) -> None:
        self.name = name
        self.column = column or name
        self.missing_value_strategy = missing_value_strategy
        self.fill_value = fill_value
        self.vector_size = vector_size
        self.standardise = standardise
        self._moments: Moments | None = None
        self._unparsed = 0
        self._examples: tuple[str, ...] = ()
        self.mean_ = np.zeros(vector_size or 0)
        self.spread_ = np.ones(vector_size or 0)

    @classmethod
    def affinity(cls, profile: ColumnProfile) -> float:
        amounts = profile.numbers >= 0.9  # 1.234,56 reads as two numbers too
        return 0.9 if profile.vectors > 0.95 and profile.width > 1 and not amounts else 0.0

    @classmethod
    def because(cls, profile: ColumnProfile) -> str:
        share = (
            "every cell holds"
            if profile.vectors == 1
            else f"{profile.vectors:.1%} of its cells hold"
        )
        return f"{share} {profile.width} numbers"

    def observe(self, column: Column) -> None:
        self._unparsed += column.unparsed
        self._examples = (self._examples + column.unparsed_examples)[:3]
        values = self._checked(column, width=self._seen_width())
        if self._moments is None and column.valid.any():
            self._moments = Moments(values.shape[1])
        if self._moments is not None:
            self._moments.add(values[column.valid])

    def merge(self, other: Self) -> None:
        self._unparsed += other._unparsed
        self._examples = (self._examples + other._examples)[:3]
        if other._moments is None:
            return
        if self._moments is None:
            self._moments = other._moments
            return
        mine, its = len(self._moments.count), len(other._moments.count)
        if mine != its:
            raise DataError(
                Problem(
                    self.column,
                    f"some training rows hold vectors of {mine} numbers, others of {its}. "
                    "Give vectors of one width.",
                )
            )
        self._moments.merge(other._moments)

    def finish(self) -> None:
        if self._moments is None:
            raise DataError(
                Problem(
                    self.column,
                    "no training row holds a vector. Take the column out, or give it another type.",
                )
            )
        self.mean_, self.spread_ = self._moments.centre, self._moments.spread
        self._moments = None
        if self._unparsed:
            shown = ", ".join(map(repr, self._examples))
            raise DataError(
                Problem(
                    self.column,
                    f"{self._unparsed} training rows hold no vector of {self.width} numbers, for example "
                    f"{shown}. Give every row one width, or leave the cell empty.",
                )
            )

    def one_cell(self, value: Sequence[Any] | NDArray[Any]) -> float:
        return float(len(nested(value)) == 1)

    @property
    def wanted(self) -> str:
        return f"{self.width} numbers"

    def readable(self, column: Column) -> NDArray[np.bool_]:
        fits = np.shape(column.values)[1] == self.width
        return column.valid if fits else np.zeros(len(column), bool)

    def encode(self, column: Column) -> NDArray[np.float32]:
        values = self._checked(column, width=self.width)
        if self.missing_value_strategy == "fill_with_const":
            values = np.where(column.valid[:, None], values, self.fill_value)
        elif self.missing_value_strategy == "fill_with_mean":
            values = np.where(column.valid[:, None], values, self.mean_)
        return ((values - self.mean_) / self.spread_ if self.standardise else values).astype(
            np.float32
        )

    def state(self) -> tuple[State, Arrays]:
        return {"options": self.options()}, {"mean": self.mean_, "spread": self.spread_}

    @classmethod
    def from_state(
        cls, name: str, state: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]
    ) -> Self:
        feature = cls(name, **state["options"])
        feature.mean_, feature.spread_ = arrays["mean"], arrays["spread"]
        return feature

    def continued(self, earlier: Self) -> Self | None:
        return super().continued(earlier) if self.width == earlier.width else None

    def example(self, rng: np.random.Generator, n: int) -> list[Any]:
        rows = rng.normal(self.mean_, self.spread_, (n, self.width))
        return [[float(f"{each:.4g}") for each in row] for row in rows]

    @property
    def width(self) -> int:
        return len(self.mean_)

    def _seen_width(self) -> int | None:
        return self.vector_size or (None if self._moments is None else len(self._moments.count))

    def _checked(self, column: Column, *, width: int | None) -> NDArray[np.float64]:
        """The values, `[rows, width]`; all missing where no row holds anything."""
        values = np.asarray(column.values, np.float64)
        if not column.valid.any():
            return np.full((len(column), width or 0), np.nan)
        if width is not None and values.shape[1] != width:
            raise DataError(
                Problem(
                    self.column,
                    f"{int(column.valid.sum())} rows hold vectors of {values.shape[1]} numbers, expected "
                    f"{width}. Give vectors of one width.",
                )
            )
        return values
