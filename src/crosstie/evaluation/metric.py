"""The contract of a metric, and the registry that knows all of them by output type and name.

A metric takes arrays and gives one number. Where a number would be made up (a ranking when only one class
is present) it gives NaN; `score` then leaves it out.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from crosstie.config.registry import Registry

Array = NDArray[Any]


class Metric(ABC):
    """One number that says how good predictions are.

    Class attributes:
        greater_is_better: False for errors and losses.
        perfect: The value of a perfect prediction.
        any_unit: False where it means something only in the target's own unit, with its own zero.
        threshold: From which probability on a binary output or a label counts as predicted; `score` sets it.
        labels: Of a sequence, its tags in the order of their codes; `score` sets it.
        scale: Of a series, its mean absolute change from season to season in training; `score` sets it.
    """

    greater_is_better: ClassVar[bool] = True
    perfect: ClassVar[float] = 1.0
    any_unit: ClassVar[bool] = True
    threshold: float | Array = 0.5
    labels: Sequence[str] = ()
    scale: float = float("nan")

    @abstractmethod
    def __call__(self, target: Array, prediction: Array, weights: Array | None = None) -> float:
        """Measure.

        Args:
            target: number: `[rows]` in any unit. binary: `[rows]` of 0 and 1. category: `[rows]` codes.
                set: `[rows, labels]` of 0 and 1. sequence: `[rows, length]` codes, -1 after a row's end, -2 for a tag
                that the model lacks. timeseries: `[rows, steps]`. text: `[rows]` of str.
            prediction: number: `[rows]` in the unit of the target. binary: `[rows]` probability of 1.
                category: `[rows, classes]`, set: `[rows, labels]`, sequence: `[rows, length, labels]` probabilities. text:
                `[rows]` of str.
            weights: `[rows]`, or None for all equal.

        Returns:
            The value; NaN where it is not defined for these rows.
        """


metrics: Registry[Metric] = Registry("metric", home=f"{__package__}.metrics")


def mean(values: Array, weights: Array | None) -> float:
    """The weighted mean over the first axis; NaN of no rows or no weight."""
    values = np.asarray(values, np.float64)
    if weights is None:
        return float(values.mean()) if len(values) else float("nan")
    return ratio(
        float(values @ np.asarray(weights, np.float64)), float(np.sum(weights, dtype=np.float64))
    )


def ratio(above: float, below: float, *, empty: float = float("nan")) -> float:
    """`above / below`, or `empty` where there is nothing to divide by."""
    return above / below if below else empty
