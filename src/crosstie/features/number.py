"""Numbers: scaled with what the training rows show, and back again where a number is predicted.

A missing cell stays NaN in the encoded array: the learners add an indicator and a mean inside their graph,
which loses less than filling in here. Targets are standardised too: a network does not learn a price of
300,000 from weights near zero.
"""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal, Self

import numpy as np
from annotated_types import Gt
from numpy.typing import NDArray

from crosstie.data.column import Column
from crosstie.data.profile import ColumnProfile
from crosstie.errors import DataError, Problem
from crosstie.features.feature import Arrays, Defaults, State, feature_types
from crosstie.features.fills import FILLS
from crosstie.features.moments import Moments
from crosstie.features.output_feature import OutputFeature
from crosstie.features.scaling import Normalization, Scaling


@feature_types("number")
class Number(OutputFeature):
    """A number: float32, NaN where missing; predicted in the units of the table.

    Args:
        name: What the file calls the feature.
        column: The column of the table; None for the one of the same name.
        missing_value_strategy: What stands in for a missing cell. `indicator` keeps it missing: learners use
            the mean and an extra input that says so. A row without a target is left out unless it is filled.
        fill_value: The number for `fill_with_const`.
        normalization: `zscore` (mean 0, spread 1), `minmax` (0 to 1), `robust` (median 0, interquartile
            range 1; Ludwig's name is `iq`), `quantile` (ranks to a normal distribution), `log1p` (signed
            logarithm of 1 + |x|, then zscore), or null for the number as it is.
        outlier_strategy: What becomes of a number more than `outlier_threshold` spreads from the mean: `clip`
            to that bound, a fill as for missing ones, `drop_row`, or null to leave it. Targets are never touched.
        outlier_threshold: In standard deviations; None is 10 to clip and 3 for the others.
    """

    type = "number"
    kind = "number"
    amount = True
    reads = "number"
    defaults = Defaults("ple", "regressor", "mean_squared_error", "rmse")
    input_only = ("outlier_strategy", "outlier_threshold")

    def __init__(
        self,
        name: str,
        *,
        column: str | None = None,
        missing_value_strategy: Annotated[
            Literal["indicator", "fill_with_const", "fill_with_mean", "drop_row"], FILLS
        ] = "indicator",
        fill_value: float = 0.0,
        normalization: Normalization | None = "zscore",
        outlier_strategy: Literal["clip", "fill_with_const", "fill_with_mean", "drop_row"]
        | None = "clip",
        outlier_threshold: Annotated[float, Gt(0)] | None = None,
    ) -> None:
        self.name = name
        self.column = column or name
        self.missing_value_strategy = missing_value_strategy
        self.fill_value = fill_value
        self.normalization = normalization
        self.outlier_strategy = outlier_strategy
        self.outlier_threshold = outlier_threshold
        self._scaling = Scaling(normalization)
        self._moments = Moments()
        self.whole_ = True
        self.mean_ = self.spread_ = self.least_ = self.most_ = 0.0
        self.low_, self.high_ = -np.inf, np.inf

    @classmethod
    def affinity(cls, profile: ColumnProfile) -> float:
        return 0.9 * profile.numbers if profile.numbers >= 0.9 else 0.0

    @classmethod
    def because(cls, profile: ColumnProfile) -> str:
        share = "all" if profile.numbers == 1 else f"{profile.numbers:.1%} of its"
        return f"{share} cells are numbers"

    def observe(self, column: Column) -> None:
        values = _floats(column)
        values = values[column.valid]
        self._moments.add(values)
        self._scaling.observe(values)
        self.whole_ = self.whole_ and bool((values == np.floor(values)).all())

    def merge(self, other: Self) -> None:
        self._moments.merge(other._moments)
        self._scaling.merge(other._scaling)
        self.whole_ = self.whole_ and other.whole_

    def finish(self) -> None:
        if not self._moments.count[0]:
            raise DataError(
                Problem(
                    self.column,
                    "no training row holds a number. Take the column out, or give it another type.",
                )
            )
        if not np.isfinite(self._moments.centre[0] + self._moments.spread[0]):
            raise DataError(
                Problem(
                    self.column,
                    f"numbers from {self._moments.least[0]:g} to {self._moments.most[0]:g} are too large to "
                    "scale. Mend the column, or take it out.",
                )
            )
        self.mean_ = float(self._moments.centre[0])
        self.spread_ = float(self._moments.spread[0])
        self.least_, self.most_ = float(self._moments.least[0]), float(self._moments.most[0])
        if self.outlier_strategy is not None:
            spreads = self.outlier_threshold or (10.0 if self.outlier_strategy == "clip" else 3.0)
            reach = spreads * self.spread_
            self.low_, self.high_ = self.mean_ - reach, self.mean_ + reach
        self._scaling.finish()
        self._moments = Moments()

    @property
    def wanted(self) -> str:
        return "a number"

    @property
    def drops(self) -> bool:
        return super().drops or (self.outlier_strategy == "drop_row" and not self.predicted)

    def usable(self, column: Column) -> NDArray[np.bool_]:
        usable = np.ones(len(column), bool)
        if super().drops:
            usable &= column.valid
        if self.outlier_strategy == "drop_row":
            usable &= ~self._outliers(_floats(column))
        return usable

    def encode(self, column: Column) -> NDArray[np.float32]:
        values = self._filled(column)
        if self.steps is not None:
            return self.stepped(values, *self.steps)
        if self.outlier_strategy == "clip":
            values = np.minimum(np.maximum(values, self.low_), self.high_)
        elif self.outlier_strategy == "fill_with_mean":
            values = np.where(self._outliers(values), self.mean_, values)
        elif self.outlier_strategy == "fill_with_const":
            values = np.where(self._outliers(values), self.fill_value, values)
        return self._scaling.apply(values)

    @property
    def unit(self) -> tuple[float, float]:
        return self._scaling.linear or (0.0, 1.0)

    @property
    def steps(self) -> tuple[float, float, float, float] | None:
        """`(low, high, shift, scale)` where `stepped` is all that is done to a number; None where more is."""
        linear = self._scaling.linear
        if linear is None or self.outlier_strategy not in ("clip", None):
            return None
        return (self.low_, self.high_, *linear)

    @staticmethod
    def stepped(
        values: NDArray[np.float64], low: Any, high: Any, shift: Any, scale: Any
    ) -> NDArray[np.float32]:
        """Numbers within bounds and scaled, of one column or side by side of several: float32 in their shape."""
        found: NDArray[np.float32]
        found = ((np.minimum(np.maximum(values, low), high) - shift) / scale).astype(np.float32)
        return found

    def state(self) -> tuple[State, Arrays]:
        scaling, arrays = self._scaling.state()
        fitted = {
            "mean": self.mean_,
            "spread": self.spread_,
            "least": self.least_,
            "most": self.most_,
            "whole": self.whole_,
            "bounds": None if self.low_ == -np.inf else [self.low_, self.high_],
            "scaling": scaling,
        }
        return {"options": self.options(), "fitted": fitted}, arrays

    @classmethod
    def from_state(
        cls, name: str, state: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]
    ) -> Self:
        feature, fitted = cls(name, **state["options"]), state["fitted"]
        feature.mean_, feature.spread_ = fitted["mean"], fitted["spread"]
        feature.least_, feature.most_ = fitted["least"], fitted["most"]
        feature.whole_ = fitted["whole"]
        feature.low_, feature.high_ = fitted["bounds"] or (-np.inf, np.inf)
        feature._scaling = Scaling.from_state(feature.normalization, fitted["scaling"], arrays)
        return feature

    def example(self, rng: np.random.Generator, n: int) -> list[Any]:
        values = np.clip(rng.normal(self.mean_, self.spread_, n), self.least_, self.most_)
        if self.whole_:
            return [int(each) for each in np.rint(values)]
        return [float(f"{each:.4g}") for each in values]

    @property
    def size(self) -> int:
        return 1

    def encode_target(self, column: Column) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        values = self._filled(column)
        return self._scaling.apply(values), ~np.isnan(values)

    def decode(
        self,
        raw: NDArray[np.float32],
        *,
        threshold: float | Sequence[float] = 0.5,
        tokens: Sequence[Sequence[str]] | None = None,
    ) -> dict[str, Any]:
        return {"prediction": self._scaling.undo(raw)}

    def _filled(self, column: Column) -> NDArray[np.float64]:
        values = _floats(column)
        if self.missing_value_strategy == "fill_with_mean":
            return np.where(column.valid, values, self.mean_)
        if self.missing_value_strategy == "fill_with_const":
            return np.where(column.valid, values, self.fill_value)
        return values

    def _outliers(self, values: NDArray[np.float64]) -> NDArray[np.bool_]:
        with np.errstate(invalid="ignore"):
            return (values < self.low_) | (values > self.high_)


def _floats(column: Column) -> NDArray[np.float64]:
    assert isinstance(column.values, np.ndarray)
    return column.values.astype(np.float64, copy=False)
