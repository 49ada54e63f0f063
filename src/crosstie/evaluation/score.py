"""All metrics of an output at once, and the details behind them as JSON values."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from crosstie.evaluation.calibration_error import calibration_bins
from crosstie.evaluation.confusion import class_counts, confusion, divide, label_counts
from crosstie.evaluation.metric import Array, Metric, metrics
from crosstie.evaluation.ranking import average_precision, roc_auc
from crosstie.evaluation.spans import Spans, marks_spans

REPORTED = {
    "number": ("rmse mae r2 mse median_absolute_error mape wape explained_variance max_error"),
    "binary": (
        "roc_auc accuracy log_loss average_precision f1 precision recall specificity balanced_accuracy mcc "
        "brier ece"
    ),
    "category": (
        "accuracy log_loss balanced_accuracy f1 f1_weighted mcc roc_auc hits_at_k brier ece"
    ),
    "timeseries": ("mase smape rmse mae mse"),
    "set": (
        "f1_micro f1_macro f1_samples jaccard subset_accuracy hamming_loss roc_auc average_precision log_loss"
    ),
    "sequence": "span_f1 span_precision span_recall token_accuracy row_accuracy log_loss",
    "text": "bleu chrf rouge_l row_accuracy",
}  # what is measured unasked, the most telling first
LARGEST_MATRIX = (
    100  # classes; beyond it a matrix is no longer read, the most frequent confusions are
)
CONFUSIONS = 20
BINS = 10


def score(
    output_type: str,
    target: Array,
    prediction: Array,
    *,
    weights: Array | None = None,
    names: Sequence[str] | None = None,
    threshold: float | Sequence[float] = 0.5,
    labels: Sequence[str] = (),
    scale: float = math.nan,
) -> dict[str, float]:
    """Metrics by name. One that is not defined for these rows (a ranking of one class) is left out.

    Args:
        output_type: `number`, `binary`, `category`, `set`, `sequence` or `text`.
        target: As `Metric` takes it.
        prediction: As `Metric` takes it.
        weights: `[rows]`, or None.
        names: Which metrics; None for the usual ones and those that a project adds.
        threshold: Of a binary output, or an array of one for each row; or one for each label of a set.
        labels: The tags of a sequence, in the order of their codes.
        scale: Of a series, how much it changed from season to season in training.

    Raises:
        ConfigError: No such metric for this output type.

    Examples:
        >>> score("number", np.array([1.0, 3.0]), np.array([1.0, 1.0]), names=["mae", "rmse"])
        {'mae': 1.0, 'rmse': 1.4142135623730951}
    """
    if not len(target):
        return {}
    found = {}
    for name, metric in chosen(output_type, names, threshold, scale=scale, labels=labels).items():
        value = float(metric(target, prediction, weights))
        if math.isfinite(value):
            found[name] = value
    return found


def chosen(
    output_type: str,
    names: Sequence[str] | None,
    threshold: float | Sequence[float] = 0.5,
    *,
    labels: Sequence[str] = (),
    scale: float = math.nan,
) -> dict[str, Metric]:
    """The metrics that `score` computes, ready to call."""
    if names is None:
        names = REPORTED[output_type].split() + _added(output_type)
    found = {name: metrics.get(name, of=output_type)() for name in names}
    for metric in found.values():
        metric.threshold = threshold if isinstance(threshold, float) else np.asarray(threshold)
        metric.labels = labels
        metric.scale = scale
    return found


def _added(output_type: str) -> list[str]:
    """Metrics that did not come with Crosstie."""
    return [
        name
        for kind, name, cls in metrics.items()
        if kind == output_type and not cls.__module__.startswith(metrics.home)
    ]


def details(
    output_type: str,
    target: Array,
    prediction: Array,
    labels: Sequence[str] = (),
    *,
    weights: Array | None = None,
    threshold: float | Sequence[float] = 0.5,
) -> dict[str, Any]:
    """What lies behind the metrics, as JSON values.

    Args:
        output_type: `number`, `binary`, `category`, `set`, `sequence` or `text`.
        target: As `Metric` takes it.
        prediction: As `Metric` takes it.
        labels: Names of the classes or labels; binary: (negative, positive).
        weights: `[rows]`, or None.
        threshold: Of a binary output, or an array of one for each row; or one for each label of a set.

    Returns:
        number: `residuals` and `target`, quantiles; timeseries: `mae_by_step` too. binary and category: `confusion` (rows: true), `per_class`
        (precision, recall, f1, support), `calibration`; category: `confused`, the most frequent mistakes, and
        no `confusion` beyond 100 classes. set: `per_label`. sequence: as of a category, of its tokens, and where
        tags mark spans `per_span`, by type. text: `words` and `predicted_words`, quantiles of their numbers in a row.
    """
    if output_type == "number":
        return _number_details(target, prediction)
    if output_type == "timeseries":
        errors = np.abs(np.asarray(target, np.float64) - prediction)
        return {
            **_number_details(target.ravel(), np.asarray(prediction).ravel()),
            "mae_by_step": errors.mean(axis=0).tolist() if len(errors) else [],
        }
    if output_type == "text":
        return {
            "words": _quantiles(_words(target)),
            "predicted_words": _quantiles(_words(prediction)),
        }
    if output_type == "set":
        return _set_details(target, prediction, labels, weights, threshold)
    if output_type == "sequence":
        return _sequence_details(target, prediction, labels, weights)
    if output_type == "binary":
        predicted = (prediction >= np.asarray(threshold)).astype(np.int64)
        bins = calibration_bins(target, prediction, weights, bins=BINS)
    else:
        predicted = prediction.argmax(1)
        confidence = prediction.max(1) if len(target) else np.zeros(0)
        bins = calibration_bins(predicted == target, confidence, weights, bins=BINS)
    table = confusion(target, predicted, len(labels), weights)
    found: dict[str, Any] = {"per_class": _per_class(class_counts(table), labels)}
    if len(labels) <= LARGEST_MATRIX:
        found["confusion"] = {"labels": list(labels), "rows": table.tolist()}
    if output_type == "category":
        found["confused"] = _confused(table, labels)
    found["calibration"] = [
        {"rows": mass, "predicted": said, "observed": came}
        for mass, said, came in zip(*(each.tolist() for each in bins), strict=True)
        if mass
    ]
    return found


def _number_details(target: Array, prediction: Array) -> dict[str, Any]:
    target = np.asarray(target, np.float64)
    return {"residuals": _quantiles(prediction - target), "target": _quantiles(target)}


def _words(texts: Array) -> Array:
    return np.array([len(text.split()) for text in texts], np.float64)


def _quantiles(values: Array) -> dict[str, float]:
    shares = (0, 5, 25, 50, 75, 95, 100)
    if not len(values):
        return {}
    return {str(q): float(v) for q, v in zip(shares, np.percentile(values, shares), strict=True)}


def _set_details(
    target: Array,
    prediction: Array,
    labels: Sequence[str],
    weights: Array | None,
    threshold: float | Sequence[float],
) -> dict[str, Any]:
    rows = _per_class(label_counts(target, prediction, np.asarray(threshold), weights), labels)
    for i, row in enumerate(rows):
        for name, metric in (("roc_auc", roc_auc), ("average_precision", average_precision)):
            value = metric(target[:, i], prediction[:, i], weights)
            if math.isfinite(value):
                row[name] = value
    return {"per_label": rows}


def _sequence_details(
    target: Array, prediction: Array, labels: Sequence[str], weights: Array | None
) -> dict[str, Any]:
    known = target >= 0
    each = None if weights is None else np.broadcast_to(weights[:, None], target.shape)[known]
    found = details("category", target[known], prediction[known], labels, weights=each)
    if marks_spans(labels):
        spans = Spans(labels)
        w = np.ones(len(target)) if weights is None else np.asarray(weights, np.float64)
        right, said, true = np.tensordot(w, spans.counts(target, prediction.argmax(2)), 1)
        kinds = len(spans.types)
        found["per_span"] = _per_class((right[:kinds], said[:kinds], true[:kinds]), spans.types)
    return found


def _per_class(counts: tuple[Array, Array, Array], labels: Sequence[str]) -> list[dict[str, Any]]:
    hit, predicted, actual = counts
    columns = (
        divide(hit, predicted),
        divide(hit, actual),
        divide(2 * hit, predicted + actual),
        actual,
    )
    return [
        {"label": label, "precision": p, "recall": r, "f1": f, "support": s}
        for label, p, r, f, s in zip(labels, *(each.tolist() for each in columns), strict=True)
    ]


def _confused(table: Array, labels: Sequence[str]) -> list[dict[str, Any]]:
    wrong = table - np.diag(table.diagonal())
    order = np.argsort(-wrong, axis=None, kind="stable")[:CONFUSIONS]
    pairs = [(*divmod(int(cell), len(labels)), float(wrong.flat[cell])) for cell in order]
    return [
        {"true": labels[true], "predicted": labels[given], "rows": rows}
        for true, given, rows in pairs
        if rows
    ]
