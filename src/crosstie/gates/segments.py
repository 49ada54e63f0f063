"""Where in the holdout a candidate became worse: levels of category columns, quantile bins of numbers.

Segments are told by a loss that is a mean over rows, so that the change in each is a mean of paired differences and
has an interval in closed form. Many segments are looked at and the worst are shown; the interval is widened by their
number (Bonferroni), so that of honest candidates one in twenty has any segment that is called worse.
"""

from collections.abc import Iterator
from itertools import pairwise
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from crosstie.features.feature import Feature
from crosstie.gates.comparison import Segment
from crosstie.gates.holdout import HIDDEN, Holdout
from crosstie.gates.pairs import Pair

LEAST = 50  # rows; below it the mean is not near enough to a normal one
SHOWN = 5
LEVELS = 50  # of a column, the most frequent
BINS = 4
LEVEL = 0.95
LOSSES = {  # of what rows are measured by: metrics of these names are its mean
    "number": "mae",
    "timeseries": "mae",
    "binary": "brier",
    "category": "brier",
    "set": "hamming_loss",
    "sequence": "row error",
    "text": "row error",
}

Mask = NDArray[np.bool_]
Floats = NDArray[np.float64]


def row_loss(both: Pair, said: NDArray[np.generic], which: int) -> Floats:
    """What each row adds to the mean loss, float64 `[rows]`.

    Args:
        both: The rows.
        said: Of one of the two models, as in `both`.
        which: 0 production, 1 the candidate.
    """
    losses: Floats
    if both.type == "number":
        losses = np.abs(np.asarray(said, np.float64) - both.target)
    elif both.type == "timeseries":
        losses = np.abs(np.asarray(said, np.float64) - both.target).mean(1)
    elif both.type == "binary":
        losses = (np.asarray(said, np.float64) - both.target) ** 2
    elif both.type == "category":
        one_hot = np.eye(len(both.labels))[both.target]
        losses = ((np.asarray(said, np.float64) - one_hot) ** 2).sum(1)
    elif both.type == "set":
        wrong = (np.asarray(said, np.float64) >= np.asarray(both.thresholds[which])) != (
            both.target > 0.5
        )
        losses = wrong.mean(1)
    elif both.type == "sequence":
        right = (np.asarray(said).argmax(2) == both.target) | (both.target == -1)
        losses = 1.0 - right.all(1)
    else:
        losses = (np.asarray(said) != both.target).astype(np.float64)
    return losses


def worst_segments(
    holdout: Holdout, rows: NDArray[np.int64], losses: tuple[Floats, Floats]
) -> tuple[list[Segment], int]:
    """The five segments whose loss grew most surely, and how many were looked at.

    Args:
        holdout: The rows.
        rows: Which of them the losses are of.
        losses: Production's and the candidate's, `[rows]`.
    """
    told: dict[bytes, tuple[str, str, Mask]] = {}  # two names of the same rows are one segment
    for feature in holdout.inputs:
        if feature.column not in holdout.table.columns:
            continue
        for values, mask in _parts(holdout, feature):
            chosen = mask[rows]
            if LEAST <= chosen.sum() < len(rows):
                words = HIDDEN if feature.column in holdout.private else values
                told.setdefault(chosen.tobytes(), (feature.column, words, chosen))
    if not told:
        return [], 0
    z = NormalDist().inv_cdf(1 - (1 - LEVEL) / 2 / len(told))
    found = [
        _segment(column, values, losses[0][mask], losses[1][mask], z)
        for column, values, mask in told.values()
    ]
    return sorted(found, key=_order)[:SHOWN], len(found)


def _order(segment: Segment) -> tuple[bool, float]:
    """Those that are surely worse come first, by how much; the others by how sure."""
    if segment.low > 0:
        return False, -segment.worse_by
    half = (segment.high - segment.low) / 2
    change = segment.after - segment.before
    return True, -change / half if half else 0.0


def _segment(column: str, values: str, before: Floats, after: Floats, z: float) -> Segment:
    moves = after - before
    t = z + (z**3 + z) / (4 * (len(moves) - 1))  # Student's quantile, to first order
    half = t * float(moves.std(ddof=1)) / float(np.sqrt(len(moves)))
    mean = float(moves.mean())
    return Segment(
        column,
        values,
        len(moves),
        float(before.mean()),
        float(after.mean()),
        mean - half,
        mean + half,
    )


def _parts(holdout: Holdout, feature: Feature) -> Iterator[tuple[str, Mask]]:
    """The segments of a column, in words, and which rows of the table are in each `[rows]`."""
    if feature.reads == "levels":
        column = holdout.column(feature)
        codes = np.asarray(column.values)
        counts = np.bincount(codes[codes >= 0], minlength=len(column.levels))
        for code in np.argsort(-counts, kind="stable")[:LEVELS].tolist():
            yield f"= {column.levels[code]}", codes == code
    elif feature.reads == "number":
        column = holdout.column(feature)
        values = np.asarray(column.values, np.float64)
        known = values[column.valid]
        if not len(known):
            return
        cuts, times = np.unique(
            np.quantile(known, np.linspace(0, 1, BINS + 1), method="inverted_cdf"),
            return_counts=True,
        )
        often = cuts[times > 1]  # such a value is a segment of its own
        for value in often.tolist():
            yield f"= {value:.6g}", values == value
        rest = ~np.isin(values, often)
        for low, high in pairwise(cuts.tolist()):
            inside = (values > low) | ((values == low) & (low == cuts[0]))
            yield f"{low:.6g} to {high:.6g}", inside & (values <= high) & rest
    else:
        return
    yield "missing", ~column.valid
