"""Metrics of a sequence: true tags `[rows, length]`, -1 after a row's end, against a probability for every tag."""

from abc import abstractmethod

import numpy as np
from numpy.typing import NDArray

from crosstie.evaluation.log_likelihood import category_log_loss
from crosstie.evaluation.metric import Array, Metric, metrics, ratio
from crosstie.evaluation.spans import Spans, marks_spans

OF = ("sequence",)
Counts = NDArray[np.float64]


class Counted(Metric):
    """A figure of counts that add up over rows, so that rows are looked at once however often they are drawn."""

    @abstractmethod
    def counts(self, target: Array, prediction: Array) -> Counts:
        """What each row adds `[rows, …]`."""

    @abstractmethod
    def of(self, total: Counts) -> float:
        """The value for the sum of rows' counts."""

    def __call__(self, target: Array, prediction: Array, weights: Array | None = None) -> float:
        return self.weighed(self.counts(target, prediction), weights)

    def weighed(self, counts: Counts, weights: Array | None = None) -> float:
        """The value for rows of these weights, counted before."""
        w = np.ones(len(counts)) if weights is None else np.asarray(weights, np.float64)
        return self.of(np.tensordot(w, counts, 1))


@metrics("token_accuracy", of=OF)
@metrics("accuracy", of=OF)
class TokenAccuracy(Counted):
    """The share of tokens whose most probable tag is the true one."""

    def counts(self, target: Array, prediction: Array) -> Counts:
        there = target != -1
        right = (prediction.argmax(2) == target) & there
        return np.stack([right.sum(1), there.sum(1)], 1).astype(np.float64)

    def of(self, total: Counts) -> float:
        return ratio(float(total[0]), float(total[1]))


@metrics("row_accuracy", of=OF)
class RowAccuracy(Counted):
    """The share of rows with every tag right."""

    def counts(self, target: Array, prediction: Array) -> Counts:
        right = ((prediction.argmax(2) == target) | (target == -1)).all(1)
        return np.stack([right, np.ones(len(right))], 1).astype(np.float64)

    def of(self, total: Counts) -> float:
        return ratio(float(total[0]), float(total[1]))


@metrics("log_loss", of=OF)
@metrics("sequence_softmax_cross_entropy", of=OF)
@metrics("loss", of=OF)
class LogLoss(Counted):
    """The mean negative log-likelihood of a token's true tag, in nats; tags that the model lacks do not count."""

    greater_is_better = False
    perfect = 0.0

    def counts(self, target: Array, prediction: Array) -> Counts:
        known = target >= 0
        losses = np.zeros(target.shape)
        losses[known] = category_log_loss(target[known], prediction[known])
        return np.stack([losses.sum(1), known.sum(1)], 1)

    def of(self, total: Counts) -> float:
        return ratio(float(total[0]), float(total[1]))


class _Spanned(Counted):
    """Looks at whole spans; not defined for tags that mark none."""

    def counts(self, target: Array, prediction: Array) -> Counts:
        if not marks_spans(self.labels):
            return np.full((len(target), 3), np.nan)
        found: Counts = Spans(self.labels).counts(target, prediction.argmax(2)).sum(2)
        return found


@metrics("f1", of=OF)
class F1(Counted):
    """Span F1 where tags mark spans, else of tokens: F1 of all tags together, which is the share of right ones."""

    def counts(self, target: Array, prediction: Array) -> Counts:
        if marks_spans(self.labels):
            found: Counts = Spans(self.labels).counts(target, prediction.argmax(2)).sum(2)
            return found
        right, there = TokenAccuracy().counts(target, prediction).T
        return np.stack([right, there, there], 1)

    def of(self, total: Counts) -> float:
        return ratio(float(2 * total[0]), float(total[1] + total[2]), empty=0.0)


@metrics("span_f1", of=OF)
class SpanF1(_Spanned):
    """F1 of exact spans, all types together: 2 right / (predicted + true), as the CoNLL scripts have it."""

    def of(self, total: Counts) -> float:
        return ratio(float(2 * total[0]), float(total[1] + total[2]), empty=0.0)


@metrics("span_precision", of=OF)
class SpanPrecision(_Spanned):
    """The share of predicted spans that are true ones, exactly; 0 where none is predicted."""

    def of(self, total: Counts) -> float:
        return ratio(float(total[0]), float(total[1]), empty=0.0)


@metrics("span_recall", of=OF)
class SpanRecall(_Spanned):
    """The share of true spans that are predicted, exactly; 0 where there are none."""

    def of(self, total: Counts) -> float:
        return ratio(float(total[0]), float(total[2]), empty=0.0)
