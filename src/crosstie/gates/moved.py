"""The rows whose prediction moved most from production to the candidate, with what they hold."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crosstie.gates.comparison import Moved
from crosstie.gates.holdout import HIDDEN, Holdout
from crosstie.gates.pairs import Pair

MOST = 20


def moved_rows(
    both: Pair,
    shown: tuple[Sequence[Any], Sequence[Any]],
    target: str,
    holdout: Holdout,
) -> list[Moved]:
    """At most twenty, the furthest first; rows that did not move are not among them.

    Args:
        both: What the two models say.
        shown: What callers are given by production and by the candidate, of the rows of `both`.
        target: The column of the truth.
        holdout: The rows.
    """
    distances = _distances(both)
    order = np.argsort(-np.abs(distances), kind="stable")[:MOST]
    order = order[distances[order] != 0]
    chosen = holdout.table.take(both.rows[order])

    def cells(column: str) -> Sequence[str | None]:
        return [HIDDEN] * len(order) if column in holdout.private else chosen.cells(column)

    readable = [
        each.column
        for each in holdout.inputs
        if each.reads != "media" and each.column not in holdout.key
    ]
    present = [each for each in dict.fromkeys(readable) if each in holdout.table.columns]
    columns = {each: cells(each) for each in present}
    keys = {each: cells(each) for each in holdout.key}
    truths = _steps(both, order) if both.type == "timeseries" else cells(target)
    hidden = target in holdout.private
    return [
        Moved(
            int(both.rows[place]) + 1,
            {name: values[i] for name, values in keys.items()},
            HIDDEN if hidden else truths[i],
            HIDDEN if hidden else _told(both, both.before, shown[0], place),
            HIDDEN if hidden else _told(both, both.after, shown[1], place),
            float(distances[place]),
            {name: values[i] for name, values in columns.items()},
        )
        for i, place in enumerate(order)
    ]


def _steps(both: Pair, places: NDArray[np.intp]) -> list[str | None]:
    """What came, of rows whose cell holds what was before it too."""
    return [", ".join(f"{each:.6g}" for each in row) for row in both.target[places].tolist()]


def _distances(both: Pair) -> NDArray[np.float64]:
    """How far each row moved: numbers by their change, signs kept; classes by the probability that changed sides."""
    assert both.before is not None
    found: NDArray[np.float64]
    if both.type == "text":
        found = (np.asarray(both.after) != np.asarray(both.before)).astype(np.float64)
        return found
    moves = np.asarray(both.after, np.float64) - np.asarray(both.before, np.float64)
    if both.type in ("number", "binary"):
        found = moves
    elif both.type == "category":
        found = np.abs(moves).sum(1) / 2
    elif both.type == "sequence":
        other = both.after.argmax(2) != both.before.argmax(2)
        found = other.mean(1)
    else:
        found = np.abs(moves).mean(1)
    return found


def _told(both: Pair, raw: NDArray[Any] | None, shown: Sequence[Any], place: Any) -> str:
    """`Yes 0.83`, `412.5`, `a, b`."""
    assert raw is not None
    value = shown[place]
    if both.type == "binary":
        return f"{value} ({both.labels[1]} {raw[place]:.3f})"
    if both.type == "category":
        return f"{value} {raw[place].max():.3f}"
    if isinstance(value, list):
        return ", ".join(f"{each:.6g}" if isinstance(each, float) else str(each) for each in value)
    return f"{value:.6g}" if isinstance(value, float) else str(value)
