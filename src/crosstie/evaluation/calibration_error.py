"""Are probabilities frequencies? Rows in equal bins of confidence, said against happened."""

import numpy as np

from crosstie.evaluation.confusion import Floats, divide
from crosstie.evaluation.metric import Array

BINS = 15  # Guo et al. 2017


def calibration_bins(
    happened: Array, confidence: Array, weights: Array | None = None, *, bins: int = BINS
) -> tuple[Floats, Floats, Floats]:
    """(weight, mean confidence, frequency) of each bin `[bins]`; the means of empty bins are NaN."""
    which = np.clip((np.asarray(confidence, np.float64) * bins).astype(np.int64), 0, bins - 1)
    w = np.ones(len(which)) if weights is None else np.asarray(weights, np.float64)
    mass = np.bincount(which, w, bins).astype(np.float64)
    said = np.bincount(which, w * confidence, bins)
    came = np.bincount(which, w * happened, bins)
    return mass, divide(said, mass, empty=np.nan), divide(came, mass, empty=np.nan)


def calibration_error(happened: Array, confidence: Array, weights: Array | None = None) -> float:
    """The mean distance of confidence and frequency, by weight of the bins; NaN of no rows."""
    mass, said, came = calibration_bins(happened, confidence, weights)
    if not mass.sum():
        return float("nan")
    return float(np.nansum(mass * np.abs(said - came)) / mass.sum())
