"""Two models' answers as arrays that can be compared: the same rows, the same labels in the same order."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crosstie.evaluation.group_thresholds import of_rows
from crosstie.gates.answers import Answer

CLASSES = ("binary", "category")


@dataclass(frozen=True)
class Pair:
    """An output as two models see it.

    Attributes:
        type: As whose metrics it is measured.
        rows: Of the holdout, those with a true value that either knows, by number from 0.
        target: Of those rows, as metrics take it.
        before: What production says of them; None where there is none.
        after: What the candidate says.
        labels: Of classes, sets and tags, those that either knows.
        thresholds: Production's and the candidate's.
    """

    type: str
    rows: NDArray[np.int64]
    target: NDArray[Any]
    before: NDArray[Any] | None
    after: NDArray[Any]
    labels: tuple[str, ...] = ()
    thresholds: tuple[Any, Any] = (0.5, 0.5)


def alone(candidate: Answer) -> Pair:
    """The candidate's answers with nothing beside them."""
    rows = np.flatnonzero(candidate.usable)
    feature, threshold = candidate.feature, candidate.threshold
    return Pair(
        feature.type,
        rows,
        candidate.target[rows],
        None,
        candidate.raw[rows],
        tuple(feature.labels),
        (of_rows(threshold, rows), of_rows(threshold, rows)),
    )


def pair(production: Answer, candidate: Answer) -> Pair | str:
    """Both models' answers, or why they cannot be put side by side.

    A class that one of them does not know has probability 0 there, so that its rows count as wrong rather than as
    left out.
    """
    old, new = production.feature, candidate.feature
    if len(production.usable) != len(candidate.usable):
        return (
            f"production makes {len(production.usable)} rows of the holdout and the candidate "
            f"{len(candidate.usable)}: their windows of time differ"
        )
    labels = tuple(dict.fromkeys([*old.labels, *new.labels]))
    if old.type in CLASSES and new.type in CLASSES:
        return _classes(production, candidate, labels)
    if old.type != new.type:
        return f"production predicts a {old.type} and the candidate a {new.type}"
    if old.type == "set":
        return _sets(production, candidate, labels)
    if old.type == "sequence" and (
        old.labels != new.labels or production.raw.shape != candidate.raw.shape
    ):
        return "the two have other tags, or read rows to another length"
    if old.type == "timeseries" and old.size != new.size:
        return f"production predicts {old.size} steps and the candidate {new.size}"
    rows = np.flatnonzero(production.usable & candidate.usable)
    return Pair(
        old.type,
        rows,
        candidate.target[rows],
        production.raw[rows],
        candidate.raw[rows],
        labels,
        (of_rows(production.threshold, rows), of_rows(candidate.threshold, rows)),
    )


def _classes(production: Answer, candidate: Answer, labels: tuple[str, ...]) -> Pair:
    rows = np.flatnonzero(production.usable | candidate.usable)
    codes = np.where(
        candidate.usable[rows],
        _coded(candidate, labels)[rows],
        _coded(production, labels)[rows],
    )
    if production.feature.type == candidate.feature.type == "binary" and len(labels) == 2:
        positive = candidate.feature.labels[1]
        before, threshold = production.raw[rows], of_rows(production.threshold, rows)
        if production.feature.labels[1] != positive:
            before, threshold = 1 - before, 1 - threshold
        target = (codes == labels.index(positive)).astype(np.int64)
        thresholds = (threshold, of_rows(candidate.threshold, rows))
        names = tuple(candidate.feature.labels)
        return Pair("binary", rows, target, before, candidate.raw[rows], names, thresholds)
    before, after = (_spread(each, labels)[rows] for each in (production, candidate))
    return Pair("category", rows, codes, before, after, labels)


def _sets(production: Answer, candidate: Answer, labels: tuple[str, ...]) -> Pair:
    both = production, candidate
    rows = np.flatnonzero(production.usable | candidate.usable)
    known = [np.where(each.usable[rows, None], each.target[rows], 0) for each in both]
    target = np.maximum(
        _put(known[0], production.feature.labels, labels),
        _put(known[1], candidate.feature.labels, labels),
    )
    before, after = (_put(each.raw[rows], each.feature.labels, labels) for each in both)
    thresholds = tuple(
        [dict(zip(each.feature.labels, _each(each), strict=True)).get(name, 0.5) for name in labels]
        for each in (production, candidate)
    )
    return Pair("set", rows, target, before, after, labels, (thresholds[0], thresholds[1]))


def _coded(answer: Answer, labels: Sequence[str]) -> NDArray[np.int64]:
    """The true classes by their place in `labels`."""
    places = np.array([labels.index(each) for each in answer.feature.labels], np.int64)
    codes: NDArray[np.int64] = places[np.where(answer.usable, answer.target, 0).astype(np.int64)]
    return codes


def _spread(answer: Answer, labels: Sequence[str]) -> NDArray[np.float64]:
    """Probabilities `[rows, labels]`."""
    raw = np.asarray(answer.raw, np.float64)
    if answer.feature.type == "binary":
        raw = np.stack([1 - raw, raw], axis=1)
    return _put(raw, answer.feature.labels, labels)


def _put(values: NDArray[Any], own: Sequence[str], labels: Sequence[str]) -> NDArray[np.float64]:
    """Columns of a model's own labels among those of both; 0 where it has none."""
    found = np.zeros((len(values), len(labels)))
    found[:, [labels.index(each) for each in own]] = values
    return found


def _each(answer: Answer) -> list[float]:
    return [float(each) for each in np.broadcast_to(answer.threshold, len(answer.feature.labels))]
