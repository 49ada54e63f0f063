"""How sure a metric is: 95 % intervals by resampling rows (Efron 1979).

A resample is a count for every row, so it goes in as row weights and nothing is copied. Large sets are
resampled at 5,000 rows and the spread is scaled to the real number (m out of n): what an interval of a
million rows costs is then no more than that of a few thousand.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from crosstie.evaluation.group_thresholds import of_rows
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
        threshold: Of a binary output, or an array of one for each row; or one for each label of a set.
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
    some = _some(rows, rng)
    weights = None if weights is None else weights[some]
    limits = of_rows(threshold, some)
    kinds = chosen(output_type, list(point), limits, scale=scale, labels=labels)
    target, prediction = target[some], prediction[some]
    measures = [_measure(metric, target, prediction) for metric in kinds.values()]
    values = _resampled(measures, len(target), weights, resamples, rng)
    found = {}
    for i, (name, value) in enumerate(point.items()):
        ends = _ends(values[:, i], level)
        if ends is None:
            continue
        low, middle, high = ends
        if rows > len(target):
            low, high = value + (np.array([low, high]) - middle) * np.sqrt(len(target) / rows)
        found[name] = [float(low), float(high)]
    return found


@dataclass(frozen=True)
class Change:
    """A metric of one model and of another on the same rows.

    Attributes:
        before: Of the first.
        after: Of the second.
        low: Lower end of the interval of `after - before`.
        high: Its upper end.
    """

    before: float
    after: float
    low: float
    high: float


def changes(
    output_type: str,
    target: Array,
    before: Array,
    after: Array,
    *,
    thresholds: tuple[float | Sequence[float], float | Sequence[float]] = (0.5, 0.5),
    scale: float = math.nan,
    names: Sequence[str] | None = None,
    labels: Sequence[str] = (),
    resamples: int = RESAMPLES,
    level: float = 0.95,
    seed: int = 0,
) -> dict[str, Change]:
    """How metrics change from one model to another, by the paired bootstrap: each resample is of the same rows for both.

    What is easy and what is hard among the rows then cancels out, so that the interval is that of the change, which
    is far narrower than what the two intervals suggest. It is put around the change: resampled rows repeat, which
    makes metrics like `ece` larger than they are.

    Args:
        output_type: As for `score`.
        target: As `Metric` takes it.
        before: Predictions of the first model, as `Metric` takes them.
        after: Those of the second for the same rows.
        thresholds: As for `score`, of the first and of the second.
        scale: As for `score`.
        names: As for `intervals`.
        labels: As for `score`.
        resamples: How many.
        level: Share of resamples inside the interval.
        seed: The same seed gives the same intervals.

    Returns:
        By name, each metric that is defined for both; nothing of fewer than two rows.
    """
    if len(target) < 2:
        return {}
    kept = None if names is None else list(names)
    points = [
        score(
            output_type,
            target,
            prediction,
            names=kept,
            threshold=threshold,
            labels=labels,
            scale=scale,
        )
        for prediction, threshold in zip((before, after), thresholds, strict=True)
    ]
    wide = before.ndim > 1 and before.shape[1] > COSTLY_CLASSES
    both = [name for name in points[0] if name in points[1]]
    if names is None:
        left_out = {"max_error", "chrf", *(RANKINGS if wide else ())}
        both = [name for name in both if name not in left_out]
    rng = np.random.default_rng(seed)
    some = _some(len(target), rng)
    measures = []
    for name in both:
        pair = [
            _measure(
                chosen(output_type, [name], of_rows(threshold, some), scale=scale, labels=labels)[
                    name
                ],
                target[some],
                prediction[some],
            )
            for prediction, threshold in zip((before, after), thresholds, strict=True)
        ]
        measures.append(_difference(*pair))
    values = _resampled(measures, len(target[some]), None, resamples, rng)
    share = math.sqrt(len(target[some]) / len(target))
    found = {}
    for i, name in enumerate(both):
        change = points[1][name] - points[0][name]
        ends = _ends(values[:, i], level)
        if ends is not None:
            low, middle, high = ends
            low, high = change + (np.array([low, high]) - middle) * share
            found[name] = Change(points[0][name], points[1][name], float(low), float(high))
    return found


def _some(rows: int, rng: np.random.Generator) -> Any:
    """Which rows are resampled: all of them, or `ROWS` of a large set."""
    return rng.choice(rows, ROWS, replace=False) if rows > ROWS else slice(None)


def _resampled(
    measures: Sequence[Callable[[Array, Array], float]],
    rows: int,
    weights: Array | None,
    resamples: int,
    rng: np.random.Generator,
) -> Array:
    """Each measure of each resample, float64 `[resamples, measures]`."""
    values = np.full((resamples, len(measures)), np.nan)
    for i in range(resamples):
        counts = np.bincount(rng.integers(0, rows, rows), minlength=rows)
        kept = np.flatnonzero(counts)
        w = counts[kept] if weights is None else counts[kept] * weights[kept]
        values[i] = [measure(kept, w) for measure in measures]
    return values


def _ends(values: Array, level: float) -> Array | None:
    """(lower end, median, upper end) of what holds `level` of the resamples; None where none is defined."""
    values = values[np.isfinite(values)]
    if not len(values):
        return None
    return np.percentile(values, [50 * (1 - level), 50, 50 * (1 + level)])


def _difference(
    before: Callable[[Array, Array], float], after: Callable[[Array, Array], float]
) -> Callable[[Array, Array], float]:
    return lambda kept, weights: after(kept, weights) - before(kept, weights)


def _measure(metric: Metric, target: Array, prediction: Array) -> Callable[[Array, Array], float]:
    """A metric of some rows by their weights; one that adds up rows looks at each of them once."""
    if isinstance(metric, Counted):
        counts = metric.counts(target, prediction)
        return lambda kept, weights: metric.weighed(counts[kept], weights)
    limits = metric.threshold
    if prediction.ndim == 1 and np.ndim(limits) == 1:  # one for each row

        def measured(kept: Array, weights: Array) -> float:
            metric.threshold = of_rows(limits, kept)
            return metric(target[kept], prediction[kept], weights)

        return measured
    return lambda kept, weights: metric(target[kept], prediction[kept], weights)
