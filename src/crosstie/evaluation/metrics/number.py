"""Metrics of a number. Targets and predictions may come in any one unit, errors come back in it."""

import numpy as np

from crosstie.evaluation.metric import Array, Metric, mean, metrics, ratio

SMALLEST = float(np.finfo(np.float64).eps)  # what scikit-learn divides by in place of a target of 0


class _Error(Metric):
    greater_is_better = False
    perfect = 0.0


@metrics("rmse", of=("number",))
@metrics("root_mean_squared_error", of=("number",))
class RootMeanSquaredError(_Error):
    """The square root of the mean squared error."""

    def __call__(self, target: Array, prediction: Array, weights: Array | None = None) -> float:
        return float(np.sqrt(mean(_difference(target, prediction) ** 2, weights)))


@metrics("mse", of=("number",))
@metrics("mean_squared_error", of=("number",))
@metrics("loss", of=("number",))
class MeanSquaredError(_Error):
    """The mean squared error."""

    def __call__(self, target: Array, prediction: Array, weights: Array | None = None) -> float:
        return mean(_difference(target, prediction) ** 2, weights)


@metrics("mae", of=("number",))
@metrics("mean_absolute_error", of=("number",))
class MeanAbsoluteError(_Error):
    """The mean absolute error."""

    def __call__(self, target: Array, prediction: Array, weights: Array | None = None) -> float:
        return mean(np.abs(_difference(target, prediction)), weights)


@metrics("r2", of=("number",))
class R2(Metric):
    """The share of the target's variance that is explained; 0 or 1 where the target does not vary."""

    def __call__(self, target: Array, prediction: Array, weights: Array | None = None) -> float:
        if len(target) < 2:
            return float("nan")
        target = np.asarray(target, np.float64)
        return _explained(_difference(target, prediction), target - mean(target, weights), weights)


@metrics("explained_variance", of=("number",))
class ExplainedVariance(Metric):
    """As `r2`, but a constant error is forgiven."""

    def __call__(self, target: Array, prediction: Array, weights: Array | None = None) -> float:
        if not len(target):
            return float("nan")
        target = np.asarray(target, np.float64)
        error = _difference(target, prediction)
        return _explained(error - mean(error, weights), target - mean(target, weights), weights)


@metrics("median_absolute_error", of=("number",))
class MedianAbsoluteError(_Error):
    """The error that half of the weight stays below."""

    def __call__(self, target: Array, prediction: Array, weights: Array | None = None) -> float:
        error = np.abs(_difference(target, prediction))
        if not len(error):
            return float("nan")
        return float(np.median(error)) if weights is None else _weighted_median(error, weights)


@metrics("mape", of=("number",))
@metrics("mean_absolute_percentage_error", of=("number",))
class MeanAbsolutePercentageError(_Error):
    """The mean of |error| / |target|, as a share (0.1 is 10 %). Huge where a target is 0."""

    any_unit = False

    def __call__(self, target: Array, prediction: Array, weights: Array | None = None) -> float:
        size = np.maximum(np.abs(np.asarray(target, np.float64)), SMALLEST)
        return mean(np.abs(_difference(target, prediction)) / size, weights)


@metrics("wape", of=("number",))
class WeightedAbsolutePercentageError(_Error):
    """The sum of |error| over the sum of |target|: `mape` for targets that may be 0."""

    any_unit = False

    def __call__(self, target: Array, prediction: Array, weights: Array | None = None) -> float:
        size = mean(np.abs(np.asarray(target, np.float64)), weights)
        return ratio(mean(np.abs(_difference(target, prediction)), weights), size)


@metrics("max_error", of=("number",))
class MaxError(_Error):
    """The largest error of a row that has weight."""

    def __call__(self, target: Array, prediction: Array, weights: Array | None = None) -> float:
        error = np.abs(_difference(target, prediction))
        if weights is not None:
            error = error[np.asarray(weights) > 0]
        return float(error.max()) if len(error) else float("nan")


def _difference(target: Array, prediction: Array) -> Array:
    return np.asarray(target, np.float64) - np.asarray(prediction, np.float64)


def _explained(error: Array, spread: Array, weights: Array | None) -> float:
    unexplained, variance = mean(error**2, weights), mean(spread**2, weights)
    return 1 - unexplained / variance if variance else float(unexplained == 0)


def _weighted_median(values: Array, weights: Array) -> float:
    """The mean of the lower and the upper weighted median, which is the usual one for equal weights."""
    order = np.argsort(values)
    order = order[np.asarray(weights)[order] > 0]
    if not len(order):
        return float("nan")
    ordered = np.cumsum(np.asarray(weights, np.float64)[order])
    half = ordered[-1] / 2
    low = int(np.searchsorted(ordered, half * (1 - 1e-12)))
    high = int(np.searchsorted(ordered, half * (1 + 1e-12), side="right"))
    return float(values[order[low]] + values[order[min(high, len(order) - 1)]]) / 2
