"""Negative log-likelihood by row, with probabilities kept off 0 and 1 by their own precision."""

import numpy as np

from crosstie.evaluation.confusion import Floats
from crosstie.evaluation.metric import Array


def clipped(probability: Array) -> Floats:
    """float64, at least the smallest step of the given precision away from 0 and 1 (as scikit-learn does).

    A float32 graph cannot say 1 - 1e-12: it says 1. Its log-loss is then bounded by 16, not by 36.
    """
    given = np.asarray(probability)
    step = (
        float(np.finfo(given.dtype).eps) if given.dtype.kind == "f" else float(np.finfo(float).eps)
    )
    return np.clip(given.astype(np.float64), step, 1 - step)


def binary_log_loss(target: Array, probability: Array) -> Floats:
    """In nats, the shape of `target`."""
    probability = clipped(probability)
    return -np.log(np.where(np.asarray(target) > 0.5, probability, 1 - probability))


def category_log_loss(target: Array, probability: Array) -> Floats:
    """In nats `[rows]`. Only the true class's probability counts."""
    chosen = np.asarray(probability)[np.arange(len(target)), np.asarray(target, np.int64)]
    return -np.log(clipped(chosen))
