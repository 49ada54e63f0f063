"""Metrics of a predicted series: errors over rows and their steps. Targets and predictions are `[rows, steps]`."""

import numpy as np

from crosstie.evaluation.metric import Array, Metric, mean, metrics


class _Error(Metric):
    greater_is_better = False
    perfect = 0.0


@metrics("rmse", of=("timeseries",))
@metrics("root_mean_squared_error", of=("timeseries",))
class RootMeanSquaredError(_Error):
    """The square root of the mean squared error."""

    def __call__(self, target: Array, prediction: Array, weights: Array | None = None) -> float:
        return float(np.sqrt(mean((_difference(target, prediction) ** 2).mean(axis=1), weights)))


@metrics("mse", of=("timeseries",))
@metrics("mean_squared_error", of=("timeseries",))
@metrics("loss", of=("timeseries",))
class MeanSquaredError(_Error):
    """The mean squared error."""

    def __call__(self, target: Array, prediction: Array, weights: Array | None = None) -> float:
        return mean((_difference(target, prediction) ** 2).mean(axis=1), weights)


@metrics("mae", of=("timeseries",))
@metrics("mean_absolute_error", of=("timeseries",))
class MeanAbsoluteError(_Error):
    """The mean absolute error."""

    def __call__(self, target: Array, prediction: Array, weights: Array | None = None) -> float:
        return mean(np.abs(_difference(target, prediction)).mean(axis=1), weights)


@metrics("mase", of=("timeseries",))
class MeanAbsoluteScaledError(_Error):
    """The mean absolute error in units of the mean change from season to season in training (Hyndman 2006).

    Below 1 it is less than what repeating the season before misses one step ahead. Not defined where windows do
    not reach back a season, or the training rows never change.
    """

    any_unit = False

    def __call__(self, target: Array, prediction: Array, weights: Array | None = None) -> float:
        error = mean(np.abs(_difference(target, prediction)).mean(axis=1), weights)
        return error / self.scale if self.scale > 0 else float("nan")


@metrics("smape", of=("timeseries",))
class SymmetricMeanAbsolutePercentageError(_Error):
    """The mean of 2 |error| / (|target| + |prediction|), a share from 0 to 2; 0 where both are 0 (M4, 2020)."""

    any_unit = False

    def __call__(self, target: Array, prediction: Array, weights: Array | None = None) -> float:
        size = np.abs(np.asarray(target, np.float64)) + np.abs(np.asarray(prediction, np.float64))
        error = 2 * np.abs(_difference(target, prediction))
        shares = np.divide(error, size, out=np.zeros_like(error), where=size > 0)
        return mean(shares.mean(axis=1), weights)


def _difference(target: Array, prediction: Array) -> Array:
    return np.asarray(target, np.float64) - np.asarray(prediction, np.float64)
