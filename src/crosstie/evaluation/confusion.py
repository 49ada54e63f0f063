"""Counts of what was predicted as what: the base of every metric that looks at hard predictions."""

import numpy as np
from numpy.typing import NDArray

from crosstie.evaluation.metric import Array

Floats = NDArray[np.float64]


def confusion(
    target: Array, predicted: Array, classes: int, weights: Array | None = None
) -> Floats:
    """`[classes, classes]` summed weight of rows by (true class, predicted class)."""
    cells = target.astype(np.int64) * classes + predicted.astype(np.int64)
    return (
        np.bincount(cells, weights, classes * classes).astype(np.float64).reshape(classes, classes)
    )


def binary_confusion(
    target: Array, probability: Array, threshold: float | Array, weights: Array | None = None
) -> Floats:
    """`[[true negatives, false positives], [false negatives, true positives]]`."""
    return confusion(target, probability >= threshold, 2, weights)


def class_counts(table: Floats) -> tuple[Floats, Floats, Floats]:
    """(true positives, predicted, actual) of every class `[classes]`."""
    return table.diagonal(), table.sum(0), table.sum(1)


def label_counts(
    target: Array, probability: Array, threshold: float | Array, weights: Array | None = None
) -> tuple[Floats, Floats, Floats]:
    """(true positives, predicted, actual) of every label of a set `[labels]`."""
    true = target > 0.5
    predicted = probability >= threshold
    w = np.ones(len(target)) if weights is None else np.asarray(weights, np.float64)
    return w @ (true & predicted), w @ predicted, w @ true


def divide(above: Array, below: Array, *, empty: float = 0.0) -> Floats:
    """`above / below` by element, `empty` where there is nothing to divide by (scikit-learn's `zero_division`)."""
    result = np.full(np.broadcast(above, below).shape, empty, np.float64)
    np.divide(above, below, out=result, where=np.asarray(below) > 0)
    return result


def matthews(table: Floats) -> float:
    """The correlation of true and predicted class (Gorodkin 2004, R_K); 0 where either never varies."""
    hit, predicted, actual = class_counts(table)
    total = table.sum()
    covariance = hit.sum() * total - predicted @ actual
    spread = (total**2 - predicted @ predicted) * (total**2 - actual @ actual)
    return float(covariance / np.sqrt(spread)) if spread > 0 else 0.0
