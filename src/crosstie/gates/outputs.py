"""One output of two models on the same rows: metrics, flips, amounts, calibration."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crosstie.errors import DataError
from crosstie.evaluation.bootstrap import changes
from crosstie.evaluation.calibration_error import calibration_bins
from crosstie.evaluation.metric import metrics
from crosstie.evaluation.score import REPORTED, score
from crosstie.gates.answers import Answer
from crosstie.gates.comparison import Amounts, Bin, Flips, Measured, Output
from crosstie.gates.holdout import Holdout
from crosstie.gates.moved import moved_rows
from crosstie.gates.pairs import Pair, alone, pair
from crosstie.gates.segments import LOSSES, row_loss, worst_segments

AMOUNTS = ("number", "timeseries")
WAYS = 10  # of flips that are named
BINS = 10


def compare_output(
    production: Answer | None,
    candidate: Answer,
    holdout: Holdout,
    *,
    seed: int,
) -> Output:
    """Everything about one output.

    Args:
        production: What production says; None where it has no such output.
        candidate: What the candidate says.
        holdout: The rows.
        seed: Of the resampling.
    """
    why, both = "", alone(candidate)
    if production is not None:
        beside = pair(production, candidate)
        why, both = (beside, both) if isinstance(beside, str) else ("", beside)
    if not len(both.rows):
        column = candidate.feature.column
        raise DataError(f"column {column!r}: no row of the holdout has a value that a model knows")
    left_out = len(candidate.usable) - len(both.rows)
    if both.before is None or production is None:
        own = _own(both, candidate.feature.usual_change)
        return Output(
            both.type,
            len(both.rows),
            left_out,
            _main(both.type, own),
            own,
            incomparable=why,
            calibration={"after": _bins(both, both.after)},
        )
    found = _changes(both, production.feature.usual_change, seed)
    losses = row_loss(both, both.before, 0), row_loss(both, both.after, 1)
    segments, seen = worst_segments(holdout, both.rows, losses)
    shown = [production.shown[i] for i in both.rows], [candidate.shown[i] for i in both.rows]
    amounts = both.type in AMOUNTS
    return Output(
        both.type,
        len(both.rows),
        left_out,
        _main(both.type, found),
        found,
        loss=LOSSES[both.type],
        flips=None if amounts else _flips(*shown, float(_wrong(both).mean())),
        amounts=_amounts(both) if amounts else None,
        calibration={
            "before": _bins(both, both.before),
            "after": _bins(both, both.after),
        },
        segments=segments,
        segments_seen=seen,
        moved=moved_rows(both, shown, candidate.feature.column, holdout),
    )


def _main(kind: str, found: Mapping[str, Measured]) -> str:
    """The metric that tells most: not each is defined for every holdout."""
    names = REPORTED[kind].split()
    return next((name for name in names if name in found), names[0])


def _own(both: Pair, scale: float) -> dict[str, Measured]:
    """The candidate's metrics alone."""
    found = score(
        both.type,
        both.target,
        both.after,
        threshold=both.thresholds[1],
        labels=both.labels,
        scale=scale,
    )
    return {name: Measured(value, **_nature(both.type, name)) for name, value in found.items()}


def _changes(both: Pair, scale: float, seed: int) -> dict[str, Measured]:
    assert both.before is not None
    found = changes(
        both.type,
        both.target,
        both.before,
        both.after,
        thresholds=both.thresholds,
        labels=both.labels,
        scale=scale,
        seed=seed,
    )
    return {
        name: Measured(
            each.after,
            each.before,
            each.after - each.before,
            each.low,
            each.high,
            **_nature(both.type, name),
        )
        for name, each in found.items()
    }


def _nature(kind: str, name: str) -> dict[str, Any]:
    metric = metrics.get(name, of=kind)
    return {"greater_is_better": metric.greater_is_better, "perfect": metric.perfect}


def _wrong(both: Pair) -> NDArray[np.bool_]:
    """Which rows production gets wrong; of a set or a sequence those with anything wrong."""
    wrong: NDArray[np.bool_]
    if both.type == "binary":
        wrong = (np.asarray(both.before) >= both.thresholds[0]) != (both.target > 0)
    elif both.type == "category":
        wrong = np.asarray(both.before).argmax(1) != both.target
    else:
        assert both.before is not None
        wrong = row_loss(both, both.before, 0) > 0
    return wrong


def _flips(before: Sequence[Any], after: Sequence[Any], wrong: float) -> Flips:
    pairs = [(_said(old), _said(new)) for old, new in zip(before, after, strict=True) if old != new]
    ways = sorted(Counter(pairs).items(), key=lambda each: (-each[1], each[0]))[:WAYS]
    share = len(pairs) / len(before) if before else 0.0
    return Flips(share, len(pairs), wrong, [(old, new, rows) for (old, new), rows in ways])


def _said(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(str(each) for each in value if each is not None) or "nothing"
    return str(value)


def _amounts(both: Pair) -> Amounts | None:
    assert both.before is not None
    moves = np.asarray(both.after, np.float64) - both.before
    if not moves.size:
        return None
    error = float(np.abs(np.asarray(both.target, np.float64) - both.before).mean())
    size = float(np.abs(moves).mean())
    return Amounts(
        float(moves.mean()), size, float(np.abs(moves).max()), size / error if error else None
    )


def _bins(both: Pair, said: NDArray[Any]) -> list[Bin]:
    """Rows by what is said of them: probabilities in ten equal bins, numbers in their deciles."""
    if both.type == "number":
        return _number_bins(np.asarray(said, np.float64), np.asarray(both.target, np.float64))
    if both.type == "binary":
        counted = calibration_bins(both.target, said, bins=BINS)
    elif both.type == "category":
        counted = calibration_bins(said.argmax(1) == both.target, said.max(1), bins=BINS)
    else:
        return []
    parts = zip(*(each.tolist() for each in counted), strict=True)
    return [Bin(int(rows), predicted, observed) for rows, predicted, observed in parts if rows]


def _number_bins(said: NDArray[np.float64], true: NDArray[np.float64]) -> list[Bin]:
    parts = np.array_split(np.argsort(said, kind="stable"), BINS)
    return [
        Bin(len(rows), float(said[rows].mean()), float(true[rows].mean()))
        for rows in parts
        if len(rows)
    ]
