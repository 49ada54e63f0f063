"""Where in the holdout a candidate became worse: levels of category columns, quantile bins of numbers.

Segments are told by a loss that is a mean over rows, so that the change in each is a mean of paired differences and
has an interval in closed form. Many segments are looked at and the worst are shown; the interval is widened by their
number (Bonferroni), so that of honest candidates one in twenty has any segment that is called worse.
"""

from collections.abc import Iterator
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from crosstie.evaluation.groups import Mask, parts
from crosstie.features.feature import Feature
from crosstie.gates.comparison import Segment
from crosstie.gates.holdout import HIDDEN, Holdout
from crosstie.gates.pairs import Pair

LEAST = 50  # rows; below it the mean is not near enough to a normal one
SHOWN = 5
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
    if feature.reads in {"levels", "number"}:
        yield from parts(holdout.column(feature), feature.reads)
