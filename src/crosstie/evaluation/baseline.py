"""The prediction of a model that never looks at its inputs: what every real model must beat."""

from collections import Counter
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from crosstie.evaluation.confusion import Floats
from crosstie.evaluation.metric import Array

Strategy = Literal["mean", "median"]


def constant(
    output_type: str,
    *,
    rows: int,
    prior: Sequence[float] = (),
    mean: Any = 0.0,
    length: int = 0,
) -> NDArray[np.float64]:
    """The same prediction for every row.

    Args:
        output_type: `number`, `binary`, `category`, `set`, `sequence` or `timeseries`.
        rows: How many.
        prior: Training share of every class or label; binary: (share of the positive,). Predicted as the
            probabilities, so that the most frequent class is the decision.
        mean: For a number, the training mean (or median) in the unit wanted; for a series one a step.
        length: For a sequence, the places in a row.

    Returns:
        `[rows]` for number and binary, `[rows, length, tags]` for a sequence, `[rows, classes]` for the others.

    Examples:
        >>> constant("category", rows=2, prior=(0.25, 0.75))
        array([[0.25, 0.75],
               [0.25, 0.75]])
    """
    if output_type == "timeseries":
        return np.tile(np.atleast_1d(np.asarray(mean, np.float64)), (rows, 1))
    if output_type == "number":
        return np.full(rows, mean, np.float64)
    if output_type == "binary":
        return np.full(rows, prior[0], np.float64)
    if output_type == "sequence":
        return np.tile(np.asarray(prior, np.float64), (rows, length, 1))
    return np.tile(np.asarray(prior, np.float64), (rows, 1))


def most_frequent(texts: Sequence[str], *, rows: int) -> NDArray[np.object_]:
    """The same text for every row: of the training texts the most frequent, the first of several.

    Examples:
        >>> most_frequent(["yes", "no", "no"], rows=2)
        array(['no', 'no'], dtype=object)
    """
    return np.array([Counter(texts).most_common(1)[0][0]] * rows, dtype=object)


def centre(target: Array, weights: Array | None = None, *, strategy: Strategy = "mean") -> float:
    """The constant with the least squared (`mean`) or absolute (`median`) error on a number's targets."""
    values: Floats = np.asarray(target, np.float64)
    w = np.ones(len(values)) if weights is None else np.asarray(weights, np.float64)
    if strategy == "mean":
        return float(np.average(values, weights=w))
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(w[order])
    return float(values[order][np.searchsorted(reached, reached[-1] / 2)])
