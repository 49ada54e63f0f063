"""Measuring a network on rows that it does not learn from, and deciding whether it got better."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from crosstie.data.batch import Batch, Output
from crosstie.evaluation.metric import Metric, metrics
from crosstie.models.network import Network
from crosstie.training.feed import Feed
from crosstie.training.runner import Runner

Scores = dict[str, dict[str, float]]  # output → metric → value
LOSS = "loss"
COMBINED = "combined"  # in place of an output: all of them, by what training makes small


class Judge:
    """Measures a network and knows what counts as better.

    Numbers are measured standardised, as they are learned, so a metric that means something only in the target's
    own unit is not watched; nor is one that these validation rows leave undefined (a ranking of one class). The
    loss stands in for both.

    Args:
        network: Whose outputs and loss.
        wanted: Output to the metric it is watched by.
        field: The output whose metric decides; None is the first, `combined` the loss of all.
        validation: Rows that decide, or None.

    Attributes:
        output: The output that decides, or `combined`.
        metric: Its metric's name.
        sign: 1 where more is better, -1 where less is.
    """

    def __init__(
        self,
        network: Network,
        wanted: Mapping[str, str],
        *,
        field: str | None,
        validation: Batch | None,
    ) -> None:
        self.network = network
        self.names = {
            name: _measurable(output, wanted.get(name, LOSS), validation)
            for name, output in network.outputs.items()
        }
        self.output = field or next(iter(network.outputs))
        self.metric = self.names.get(self.output, LOSS)
        self.wanted = wanted.get(self.output, LOSS)
        self.sign = -1.0
        if self.output in network.outputs:
            kind = metrics.get(self.metric, of=network.outputs[self.output].type)
            self.sign = 1.0 if kind.greater_is_better else -1.0

    @property
    def watched(self) -> str:
        """Its full name: `validation/survived/roc_auc`."""
        return f"validation/{self.output}/{self.metric}"

    @property
    def note(self) -> str:
        """What a person should know of a metric that these rows leave undefined; else empty."""
        if self.metric == self.wanted or self.output not in self.network.outputs:
            return ""
        if not metrics.get(self.wanted, of=self.network.outputs[self.output].type).any_unit:
            return ""  # is told before the run, where somebody asked for it
        return (
            f"output {self.output!r}: the validation rows leave {self.wanted!r} undefined (is there but one class?), so "
            "training goes by the loss"
        )

    def value(self, scores: Scores) -> float:
        """What decides, NaN where it is not defined."""
        return scores[self.output].get(self.metric, math.nan)

    def better(
        self,
        value: float,
        best: float | None,
        *,
        loss: float = math.nan,
        best_loss: float = math.nan,
    ) -> bool:
        """Whether a value beats the best so far; one that is not a number never does.

        Of two that are equal, as rankings of few rows often are, the one of less loss is better.
        """
        if not math.isfinite(value):
            return False
        return (
            best is None
            or self.sign * value > self.sign * best
            or (value == best and loss < best_loss)
        )

    @torch.no_grad()
    def measure(self, forward: Any, runner: Runner, feed: Feed, *, size: int, rows: int) -> Scores:
        """The watched metric of every output, and the loss that training makes small under the one that decides.

        Args:
            forward: The network, or what it was compiled to.
            runner: For its precision.
            feed: The rows.
            size: Rows at once.
            rows: At most so many, the first.
        """
        self.network.eval()
        outputs = self.network.outputs
        raw: dict[str, list[Tensor]] = {name: [] for name in outputs}
        total = torch.zeros((), device=runner.device)
        weight = torch.zeros((), device=runner.device)
        for part in feed.in_order(size, rows=rows):
            with runner.autocast():
                logits = forward(part.inputs, part.targets)
                loss = self.network.loss(logits, part.targets, part.weights)
            share = part.weights.sum() if part.weights is not None else len(part)
            total += loss * share
            weight += share
            predicted = self.network.predict(logits)
            for name, output in outputs.items():
                if output.array in predicted:  # a text is not written while training
                    raw[name].append(predicted[output.array].float().cpu())
        self.network.train()
        scores: Scores = {name: {} for name in outputs}
        for name, output in outputs.items():
            if self.names[name] != LOSS:
                value = _score(output, self.names[name], feed.batch, torch.cat(raw[name]).numpy())
                scores[name][self.names[name]] = value
        scores.setdefault(self.output, {})[LOSS] = float(total / weight)
        return scores

    @torch.no_grad()
    def not_finite(self, feed: Feed, *, size: int) -> str:
        """The outputs whose loss on some of these rows is not a number, or all: `output 'y'`."""
        network = self.network
        names = list(network.outputs)
        if len(names) > 1:
            total = {name: torch.zeros((), device=feed.device) for name in names}
            for rows in feed.in_order(size):
                logits = network(rows.inputs, rows.targets)
                for name, output in network.outputs.items():
                    loss = network.losses[output.array]
                    total[name] += loss(logits[name], rows.targets[name], rows.weights)
            names = [name for name in names if not total[name].isfinite()] or names
        return f"output{'s' if len(names) > 1 else ''} {', '.join(map(repr, names))}"


def _score(output: Output, name: str, batch: Batch, predicted: Any) -> float:
    """One metric of the batch's first rows; NaN where a prediction is not a number."""
    if not np.isfinite(predicted).all():
        return math.nan
    rows = len(predicted)
    weights = None if batch.weights is None else np.asarray(batch.weights[:rows])
    target = np.asarray(batch.targets[output.name][:rows])
    metric = metrics.get(name, of=output.type)()
    metric.labels = output.labels
    return float(metric(target, predicted, weights))


def _measurable(output: Output, name: str, validation: Batch | None) -> str:
    """`name`, or the loss where that metric cannot be measured while training."""
    metric: type[Metric] = metrics.get(name, of=output.type)
    if not metric.any_unit:
        return LOSS
    if validation is None or name == LOSS:
        return name
    rng = np.random.default_rng(0)
    shape = [len(validation)]
    shape += [output.length] if output.length else []
    shape += [output.size] if output.scored else []
    guess = rng.random(shape)
    if output.type in ("category", "sequence"):
        guess /= guess.sum(-1, keepdims=True)
    return name if math.isfinite(_score(output, name, validation, guess)) else LOSS
