"""Metrics of a set of labels: true `[rows, labels]` of 0 and 1 against a probability for every label."""

import numpy as np

from crosstie.evaluation.confusion import divide, label_counts
from crosstie.evaluation.log_likelihood import binary_log_loss
from crosstie.evaluation.metric import Array, Metric, mean, metrics, ratio
from crosstie.evaluation.ranking import average_precision, roc_auc

OF = ("set",)


@metrics("f1_micro", of=OF)
class F1Micro(Metric):
    """F1 of all labels of all rows together."""

    def __call__(self, target: Array, prediction: Array, weights: Array | None = None) -> float:
        hit, predicted, actual = label_counts(target, prediction, self.threshold, weights)
        return ratio(float(2 * hit.sum()), float(predicted.sum() + actual.sum()), empty=0.0)


@metrics("f1_macro", of=OF)
@metrics("f1", of=OF)
class F1Macro(Metric):
    """The plain mean of the labels' F1; a label that nobody has or gets counts 0, as in scikit-learn."""

    def __call__(self, target: Array, prediction: Array, weights: Array | None = None) -> float:
        hit, predicted, actual = label_counts(target, prediction, self.threshold, weights)
        return float(divide(2 * hit, predicted + actual).mean())


@metrics("f1_samples", of=OF)
class F1Samples(Metric):
    """The mean of the rows' F1; a row that rightly gets no label counts 1."""

    def __call__(self, target: Array, prediction: Array, weights: Array | None = None) -> float:
        hit, predicted, actual = _row_counts(target, prediction, self.threshold)
        return mean(divide(2 * hit, predicted + actual, empty=1.0), weights)


@metrics("jaccard", of=OF)
class Jaccard(Metric):
    """The mean over rows of labels shared / labels in either; a row that rightly gets none counts 1."""

    def __call__(self, target: Array, prediction: Array, weights: Array | None = None) -> float:
        hit, predicted, actual = _row_counts(target, prediction, self.threshold)
        return mean(divide(hit, predicted + actual - hit, empty=1.0), weights)


@metrics("subset_accuracy", of=OF)
@metrics("accuracy", of=OF)
class SubsetAccuracy(Metric):
    """The share of rows with every label right."""

    def __call__(self, target: Array, prediction: Array, weights: Array | None = None) -> float:
        return mean(((prediction >= self.threshold) == (target > 0.5)).all(1), weights)


@metrics("hamming_loss", of=OF)
class HammingLoss(Metric):
    """The share of (row, label) pairs that are wrong."""

    greater_is_better = False
    perfect = 0.0

    def __call__(self, target: Array, prediction: Array, weights: Array | None = None) -> float:
        return mean(((prediction >= self.threshold) != (target > 0.5)).mean(1), weights)


@metrics("roc_auc", of=OF)
class RocAuc(Metric):
    """The plain mean of the labels' ROC AUC; labels that all rows or none have are left out."""

    def __call__(self, target: Array, prediction: Array, weights: Array | None = None) -> float:
        return _over_labels(
            [roc_auc(t, p, weights) for t, p in zip(target.T, prediction.T, strict=True)]
        )


@metrics("average_precision", of=OF)
class AveragePrecision(Metric):
    """The plain mean of the labels' average precision; labels that no row has are left out."""

    def __call__(self, target: Array, prediction: Array, weights: Array | None = None) -> float:
        return _over_labels(
            [average_precision(t, p, weights) for t, p in zip(target.T, prediction.T, strict=True)]
        )


@metrics("log_loss", of=OF)
@metrics("sigmoid_cross_entropy", of=OF)
@metrics("loss", of=OF)
class LogLoss(Metric):
    """The mean negative log-likelihood of a label, in nats."""

    greater_is_better = False
    perfect = 0.0

    def __call__(self, target: Array, prediction: Array, weights: Array | None = None) -> float:
        return mean(binary_log_loss(target, prediction).mean(1), weights)


def _row_counts(
    target: Array, probability: Array, threshold: float | Array
) -> tuple[Array, Array, Array]:
    true, predicted = target > 0.5, probability >= threshold
    return (true & predicted).sum(1), predicted.sum(1), true.sum(1)


def _over_labels(values: list[float]) -> float:
    defined = [value for value in values if not np.isnan(value)]
    return float(np.mean(defined)) if defined else float("nan")
