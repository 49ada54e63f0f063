"""Metrics of order: how well scores put the positive rows before the negative ones. Ties count half."""

import numpy as np

from crosstie.evaluation.confusion import Floats
from crosstie.evaluation.metric import Array


def cumulative(target: Array, score: Array, weights: Array | None = None) -> tuple[Floats, Floats]:
    """(true positives, false positives) as the threshold falls past each distinct score."""
    order = np.argsort(score, kind="stable")[::-1]
    ordered = score[order]
    last = np.append(np.flatnonzero(ordered[1:] != ordered[:-1]), len(ordered) - 1)
    positive = target[order] > 0.5
    if weights is None:
        true = np.cumsum(positive)[last].astype(np.float64)
        return true, last + 1.0 - true
    w = np.asarray(weights, np.float64)[order]
    return np.cumsum(w * positive)[last], np.cumsum(w * ~positive)[last]


def roc_auc(target: Array, score: Array, weights: Array | None = None) -> float:
    """The share of (positive, negative) pairs in the right order; NaN unless both are present."""
    if not len(target):
        return float("nan")
    true, false = cumulative(target, score, weights)
    if not true[-1] or not false[-1]:
        return float("nan")
    heights = true + np.concatenate([[0.0], true[:-1]])
    return float(heights @ np.diff(false, prepend=0.0) / (2 * true[-1] * false[-1]))


def average_precision(target: Array, score: Array, weights: Array | None = None) -> float:
    """Precision averaged over the steps of recall; NaN where nothing is positive."""
    if not len(target):
        return float("nan")
    true, false = cumulative(target, score, weights)
    if not true[-1]:
        return float("nan")
    covered = true + false
    precision = np.divide(true, covered, out=np.zeros_like(true), where=covered > 0)
    return float(np.diff(true, prepend=0.0) @ precision / true[-1])
