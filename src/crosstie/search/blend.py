"""Which of the models that were tried is kept: one of them, or a weighted average that is better on unseen rows."""

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from crosstie.evaluation.metric import Metric, metrics
from crosstie.pipeline.candidate import Candidate, Part, Values
from crosstie.pipeline.plan import Plan
from crosstie.search.greedy import average, greedy, honest

ENSEMBLE = "ensemble"
AVERAGED = ("number", "binary", "category", "set")  # what a mean of two predictions is one of
MOST = 12  # models that an average is chosen from, the best
LOSSES = ("log_loss", "mae")  # that have a value wherever there is a row
ROWS = 20_000  # that it is chosen by


class Blend:
    """The models so far, and the best average of them.

    Args:
        plan: Of the run.
        most: Seconds that what is kept may take for a row; infinite for no limit.
    """

    def __init__(self, plan: Plan, *, most: float = math.inf) -> None:
        self.plan = plan
        self.most = most
        self.tried: list[Candidate] = []
        self.scores: dict[str, float] = {}
        self.metric = plan.metrics[plan.outputs[0].name]
        self.costs: dict[str, float] = {}
        self._weights: dict[str, float] = {}  # of the last average

    def add(self, candidate: Candidate, cost: float = 0.0) -> float:
        """Take a model into account; the seconds that it takes to see how good an average with it is.

        Args:
            candidate: The model.
            cost: Seconds that it takes for a row.
        """
        began = time.monotonic()
        self.tried.append(candidate)
        self.costs[candidate.label] = cost
        value = self._shown(candidate)
        took = time.monotonic() - began
        if math.isnan(value):
            self._use_another(candidate)
            value = self._shown(candidate)
        sign = 1 if self._metric(candidate, self.metric).greater_is_better else -1
        self.scores[candidate.label] = -math.inf if math.isnan(value) else sign * value
        rows = len(next(iter(seen(candidate).truth.values())))
        return took * min(1.0, ROWS / max(rows, 1))

    def best(self, count: int) -> list[Candidate]:
        """The best models of those tried."""
        return self._sorted()[:count]

    def ranked(self, *, averages: bool) -> list[Candidate]:
        """All models, the best that is quick enough first; before them their average where it is better on rows it was not chosen by.

        Args:
            averages: Whether an average may be kept.
        """
        singles = self._sorted()
        quick = [each for each in singles if self.costs[each.label] <= self.most]
        mixed = self._average(quick[:MOST]) if averages else None
        return singles if mixed is None else [mixed, *singles]

    def again(self, kept: Candidate, others: Mapping[str, Candidate]) -> Candidate:
        """What is kept with other models in the place of some of its own, by name."""
        if kept.model_type != ENSEMBLE:
            return others.get(kept.label, kept)
        singles = {each.label: each for each in self.tried} | dict(others)
        pairs = [(singles[name], weight) for name, weight in self._weights.items()]
        return _mixed(pairs, kept.about["on_rows_it_was_not_chosen_by"])

    def shown(self, candidate: Candidate) -> str:
        """`gbm: rmse 618.9`."""
        return f"{candidate.label}: {self.metric} {self._shown(candidate):.4g}"

    def verdict(self, ranked: Sequence[Candidate]) -> str:
        """`chosen by roc_auc on validation rows: gbm 0.8551, linear 0.8538`, the best first."""
        shown = [f"{each.label} {self._shown(each):.4g}" for each in ranked[:6]]
        more = f", {len(ranked) - 6} more" if len(ranked) > 6 else ""
        part = "validation" if "validation" in ranked[0].parts else "training"
        return f"chosen by {self.metric} on {part} rows: {', '.join(shown)}{more}"

    def quickness(self, kept: Candidate) -> str:
        """Whether what is kept is quick enough: `gbm takes 0.21 ms for a row, of 1 ms that it may`."""
        names = kept.about.get("weights", [kept.label])
        took = sum(self.costs[name] for name in names)
        said = f"{kept.label} takes {1e3 * took:.2g} ms for a row by itself"
        if took <= self.most:
            return f"{said}, of {1e3 * self.most:g} ms that it may"
        return f"{said}: nothing that was tried is within {1e3 * self.most:g} ms, and this is the quickest"

    def _sorted(self) -> list[Candidate]:
        """The best first, of those that are quick enough; then the others, the quickest first."""
        quick = [each for each in self.tried if self.costs[each.label] <= self.most]
        slow = [each for each in self.tried if self.costs[each.label] > self.most]
        return [
            *sorted(quick, key=lambda each: self.scores[each.label], reverse=True),
            *sorted(slow, key=lambda each: self.costs[each.label]),
        ]

    def _metric(self, candidate: Candidate, name: str) -> Metric:
        metric = metrics.get(name, of=self.plan.outputs[0].type)()
        metric.labels = candidate.members[0][0].outputs[0].labels
        return metric

    def _value(self, candidate: Candidate, name: str) -> float:
        part = seen(candidate)
        output = self.plan.outputs[0].name
        value: float = self._metric(candidate, name)(
            part.truth[output], part.raw[output], part.weights
        )
        return value

    def _shown(self, candidate: Candidate) -> float:
        return self._value(candidate, self.metric)

    def _use_another(self, candidate: Candidate) -> None:
        """Compare by a loss from now on, where these rows give the metric no value: a ranking of one class has none."""
        known = metrics.names(of=self.plan.outputs[0].type)
        values = {name: self._value(candidate, name) for name in LOSSES if name in known}
        defined = (name for name, value in values.items() if not math.isnan(value))
        self.metric = next(defined, self.metric)

    def _average(self, candidates: Sequence[Candidate]) -> Candidate | None:
        """The best average of some; None where it is no better than the best of them alone, or is none."""
        usual = [each for each in candidates if each.folds == candidates[0].folds]
        if len(usual) < 2 or not all(each.type in AVERAGED for each in self.plan.outputs):
            return None
        if "validation" not in usual[0].parts:
            return None  # rows that were learned from prefer what learned them by heart
        part, output = seen(usual[0]), self.plan.outputs[0].name
        metric = self._metric(usual[0], self.metric)
        sign = 1.0 if metric.greater_is_better else -1.0

        def score(raw: NDArray[np.float64], rows: NDArray[np.int64]) -> float:
            weights = None if part.weights is None else part.weights[rows]
            return sign * float(metric(part.truth[output][rows], raw[rows], weights))

        raw = [np.asarray(seen(each).raw[output], np.float64) for each in usual]
        total = len(raw[0])
        if total > ROWS:
            some = np.sort(np.random.default_rng(self.plan.seed).permutation(total)[:ROWS])
            raw = [each[some] for each in raw]
            part = Part(
                {output: part.truth[output][some]},
                {},
                None if part.weights is None else part.weights[some],
            )
        costs, most = [self.costs[each.label] for each in usual], self.most
        weights = greedy(raw, score, costs=costs, most=most).weights
        worth = honest(raw, score, seed=self.plan.seed, costs=costs, most=most)
        alone = honest(raw, score, seed=self.plan.seed, rounds=1)  # the best of them, as honestly
        if np.count_nonzero(weights) < 2 or worth <= alone:
            return None
        pairs = [(each, weight) for each, weight in zip(usual, weights, strict=True) if weight]
        self._weights = {each.label: weight for each, weight in pairs}
        return _mixed(pairs, {self.metric: sign * worth})


def seen(candidate: Candidate) -> Part:
    """The rows that models are compared by: validation rows, training rows where there are none."""
    return candidate.parts["validation" if "validation" in candidate.parts else "train"]


def _mixed(kept: Sequence[tuple[Candidate, float]], worth: Mapping[str, float]) -> Candidate:
    """A weighted average; `worth` is its metric on rows that it was not chosen by."""
    parts = set.intersection(*(set(each.parts) for each, _ in kept))
    shares = {each.label: round(weight, 4) for each, weight in kept}
    return Candidate(
        ENSEMBLE,
        [member for each, _ in kept for member in each.members],
        {name: _averaged([(each.parts[name], weight) for each, weight in kept]) for name in parts},
        seconds=round(sum(each.seconds for each, _ in kept), 3),
        about={"weights": shares, "on_rows_it_was_not_chosen_by": dict(worth)},
        folds=kept[0][0].folds,
        weights=tuple(weight / len(each.members) for each, weight in kept for _ in each.members),
    )


def _averaged(parts: Sequence[tuple[Part, float]]) -> Part:
    first = parts[0][0]
    weights = [weight for _, weight in parts]
    raw: Values = {
        name: average([np.asarray(part.raw[name], np.float64) for part, _ in parts], weights)
        for name in first.raw
    }
    return replace(first, raw=raw)
