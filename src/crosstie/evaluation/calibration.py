"""Temperature scaling: one number that makes probabilities honest without moving their order (Guo et al. 2017).

Log-probabilities are divided by a temperature that is fitted on validation rows. The negative log-likelihood is
convex in 1 / temperature, so a few guarded Newton steps find the best one; it is never worse there than leaving
probabilities alone.

To sharpen takes more evidence: one row of the other outcome is imagined, spread over all rows (after Platt 1999).
A few rows that are all told rightly would else ask for probabilities of 0 and 1: of horse colic, 29 validation rows
gave a log-loss of 0.60 on the test rows at an area of 1.00 under the curve, where the baseline has 0.29.
"""

from functools import cache
from typing import Any

import numpy as np

from crosstie.evaluation.confusion import Floats
from crosstie.evaluation.metric import Array

SHARPEST, FLATTEST = 0.05, 20.0
STEPS = 50
CELLS = 1 << 22  # probabilities looked at: 34 MB, a few times over
SMALLEST = (
    1e-12  # keeps the order of what a graph says, and a probability of 0 from having no logarithm
)


def fit_temperature(
    probability: Array,
    target: Array,
    *,
    weights: Array | None = None,
    output_type: str | None = None,
) -> float:
    """The temperature with the least log-loss on these rows, between 0.05 and 20; 1.0 where it gains nothing.

    Below 1 it is the one with one imagined row more. Of very many rows some are drawn: one number needs no more.

    Args:
        probability: `[rows]` of a binary output, `[rows, classes]` of a category, `[rows, labels]` of a set.
        target: 0 and 1 of the shape of `probability`, or a category's codes `[rows]`.
        weights: `[rows]`, or None.
        output_type: `binary`, `category`, `set` or `sequence` (`[rows, length, tags]`; tokens are fitted on, each
            with the weight of its row); None tells it by the shapes.
    """
    output_type = output_type or _type_of(probability, target)
    if output_type == "sequence":
        known = target >= 0
        weights = (
            None if weights is None else np.broadcast_to(weights[:, None], target.shape)[known]
        )
        probability, target, output_type = probability[known], target[known], "category"
    if not len(target):
        return 1.0
    most = max(CELLS // (np.size(probability) // len(target)), 1)
    if len(target) > most:
        some = np.sort(np.random.default_rng(0).choice(len(target), most, replace=False))
        probability, target = probability[some], target[some]
        weights = None if weights is None else weights[some]
    w = np.ones(len(target)) if weights is None else np.asarray(weights, np.float64)
    slopes: _category_slopes | _binary_slopes
    if output_type == "category":
        slopes = _category_slopes(_logs(probability), np.asarray(target, np.int64), w)
    else:
        w = w if np.ndim(target) == 1 else np.broadcast_to(w[:, None], np.shape(target))
        slopes = _binary_slopes(_logit(probability), np.asarray(target, np.float64), w)
    sharpness = _root(slopes)
    if sharpness > 1:
        slopes.doubt = 1 / (len(target) + 2)
        sharpness = max(_root(slopes), 1.0)
    return float(1 / sharpness) if abs(sharpness - 1) > 1e-6 else 1.0


def _root(slopes: "_category_slopes | _binary_slopes") -> float:
    """The sharpness at which the log-loss is least."""
    low, high = 1 / FLATTEST, 1 / SHARPEST
    sharpness = 1.0
    for _ in range(STEPS):
        slope, curve = slopes(sharpness)
        low, high = (sharpness, high) if slope < 0 else (low, sharpness)
        step = sharpness - slope / curve if curve > 0 else np.inf
        following = step if low < step < high else (low + high) / 2
        if abs(following - sharpness) < 1e-9:
            break
        sharpness = following
    return sharpness


def apply_temperature(
    probability: Array, temperature: float, *, output_type: str | None = None
) -> Floats:
    """Probabilities at another temperature, in their shape.

    Args:
        probability: As `fit_temperature` takes it.
        temperature: Above 1 flattens, below 1 sharpens.
        output_type: `binary`, `category`, `set` or `sequence`; None takes two dimensions for a category.
    """
    if output_type == "set" or np.ndim(probability) == 1:
        return 1 / (1 + np.exp(-_logit(probability) / temperature))
    scaled = _logs(probability) / temperature
    powers = np.exp(scaled - scaled.max(-1, keepdims=True))
    return powers / powers.sum(-1, keepdims=True)  # type: ignore[no-any-return]


def _type_of(probability: Array, target: Array) -> str:
    if np.ndim(probability) == 1:
        return "binary"
    return "set" if np.ndim(target) == 2 else "category"


def _logs(probability: Array) -> Floats:
    return np.log(np.maximum(np.asarray(probability, np.float64), SMALLEST))


@cache  # asked for with each row that is served
def _most(dtype: np.dtype[Any]) -> float:
    """The largest probability below 1 that numbers of a type can tell from it."""
    step = float(np.finfo(dtype).eps) / 2 if dtype.kind == "f" else SMALLEST
    return 1 - max(step, SMALLEST)


def _logit(probability: Array) -> Floats:
    given = np.asarray(probability)
    most = _most(given.dtype)
    clipped: Floats = np.minimum(
        np.maximum(given.astype(np.float64), SMALLEST), most
    )  # clip: 5 us more
    found: Floats = np.log(clipped / (1 - clipped))
    return found


class _category_slopes:  # noqa: N801 - a function with memory
    """First and second derivative of the log-loss by sharpness, the inverse of the temperature."""

    def __init__(self, logs: Floats, target: Array, weights: Array) -> None:
        self.logs = logs
        self.weights = weights
        self.doubt = 0.0  # share of the other outcomes
        told = logs[np.arange(len(target)), target]
        self.true = weights @ told
        self.others = weights @ ((logs.sum(1) - told) / max(logs.shape[1] - 1, 1))

    def __call__(self, sharpness: float) -> tuple[float, float]:
        scaled = self.logs * sharpness
        powers = np.exp(scaled - scaled.max(1, keepdims=True))
        share = powers / powers.sum(1, keepdims=True)
        first = (share * self.logs).sum(1)
        second = (share * self.logs**2).sum(1) - first**2
        wanted = (1 - self.doubt) * self.true + self.doubt * self.others
        return float(self.weights @ first - wanted), float(self.weights @ second)


class _binary_slopes:  # noqa: N801 - a function with memory
    """The same for independent labels."""

    def __init__(self, logits: Floats, target: Array, weights: Array) -> None:
        self.logits, self.target, self.weights = logits, target, weights
        self.doubt = 0.0  # share of the other outcome

    def __call__(self, sharpness: float) -> tuple[float, float]:
        share = 1 / (1 + np.exp(-self.logits * sharpness))
        target = self.target + self.doubt * (1 - 2 * self.target)
        slope = (self.weights * (share - target) * self.logits).sum()
        return float(slope), float((self.weights * share * (1 - share) * self.logits**2).sum())
