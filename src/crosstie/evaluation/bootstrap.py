"""How sure a metric is: 95 % intervals by resampling rows (Efron 1979).

A resample is a count for every row, so it goes in as row weights and nothing is copied. Large sets are
resampled at 5,000 rows and the spread is scaled to the real number (m out of n): what an interval of a
million rows costs is then no more than that of a few thousand.
"""

import math
from collections.abc import Callable, Sequence

import numpy as np

from crosstie.evaluation.metric import Array, Metric
from crosstie.evaluation.metrics.sequence import Counted
from crosstie.evaluation.score import chosen, score

ROWS = 5000
RESAMPLES = 200
COSTLY_CLASSES = 20  # a ranking metric sorts once for each class
RANKINGS = {"roc_auc", "average_precision"}


def intervals(
    output_type: str,
    target: Array,
    prediction: Array,
    *,
    weights: Array | None = None,
    threshold: float | Sequence[float] = 0.5,
    scale: float = math.nan,
    names: Sequence[str] | None = None,
    labels: Sequence[str] = (),
    resamples: int = RESAMPLES,
    level: float = 0.95,
    seed: int = 0,
) -> dict[str, list[float]]:
    """`[low, high]` of every metric that `score` gives.

    Args:
        output_type: `number`, `binary`, `category` or `set`.
        target: As `Metric` takes it.
        prediction: As `Metric` takes it.
        weights: `[rows]`, or None.
        threshold: Of a binary output, or one for each label of a set.
        scale: As for `score`.
        names: Which metrics; None for all but `max_error`, which resampling cannot bound, and but `chrf` and
            rankings of more than 20 classes, which would take long.
        labels: The tags of a sequence, in the order of their codes.
        resamples: How many.
        level: Share of resamples inside the interval.
        seed: The same seed gives the same intervals.
    """
    point = score(
        output_type,
        target,
        prediction,
        weights=weights,
        names=names,
        threshold=threshold,
        labels=labels,
        scale=scale,
    )
    if len(target) < 2:
        return {}
    if names is None:
        point.pop("max_error", None)
        point.pop("chrf", None)
        if prediction.ndim > 1 and prediction.shape[1] > COSTLY_CLASSES:
            point = {name: value for name, value in point.items() if name not in RANKINGS}
    rng = np.random.default_rng(seed)
    rows = len(target)
    if rows > ROWS:
        some = rng.choice(rows, ROWS, replace=False)
        target, prediction = target[some], prediction[some]
        weights = None if weights is None else weights[some]
    drawn = len(target)
    kinds = chosen(output_type, list(point), threshold, scale=scale, labels=labels)
    measures = {name: _measure(metric, target, prediction) for name, metric in kinds.items()}
    values = np.full((resamples, len(point)), np.nan)
    for i in range(resamples):
        counts = np.bincount(rng.integers(0, drawn, drawn), minlength=drawn)
        kept = np.flatnonzero(counts)
        w = counts[kept] if weights is None else counts[kept] * weights[kept]
        values[i] = [measure(kept, w) for measure in measures.values()]
    found = {}
    shares = [50 * (1 - level), 50, 50 * (1 + level)]
    for i, (name, value) in enumerate(point.items()):
        column = values[:, i]
        column = column[np.isfinite(column)]
        if not len(column):
            continue
        low, middle, high = np.percentile(column, shares)
        if rows > drawn:
            low, high = value + (np.array([low, high]) - middle) * np.sqrt(drawn / rows)
        found[name] = [float(low), float(high)]
    return found


def _measure(metric: Metric, target: Array, prediction: Array) -> Callable[[Array, Array], float]:
    """A metric of some rows by their weights; one that adds up rows looks at each of them once."""
    if isinstance(metric, Counted):
        counts = metric.counts(target, prediction)
        return lambda kept, weights: metric.weighed(counts[kept], weights)
    return lambda kept, weights: metric(target[kept], prediction[kept], weights)
