"""Metrics of a category: true codes against a probability for every class."""

import numpy as np

from crosstie.evaluation.calibration_error import calibration_error
from crosstie.evaluation.confusion import Floats, class_counts, confusion, divide, matthews
from crosstie.evaluation.log_likelihood import category_log_loss
from crosstie.evaluation.metric import Array, Metric, mean, metrics
from crosstie.evaluation.ranking import roc_auc

OF = ("category",)


class _Decided(Metric):
    """Looks at the most probable class only."""

    def __call__(self, target: Array, prediction: Array, weights: Array | None = None) -> float:
        if not len(target):
            return float("nan")
        predicted = prediction.argmax(1)
        classes = prediction.shape[1]
        present = np.bincount(target.astype(np.int64), minlength=classes) > 0
        return self.of(
            confusion(target, predicted, classes, weights),
            present | (np.bincount(predicted, minlength=classes) > 0),
        )

    def of(self, table: Floats, present: Array) -> float:
        """The value for the counts `[true, predicted]`; `present`: classes that some row has or is given."""
        raise NotImplementedError


@metrics("accuracy", of=OF)
@metrics("accuracy_micro", of=OF)
class Accuracy(Metric):
    """The share of rows whose most probable class is the true one."""

    def __call__(self, target: Array, prediction: Array, weights: Array | None = None) -> float:
        return mean(prediction.argmax(1) == target, weights)


@metrics("balanced_accuracy", of=OF)
class BalancedAccuracy(_Decided):
    """The mean recall of the classes that occur."""

    def of(self, table: Floats, present: Array) -> float:
        return float(np.nanmean(divide(table.diagonal(), table.sum(1), empty=np.nan)))


@metrics("f1", of=OF)
@metrics("f1_macro", of=OF)
class F1(_Decided):
    """The plain mean of the classes' F1, over the classes that occur or are predicted."""

    def of(self, table: Floats, present: Array) -> float:
        return float(_f1(table)[present].mean())


@metrics("f1_weighted", of=OF)
class F1Weighted(_Decided):
    """The mean of the classes' F1, each as heavy as its rows."""

    def of(self, table: Floats, present: Array) -> float:
        return mean(_f1(table), table.sum(1))


@metrics("mcc", of=OF)
class Matthews(_Decided):
    """The correlation of true and predicted class (Gorodkin 2004)."""

    def of(self, table: Floats, present: Array) -> float:
        return matthews(table)


@metrics("roc_auc", of=OF)
class RocAuc(Metric):
    """The plain mean over classes of one-against-the-rest ROC AUC; classes without rows are left out."""

    def __call__(self, target: Array, prediction: Array, weights: Array | None = None) -> float:
        values = [
            roc_auc(target == code, prediction[:, code], weights)
            for code in np.unique(target).astype(int)
        ]
        defined = [value for value in values if not np.isnan(value)]
        return float(np.mean(defined)) if defined else float("nan")


@metrics("log_loss", of=OF)
@metrics("softmax_cross_entropy", of=OF)
@metrics("loss", of=OF)
class LogLoss(Metric):
    """The mean negative log-likelihood of the true class, in nats."""

    greater_is_better = False
    perfect = 0.0

    def __call__(self, target: Array, prediction: Array, weights: Array | None = None) -> float:
        return mean(category_log_loss(target, prediction), weights)


@metrics("brier", of=OF)
class Brier(Metric):
    """The squared error of the probabilities, summed over classes: 0 to 2 (Brier 1950)."""

    greater_is_better = False
    perfect = 0.0

    def __call__(self, target: Array, prediction: Array, weights: Array | None = None) -> float:
        given = np.asarray(prediction, np.float64)
        true = given[np.arange(len(target)), np.asarray(target, np.int64)]
        return mean((given**2).sum(1) - 2 * true + 1, weights)


@metrics("hits_at_k", of=OF)
class HitsAtK(Metric):
    """The share of rows whose true class is among the `k` most probable.

    Args:
        k: How many count as hits.
    """

    def __init__(self, *, k: int = 3) -> None:
        self.k = k

    def __call__(self, target: Array, prediction: Array, weights: Array | None = None) -> float:
        codes = np.asarray(target, np.int64)[:, None]
        true = np.take_along_axis(prediction, codes, 1)
        tied_above = (prediction == true) & (np.arange(prediction.shape[1]) > codes)
        rank = ((prediction > true) | tied_above).sum(1)
        return mean(rank < self.k, weights)


@metrics("ece", of=OF)
class CalibrationError(Metric):
    """How far the winner's probability is from being right as often, over 15 bins (Guo et al. 2017)."""

    greater_is_better = False
    perfect = 0.0

    def __call__(self, target: Array, prediction: Array, weights: Array | None = None) -> float:
        if not len(target):
            return float("nan")
        return calibration_error(prediction.argmax(1) == target, prediction.max(1), weights)


def _f1(table: Floats) -> Floats:
    hit, predicted, actual = class_counts(table)
    return divide(2 * hit, predicted + actual)
