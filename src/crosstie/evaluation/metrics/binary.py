"""Metrics of a binary output: true 0 or 1 against the probability of 1."""

import numpy as np

from crosstie.evaluation.calibration_error import calibration_error
from crosstie.evaluation.confusion import Floats, binary_confusion, divide, matthews
from crosstie.evaluation.log_likelihood import binary_log_loss
from crosstie.evaluation.metric import Array, Metric, mean, metrics, ratio
from crosstie.evaluation.ranking import average_precision, roc_auc

OF = ("binary",)


class Decided(Metric):
    """Looks at which rows are predicted positive, not at how sure."""

    def __call__(self, target: Array, prediction: Array, weights: Array | None = None) -> float:
        if not len(target):
            return float("nan")
        return self.of(binary_confusion(target, prediction, self.threshold, weights))

    def of(self, table: Floats) -> float:
        """The value for `[[tn, fp], [fn, tp]]`."""
        raise NotImplementedError


@metrics("accuracy", of=OF)
class Accuracy(Decided):
    """The share of rows predicted right."""

    def of(self, table: Floats) -> float:
        return ratio(float(np.trace(table)), float(table.sum()))


@metrics("balanced_accuracy", of=OF)
class BalancedAccuracy(Decided):
    """The mean of recall and specificity; of the one that is defined where a class is absent."""

    def of(self, table: Floats) -> float:
        return float(np.nanmean(divide(table.diagonal(), table.sum(1), empty=np.nan)))


@metrics("precision", of=OF)
class Precision(Decided):
    """The share of positives among the rows predicted positive; 0 where none is predicted."""

    def of(self, table: Floats) -> float:
        return ratio(table[1, 1], table[0, 1] + table[1, 1], empty=0.0)


@metrics("recall", of=OF)
class Recall(Decided):
    """The share of the positives that is found; 0 where there are none."""

    def of(self, table: Floats) -> float:
        return ratio(table[1, 1], table[1, 0] + table[1, 1], empty=0.0)


@metrics("specificity", of=OF)
class Specificity(Decided):
    """The share of the negatives that is left alone; 0 where there are none."""

    def of(self, table: Floats) -> float:
        return ratio(table[0, 0], table[0, 0] + table[0, 1], empty=0.0)


@metrics("f1", of=OF)
class F1(Decided):
    """The harmonic mean of precision and recall; 0 where nothing is positive or predicted so."""

    def of(self, table: Floats) -> float:
        return ratio(2 * table[1, 1], 2 * table[1, 1] + table[0, 1] + table[1, 0], empty=0.0)


@metrics("mcc", of=OF)
class Matthews(Decided):
    """Matthews' correlation coefficient; 0 where the truth or the prediction never varies."""

    def of(self, table: Floats) -> float:
        return matthews(table)


@metrics("roc_auc", of=OF)
class RocAuc(Metric):
    """The chance that a positive row scores above a negative one; undefined with one class."""

    def __call__(self, target: Array, prediction: Array, weights: Array | None = None) -> float:
        return roc_auc(target, prediction, weights)


@metrics("average_precision", of=OF)
class AveragePrecision(Metric):
    """The area under the precision-recall steps; undefined without positives."""

    def __call__(self, target: Array, prediction: Array, weights: Array | None = None) -> float:
        return average_precision(target, prediction, weights)


@metrics("log_loss", of=OF)
@metrics("binary_weighted_cross_entropy", of=OF)
@metrics("loss", of=OF)
class LogLoss(Metric):
    """The mean negative log-likelihood, in nats."""

    greater_is_better = False
    perfect = 0.0

    def __call__(self, target: Array, prediction: Array, weights: Array | None = None) -> float:
        return mean(binary_log_loss(target, prediction), weights)


@metrics("brier", of=OF)
class Brier(Metric):
    """The mean squared error of the probability (Brier 1950)."""

    greater_is_better = False
    perfect = 0.0

    def __call__(self, target: Array, prediction: Array, weights: Array | None = None) -> float:
        return mean((np.asarray(prediction, np.float64) - target) ** 2, weights)


@metrics("ece", of=OF)
class CalibrationError(Metric):
    """How far probabilities are from frequencies, on average over 15 equal bins (Guo et al. 2017)."""

    greater_is_better = False
    perfect = 0.0

    def __call__(self, target: Array, prediction: Array, weights: Array | None = None) -> float:
        return calibration_error(target, prediction, weights)
