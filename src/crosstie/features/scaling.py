"""How a number is scaled, and how a prediction is scaled back: one fitted, invertible map per strategy."""

from collections.abc import Mapping
from statistics import NormalDist
from typing import Annotated, Any, Literal, Self

import numpy as np
from numpy.typing import NDArray

from crosstie.config.words import Elsewhere
from crosstie.features.moments import Moments
from crosstie.features.sample import Sample

Normalization = Annotated[
    Literal["zscore", "minmax", "robust", "iq", "quantile", "log1p"],
    Elsewhere(
        "scaling",
        "scaler",
        "normalize",
        "standardize",
        values={
            "standard": "zscore",
            "standardize": "zscore",
            "StandardScaler": "zscore",
            "MinMaxScaler": "minmax",
            "RobustScaler": "robust",
            "QuantileTransformer": "quantile",
            "log": "log1p",
        },
    ),
]
LARGEST = float(np.finfo(np.float32).max)
Floats = NDArray[np.float64]


class Scaling:
    """`(x - shift) / scale`, after a logarithm for `log1p`; knots to normal scores for `quantile`.

    The quantile map follows what TabM was published with (arXiv:2410.24210): one knot for 30 rows, 10 to 1000.
    Below the first and above the last knot it is flat, so a prediction stays in the training range.
    """

    def __init__(self, normalization: Normalization | None) -> None:
        self.normalization = normalization
        self.shift_, self.scale_ = 0.0, 1.0
        self.knots_ = self.scores_ = np.zeros(0)
        self._moments = Moments()
        self._sample = Sample()

    def observe(self, values: Floats) -> None:
        """Learn from `[rows]` numbers, none of them NaN."""
        if self.normalization in ("robust", "iq", "quantile"):
            self._sample.add(values)
        self._moments.add(_log(values) if self.normalization == "log1p" else values)

    def merge(self, other: Self) -> None:
        """Take over what `other` has observed."""
        self._moments.merge(other._moments)
        self._sample.merge(other._sample)

    def finish(self) -> None:
        """Settle on the map that the observed numbers ask for."""
        moments = self._moments
        if self.normalization in ("zscore", "log1p"):
            self.shift_, self.scale_ = float(moments.centre[0]), float(moments.spread[0])
        elif self.normalization == "minmax":
            self.shift_ = float(moments.least[0])
            self.scale_ = float(moments.most[0] - moments.least[0]) or 1.0
        elif self.normalization in ("robust", "iq"):
            low, middle, high = self._sample.quantiles(np.array([0.25, 0.5, 0.75]))
            half = (moments.most[0] - moments.least[0]) / 2  # where a quarter says nothing
            self.shift_, self.scale_ = float(middle), float(high - low) or float(half) or 1.0
        elif self.normalization == "quantile":
            self._finish_knots()
        self._moments, self._sample = Moments(), Sample()

    @property
    def linear(self) -> tuple[float, float] | None:
        """`(shift, scale)` where `apply` is no more than those; None where it is."""
        more = self.normalization in (None, "log1p", "quantile")
        return None if more else (self.shift_, self.scale_)

    def apply(self, values: Floats) -> NDArray[np.float32]:
        """Scaled numbers `[rows]`; NaN stays NaN."""
        if self.normalization is None:
            return np.clip(values, -LARGEST, LARGEST).astype(np.float32)
        if self.normalization == "quantile":
            return np.interp(values, self.knots_, self.scores_).astype(np.float32)
        if self.normalization == "log1p":
            values = _log(values)
        return ((values - self.shift_) / self.scale_).astype(np.float32)

    def undo(self, scaled: NDArray[np.float32]) -> Floats:
        """Numbers in the units of the table from scaled ones: `[rows]`."""
        values = scaled.astype(np.float64)
        if self.normalization == "quantile":
            return np.interp(values, self.scores_, self.knots_)
        values = values * self.scale_ + self.shift_
        if self.normalization == "log1p":
            with np.errstate(over="ignore"):
                return np.sign(values) * np.expm1(np.abs(values))
        return values

    def state(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        """What JSON holds, and arrays."""
        knots = {"knots": self.knots_, "scores": self.scores_} if len(self.knots_) else {}
        return {"shift": self.shift_, "scale": self.scale_}, knots

    @classmethod
    def from_state(
        cls,
        normalization: Normalization | None,
        state: Mapping[str, Any],
        arrays: Mapping[str, NDArray[Any]],
    ) -> Self:
        """The fitted map that `state` came from."""
        scaling = cls(normalization)
        scaling.shift_, scaling.scale_ = state["shift"], state["scale"]
        if "knots" in arrays:
            scaling.knots_, scaling.scores_ = arrays["knots"], arrays["scores"]
        return scaling

    def _finish_knots(self) -> None:
        rows = self._moments.count[0]
        shares = np.linspace(0, 1, int(max(min(rows / 30, 1000), 10)))
        values = self._sample.quantiles(shares)
        edge = min(0.5 / rows, shares[1] / 2)
        normal = NormalDist()
        scores = np.array([normal.inv_cdf(min(max(share, edge), 1 - edge)) for share in shares])
        self.knots_, places = np.unique(values, return_inverse=True)
        # Equal values share the mean of their scores, so that the map stays one to one.
        self.scores_ = np.bincount(places, scores) / np.bincount(places)
        if len(self.knots_) == 1:
            self.scores_ = np.zeros(1)


def _log(values: Floats) -> Floats:
    return np.sign(values) * np.log1p(np.abs(values))
