"""From which probability on a row counts as positive, when 0.5 is not what a metric or a purse wants."""

from collections.abc import Sequence

import numpy as np

from crosstie.errors import ConfigError
from crosstie.evaluation.confusion import Floats
from crosstie.evaluation.metric import Array, metrics
from crosstie.evaluation.metrics.binary import Decided
from crosstie.evaluation.ranking import cumulative

CANDIDATES = 1000
LABEL_WISE = {
    **dict.fromkeys(("f1", "f1_micro", "f1_macro", "f1_samples", "jaccard"), "f1"),
    **dict.fromkeys(("hamming_loss", "subset_accuracy", "accuracy"), "accuracy"),
}  # what a metric of sets asks of each label by itself


def tune(
    output_type: str,
    target: Array,
    probability: Array,
    *,
    metric: str = "f1",
    costs: Sequence[Sequence[float]] | None = None,
    weights: Array | None = None,
) -> float | list[float]:
    """The threshold that is best on these rows (validation rows, not those it was trained on).

    Args:
        output_type: `binary`, or `set` for one threshold a label.
        target: 0 and 1, `[rows]` or `[rows, labels]`.
        probability: Of 1, in the shape of `target`.
        metric: A metric that looks at decisions: `f1`, `balanced_accuracy`, `mcc`, `accuracy`, …
        costs: `[[true negative, false positive], [false negative, true positive]]`, what a row of each kind
            costs; if given, the dearest threshold loses and `metric` is not looked at.
        weights: `[rows]`, or None.

    Returns:
        A threshold, halfway between two probabilities that occur; the one nearest to 0.5 among equals, and
        0.5 where only one class is present. A list of them for a set.

    Raises:
        ConfigError: The metric does not depend on a threshold, or the output has none.
    """
    if output_type not in ("binary", "set"):
        raise ConfigError(
            f"a {output_type} output has no threshold; only binary and set outputs have one"
        )
    value = _value(LABEL_WISE.get(metric, metric) if output_type == "set" else metric, costs)
    if output_type == "binary":
        return _best(target, probability, value, weights)
    return [_best(t, p, value, weights) for t, p in zip(target.T, probability.T, strict=True)]


def tunable(output_type: str) -> list[str]:
    """The metrics that `tune` can make the most of, sorted."""
    decided = [
        name
        for name in metrics.names(of="binary")
        if issubclass(metrics.get(name, of="binary"), Decided)
    ]
    return sorted({"binary": decided, "set": list(LABEL_WISE)}.get(output_type, []))


class _value:  # noqa: N801 - a function with memory
    """How good `[[tn, fp], [fn, tp]]` is."""

    def __init__(self, metric: str, costs: Sequence[Sequence[float]] | None) -> None:
        self.costs = None if costs is None else np.asarray(costs, np.float64)
        cls = metrics.get(metric, of="binary")
        if self.costs is None and not issubclass(cls, Decided):
            raise ConfigError(
                f"{metric!r} does not depend on a threshold; "
                f"choose one of {', '.join(map(repr, tunable('binary')))}"
            )
        self.metric = cls()

    def __call__(self, table: Floats) -> float:
        if self.costs is not None:
            return -float((table * self.costs).sum())
        assert isinstance(self.metric, Decided)
        value = self.metric.of(table)
        return value if self.metric.greater_is_better else -value


def decisions(target: Array, probability: Array, weights: Array | None) -> tuple[Floats, Floats]:
    """What each threshold decides, from the one that says no to all rows to the one that says yes to all.

    Args:
        target: 0 and 1, `[rows]`, at least one.
        probability: Of 1, `[rows]`.
        weights: `[rows]`, or None.

    Returns:
        Thresholds halfway between two probabilities that occur, at most a thousand, `[thresholds]`; and
        `[[true negative, false positive], [false negative, true positive]]` of each, `[thresholds, 2, 2]`.
    """
    true, false = cumulative(target, probability, weights)
    positives, negatives = true[-1], false[-1]
    distinct = np.unique(np.asarray(probability, np.float64))[::-1]
    # cutting after the i-th distinct probability predicts the first i + 1 positive; -1: none of them
    cuts = np.unique(np.linspace(-1, len(distinct) - 1, CANDIDATES).round().astype(int)) + 1
    edges = np.concatenate(
        [[min(1.0, distinct[0] + 1e-6)], (distinct[:-1] + distinct[1:]) / 2, [0.0]]
    )
    tp = np.concatenate([[0.0], true])[cuts]
    fp = np.concatenate([[0.0], false])[cuts]
    return edges[cuts], np.stack([negatives - fp, fp, positives - tp, tp], 1).reshape(-1, 2, 2)


def _best(target: Array, probability: Array, value: _value, weights: Array | None) -> float:
    if not len(target):
        return 0.5
    thresholds, tables = decisions(target, probability, weights)
    if not tables[0].sum(1).all():  # only one class is there
        return 0.5
    values = np.array([value(table) for table in tables])
    ties = thresholds[values >= values.max() - 1e-12]
    return float(ties[np.abs(ties - 0.5).argmin()])
