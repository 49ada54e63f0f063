"""A weighted average of models, chosen greedily on rows that none of them learned from (Caruana et al. 2004)."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

ROUNDS = 25  # models that are drawn, one again counting twice

Score = Callable[[NDArray[np.float64], NDArray[np.int64]], float]


@dataclass(frozen=True)
class Blend:
    """Weights of models, and how good their average is.

    Attributes:
        weights: One for each model, 0 for those left out; they sum to 1.
        score: Of their average, more is better; on the rows by which they were chosen.
    """

    weights: tuple[float, ...]
    score: float


def greedy(
    raw: Sequence[NDArray[np.float64]],
    score: Score,
    *,
    rows: NDArray[np.int64] | None = None,
    rounds: int = ROUNDS,
    costs: Sequence[float] | None = None,
    most: float = math.inf,
) -> Blend:
    """Add the model that helps the average most, again and again; the best average on the way is kept.

    Args:
        raw: What each model says of every row: `[rows]` or `[rows, classes]`.
        score: How good such an array is on some of its rows, more is better.
        rows: Those to choose by; None is all.
        rounds: Models to draw.
        costs: Of each model that is in the average, however often; None for nothing.
        most: What they may cost together. One of them costs less.
    """
    chosen_by = np.arange(len(raw[0])) if rows is None else rows
    drawn = np.zeros(len(raw))
    total = np.zeros_like(raw[0])
    best = Blend((), -np.inf)

    def may(drawn: NDArray[np.float64], place: int) -> bool:
        """Whether a model is drawn already, or may be one more."""
        if costs is None or drawn[place]:
            return True
        return (
            sum(cost for cost, times in zip(costs, drawn, strict=True) if times) + costs[place]
            <= most
        )

    for count in range(1, rounds + 1):
        scores = [
            score((total + each) / count, chosen_by) if may(drawn, place) else -np.inf
            for place, each in enumerate(raw)
        ]
        place = int(np.argmax(scores))
        drawn[place] += 1
        total = total + raw[place]
        if scores[place] > best.score:
            best = Blend(tuple((drawn / count).tolist()), scores[place])
        elif count > 2 * np.count_nonzero(drawn) + 5:
            break
    return best


def honest(
    raw: Sequence[NDArray[np.float64]],
    score: Score,
    *,
    seed: int,
    rounds: int = ROUNDS,
    costs: Sequence[float] | None = None,
    most: float = math.inf,
) -> float:
    """What `greedy` is worth on rows that its weights were not chosen by: chosen on one half, measured on the other.

    Args:
        raw: As for `greedy`.
        score: Likewise.
        seed: Of the halves.
        rounds: As for `greedy`.
        costs: Likewise.
        most: Likewise.
    """
    order = np.random.default_rng(seed).permutation(len(raw[0]))
    halves = np.sort(order[: len(order) // 2]), np.sort(order[len(order) // 2 :])
    found = []
    for own, other in (halves, halves[::-1]):
        weights = greedy(raw, score, rows=own, rounds=rounds, costs=costs, most=most).weights
        found.append(score(average(raw, weights), other))
    return float(np.mean(found))


def average(raw: Sequence[NDArray[np.float64]], weights: Sequence[float]) -> NDArray[np.float64]:
    """The weighted mean of what models say."""
    total = np.zeros_like(raw[0])
    for each, weight in zip(raw, weights, strict=True):
        if weight:
            total = total + weight * each
    return total
