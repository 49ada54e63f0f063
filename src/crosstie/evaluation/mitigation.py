"""What evening out the rates of groups would cost: a threshold for each group, judged on rows it was not chosen by.

The rows are parted into two halves, alike in groups and classes; the thresholds of each are chosen on the other
(cross-fitting, Chernozhukov and others 2018), so that every row is judged and none judges itself.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from crosstie.evaluation.fairness import CRITERIA, LEAST, Criterion, fairness, quantities
from crosstie.evaluation.group_intervals import quantile
from crosstie.evaluation.group_thresholds import BOUND, EVENED, even_out
from crosstie.evaluation.groups import Grouping
from crosstie.evaluation.metric import Array

THRESHOLDS = "thresholds"
REWEIGHING = "reweighing"


@dataclass(frozen=True)
class Mitigation:
    """What groups would be treated like, and what that would cost.

    Attributes:
        columns: By which groups are told apart.
        how: `thresholds`, one for each group, or `reweighing` of training rows.
        criterion: Of `EVENED`.
        before: How far apart groups are.
        after: How far apart they would be.
        accuracy: Share of rows that would be predicted right.
        cost: By how much that is less than it is.
        low: Lower end of the 95 % interval of `cost`, of the same rows decided one way and the other.
        high: Its upper end.
        applied: Whether the model does so already, `before` being what it was without.
        thresholds: Of each group that is large enough, chosen on all rows; by its name. None for `reweighing`.
    """

    columns: tuple[str, ...]
    how: str
    criterion: str
    before: Criterion
    after: Criterion
    accuracy: float
    cost: float
    low: float
    high: float
    applied: bool = False
    thresholds: Mapping[str, float] = field(default_factory=dict)


def by_thresholds(
    target: Array,
    predicted: Array,
    probability: Array,
    by: Grouping,
    *,
    least: int = LEAST,
    bound: float = BOUND,
    otherwise: float = 0.5,
) -> list[Mitigation]:
    """What a threshold for each group would do, by each criterion that can be told.

    Args:
        target: 0 and 1, `[rows]`.
        predicted: 0 and 1, as is decided without, -1 for neither, `[rows]`.
        probability: Of 1, `[rows]`.
        by: The groups of the rows.
        least: Groups of fewer rows take `otherwise`.
        bound: As for `even_out`.
        otherwise: The threshold of all rows; it says what wrong decisions cost.
    """
    judged = np.bincount(by.codes[by.codes >= 0], minlength=len(by.values)) >= least
    probability, halves = np.asarray(probability), _halves(target, by)
    found = []
    for criterion in EVENED:

        def of(rows: NDArray[np.bool_], criterion: str = criterion) -> NDArray[np.float64]:
            return even_out(
                target[rows],
                probability[rows],
                by.codes[rows],
                judged,
                criterion=criterion,
                bound=bound,
                otherwise=otherwise,
            )

        decided = np.zeros(len(target), np.bool_)
        for half in (0, 1):
            mine = halves == half
            decided[mine] = probability[mine] >= np.append(of(~mine), otherwise)[by.codes[mine]]
        each = compared(THRESHOLDS, criterion, target, predicted, decided, by, least=least)
        if each is not None:
            own = dict(zip(map(", ".join, by.values), of(np.ones_like(decided)).tolist(), strict=True))  # fmt: skip
            found.append(replace(each, thresholds=own))
    return found


def compared(
    how: str,
    criterion: str,
    target: Array,
    before: Array,
    after: Array,
    by: Grouping,
    *,
    least: int = LEAST,
) -> Mitigation | None:
    """Two ways to decide the same rows; None where the criterion cannot be told of them.

    Args:
        how: `thresholds` or `reweighing`.
        criterion: Of `EVENED`.
        target: 0 and 1, `[rows]`.
        before: What is decided without, `[rows]`.
        after: What is decided with it, `[rows]`.
        by: The groups of the rows.
        least: Groups of fewer rows are not judged.
    """
    rules = [each for each in CRITERIA["binary"] if each.name == f"{criterion}_difference"]
    sides = [
        fairness(quantities("binary", target, np.asarray(each, np.int64)), by, rules, least=least)
        for each in (before, after)
    ]
    if not all(each.criteria for each in sides):
        return None
    right = [np.asarray(each, np.int64) == target for each in (before, after)]
    lost = right[0].astype(np.float64) - right[1]
    cost, half = float(lost.mean()), quantile() * float(lost.std() / np.sqrt(len(lost)))
    return Mitigation(
        by.columns,
        how,
        criterion,
        sides[0].criteria[0],
        sides[1].criteria[0],
        float(right[1].mean()),
        cost,
        cost - half,
        cost + half,
    )


def _halves(target: Array, by: Grouping) -> NDArray[np.int64]:
    """0 or 1 for each row, so that half of each group's rows of each class are in either; always the same."""
    order = np.random.default_rng(0).permutation(len(target))
    cells = (by.codes * 2 + (np.asarray(target) == 1))[order]
    halves = np.empty(len(target), np.int64)
    halves[order[np.argsort(cells, kind="stable")]] = np.arange(len(target)) % 2
    return halves


def reweighing(
    target: NDArray[np.int64], groups: NDArray[np.int64], weights: Array | None = None
) -> NDArray[np.float64]:
    """Weights under which class and group are independent, their shares as they were (Kamiran and Calders 2012), `[rows]`.

    Args:
        target: Codes of classes, `[rows]`.
        groups: Codes of groups, 0 and up, `[rows]`.
        weights: What rows count already, `[rows]`; the result goes beside them.

    Examples:
        >>> reweighing(np.array([1, 1, 0, 1]), np.array([0, 0, 0, 1]))
        array([1.125, 1.125, 0.75 , 0.75 ])
    """
    rows = np.ones(len(target)) if weights is None else np.asarray(weights, np.float64)
    cells = target * (int(groups.max()) + 1) + groups
    together, of_class, of_group = (
        np.bincount(codes, rows)[codes] for codes in (cells, target, groups)
    )
    found: NDArray[np.float64] = np.ones(len(target))
    np.divide(of_class * of_group / rows.sum(), together, out=found, where=together > 0)
    return found
