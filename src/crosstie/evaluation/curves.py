"""What a page draws of predictions beside their metrics: few enough points to draw, of however many rows."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from crosstie.evaluation.metric import Array
from crosstie.evaluation.ranking import cumulative

POINTS = 120  # of a curve: more is not seen
DOTS = 500  # rows of a scatter
BINS = 25  # of a histogram
CLASSES = 8  # whose curves are drawn each


def curves(
    output_type: str,
    target: Array,
    prediction: Array,
    labels: Sequence[str] = (),
    *,
    weights: Array | None = None,
    seed: int = 0,
) -> dict[str, Any]:
    """Points as JSON values; nothing for output types that have no such picture.

    Args:
        output_type: `number`, `timeseries`, `binary`, `category`; others have none.
        target: As metrics take it.
        prediction: As metrics take it.
        labels: Names of the classes; binary: (negative, positive).
        weights: `[rows]`, or None.
        seed: Draws the rows of a scatter.

    Returns:
        binary and category of at most 8 classes: `roc` ([share of the others, share of the class] by class) and
        `precision_recall` ([recall, precision] by class). Amounts: `dots`, [true, predicted] of at most 500 rows;
        `errors`, a histogram of predicted minus true: `edges` and `rows`, the outermost percent in its end bins.
    """
    if not len(target):
        return {}
    if output_type in {"number", "timeseries"}:
        return _amounts(np.asarray(target, np.float64), np.asarray(prediction, np.float64), seed)
    if output_type == "binary":
        return _rankings({labels[1]: (np.asarray(target), np.asarray(prediction))}, weights)
    if output_type == "category" and len(labels) <= CLASSES:
        each = {
            label: (np.asarray(target) == code, np.asarray(prediction)[:, code])
            for code, label in enumerate(labels)
        }
        return _rankings(each, weights)
    return {}


def _rankings(each: dict[str, tuple[Array, Array]], weights: Array | None) -> dict[str, Any]:
    found: dict[str, Any] = {"roc": {}, "precision_recall": {}}
    for label, (target, score) in each.items():
        true, false = cumulative(target, score, weights)
        if not true[-1] or not false[-1]:
            continue  # a class that is absent, or alone, has no curve
        hit, alarm = true / true[-1], false / false[-1]
        some = np.unique(np.linspace(0, len(hit) - 1, min(POINTS, len(hit))).astype(np.int64))
        found["roc"][label] = [[0.0, 0.0], *_pairs(alarm[some], hit[some])]
        found["precision_recall"][label] = _pairs(hit[some], (true / (true + false))[some])
    return {name: lines for name, lines in found.items() if lines}


def _amounts(target: Array, prediction: Array, seed: int) -> dict[str, Any]:
    target, prediction = target.ravel(), prediction.ravel()
    finite = np.isfinite(target) & np.isfinite(prediction)
    target, prediction = target[finite], prediction[finite]
    if not len(target):
        return {}
    errors = prediction - target
    low, high = np.percentile(errors, (1, 99))
    size = max(abs(low), abs(high))
    if high - low <= 1e-6 * size or not size:  # all alike but for the last bits
        low, high = low - (size or 1.0) / 2, high + (size or 1.0) / 2
    rows, edges = np.histogram(np.clip(errors, low, high), BINS, (low, high))
    some = np.sort(
        np.random.default_rng(seed).permutation(len(target))[:DOTS]
    )  # in the order of rows
    return {
        "dots": _pairs(target[some], prediction[some]),
        "errors": {"edges": [float(f"{each:.6g}") for each in edges], "rows": rows.tolist()},
    }


def _pairs(across: Array, up: Array) -> list[list[float]]:
    return [
        [float(f"{x:.5g}"), float(f"{y:.5g}")]
        for x, y in zip(across.tolist(), up.tolist(), strict=True)
    ]
