"""A threshold for each group of rows, so that groups are treated alike by a criterion, at the least cost.

Post-processing (Hardt, Price and Srebro 2016) by criteria of fairlearn's `ThresholdOptimizer`. That one meets a criterion
exactly, by drawing lots between two thresholds; here a row always gets the same answer, and the rates of groups are
within a bound of each other instead. Of all thresholds that keep the bound those are taken whose decisions cost least:
whatever rates lie within a window are allowed, so that each group chooses for itself, and all windows are tried.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from crosstie.evaluation.metric import Array
from crosstie.evaluation.thresholds import decisions
from crosstie.features.row_groups import Key

EVENED: Mapping[str, tuple[str, ...]] = {  # criterion to the rates that are to be alike
    "demographic_parity": ("selection_rate",),
    "equal_opportunity": ("tpr",),
    "equalized_odds": ("tpr", "fpr"),
}
BOUND = 0.02  # thresholds are chosen on some rows, and on others rates lie further apart
FEWEST = 5  # rows that a rate is of, or their weights
STEPS = 101  # starts of windows, along each rate

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class GroupThresholds:
    """From which probability on a row counts as positive, by what some columns say of it.

    Attributes:
        columns: Which columns tell groups apart.
        criterion: Of `EVENED`: by which they were chosen.
        thresholds: By what the columns say.
        otherwise: Of a group that was too small to choose one for, or that nobody had seen.
    """

    columns: tuple[str, ...]
    criterion: str
    thresholds: Mapping[Key, float]
    otherwise: float

    def of(self, keys: Sequence[Key]) -> Floats:
        """The threshold of each row.

        Examples:
            >>> own = GroupThresholds(("sex",), "equal_opportunity", {("f",): 0.3, ("m",): 0.6}, 0.5)
            >>> own.of([("m",), ("f",), ("x",)])
            array([0.6, 0.3, 0.5])
        """
        return np.array([self.thresholds.get(key, self.otherwise) for key in keys], np.float64)

    def state(self) -> dict[str, Any]:
        """As JSON values."""
        groups = [
            {"values": list(key), "threshold": float(each)} for key, each in self.thresholds.items()
        ]
        return {
            "columns": list(self.columns),
            "criterion": self.criterion,
            "groups": groups,
            "otherwise": self.otherwise,
        }

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Self:
        """As it was.

        Raises:
            ValueError: It is no threshold, or a group has not one value for each column.
        """
        columns = tuple(state["columns"])
        found = {tuple(each["values"]): float(each["threshold"]) for each in state["groups"]}
        odd = [each for each in (*found.values(), state["otherwise"]) if not 0 <= each <= 1]
        if odd or not columns or any(len(key) != len(columns) for key in found):
            raise ValueError(f"thresholds of groups by {columns}: {odd or found}")
        return cls(columns, str(state["criterion"]), found, float(state["otherwise"]))


def of_rows(threshold: Any, rows: Any) -> Any:
    """The threshold of some rows: their own, where there is an array with one for each row; else that of all.

    Args:
        threshold: A float, a list with one for each label of a set, or an array `[all rows]`.
        rows: A slice, a mask or numbers of rows.
    """
    return threshold[rows] if isinstance(threshold, np.ndarray) else threshold


def even_out(
    target: Array,
    probability: Array,
    groups: NDArray[np.int64],
    judged: NDArray[np.bool_],
    *,
    criterion: str,
    bound: float = BOUND,
    costs: Sequence[Sequence[float]] | None = None,
    otherwise: float = 0.5,
    weights: Array | None = None,
) -> Floats:
    """The threshold of each group, float64 `[groups]`.

    Args:
        target: 0 and 1, `[rows]`, of rows that the result is not judged by.
        probability: Of 1, `[rows]`.
        groups: Which group a row is in, `[rows]`; -1 of none.
        judged: Which groups are large enough, `[groups]`; the others take `otherwise`.
        criterion: Of `EVENED`.
        bound: How far apart the rates of groups may be at most.
        costs: As for `thresholds.tune`. None for what `otherwise` says of them: it is the best threshold where a wrong yes
            costs so much, and a wrong no the rest to 1. Of 0.5 that is accuracy.
        otherwise: The threshold of all rows.
        weights: `[rows]`, or None.
    """
    found = np.full(len(judged), otherwise)
    table = np.asarray(((0.0, otherwise), (1 - otherwise, 0.0)) if costs is None else costs)
    chosen, curves = [], []
    for group in np.flatnonzero(judged):
        rows = np.flatnonzero(groups == group)
        if not len(rows):
            continue
        own = None if weights is None else np.asarray(weights)[rows]
        thresholds, tables = decisions(target[rows], probability[rows], own)
        rates = [rate for name in EVENED[criterion] for rate in _rate(tables, name)]
        if len(rates) == len(EVENED[criterion]):
            cost = (tables * table).sum((1, 2))
            curves.append((thresholds, np.stack(rates), cost))
            chosen.append(group)
    if len(curves) < 2:
        return found
    for group, (thresholds, _, _), place in zip(chosen, curves, _cheapest(curves, bound), strict=True):  # fmt: skip
        found[group] = thresholds[place]
    return found


Curve = tuple[Floats, Floats, Floats]  # thresholds, rates [rates, thresholds], costs


def _rate(tables: Floats, name: str) -> list[Floats]:
    """A rate at each threshold, if it is of enough rows."""
    of = {"selection_rate": tables.sum(1), "tpr": tables[:, 1], "fpr": tables[:, 0]}[name]
    rows = of.sum(1)
    return [of[:, 1] / rows] if rows[0] >= FEWEST else []


def _cheapest(curves: Sequence[Curve], bound: float) -> list[int]:
    """Which threshold each group takes, so that each rate is in one window for all of them."""
    starts = np.linspace(0, 1, STEPS)
    best, places = np.inf, [0] * len(curves)
    inside = [
        [(rate >= starts[:, None] - 1e-12) & (rate <= starts[:, None] + bound) for rate in rates]
        for _, rates, _ in curves
    ]  # of each group and each rate `[starts, thresholds]`
    for start in range(STEPS):
        totals, taken = np.zeros(1), []
        for (_, _, cost), windows in zip(curves, inside, strict=True):
            first = np.where(windows[0][start], cost, np.inf)
            own = np.where(windows[1], first, np.inf) if len(windows) > 1 else first[None]
            taken.append(own.argmin(1))
            totals = totals + own.min(1)
        least = int(totals.argmin())
        if totals[least] < best:
            best, places = totals[least], [int(each[least]) for each in taken]
    return places
