"""What the model of a run goes by, looked at once it is saved and where that takes next to nothing.

How much each column is worth (`importance.json`), what is predicted as the most important ones go through their values
(`partial.json`), and why it says what it says of the rows that it is most wrong about (`explanations.json`).
"""

import time
from collections.abc import Mapping, Sequence
from itertools import zip_longest
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crosstie.artifact.artifact import Artifact
from crosstie.artifact.exchange import Exchange
from crosstie.pipeline.candidate import Candidate, Part
from crosstie.pipeline.plan import Plan
from crosstie.pipeline.prepare import Prepared
from crosstie.pipeline.seen import Seen
from crosstie.serving.explain import EXPLAINED, SAMPLES, sampled
from crosstie.serving.importance import (
    FEW_ROWS,
    ROWS,
    affordable,
    can_be_asked,
    measure,
    seconds_a_row,
)
from crosstie.serving.partial import drawable, measure_partial

Places = NDArray[np.int64]
Misses = Sequence[Mapping[str, Any]]

SECONDS, SHARE, MOST = 0.5, 0.1, 1.5  # for importance: at least, of what the fit took, at most
EACH = 0.45  # seconds of each of the others, at most
PARTS = 0.6, 0.2  # of the time that a limit leaves: for importance, and for each of the others
AFTER = 0.6  # seconds that come behind all of it
LEAST = 0.15  # that each of the others gets in any case
COLUMNS = 6  # whose values predictions are shown by
GRIDS = ((500, 20), (200, 12), (100, 8))  # rows, and values of a column: how smooth a line is
WALKS = ((10, SAMPLES), (10, 8), (5, 8))  # rows of an output, and pairs of orders for each


def insight(
    artifact: Artifact,
    plan: Plan,
    chosen: Candidate,
    prepared: Prepared,
    part: Part,
    judged: str,
    misses: Misses,
    *,
    until: float | None = None,
) -> dict[str, dict[str, Any]]:
    """By name of a file what it is to hold; none of what would take long, or cannot be told of such a model.

    Args:
        artifact: The saved model.
        plan: For the sources.
        chosen: What was saved.
        prepared: The encoded data.
        part: What is true of the rows that judge it.
        judged: Which part of the data that is.
        misses: As in `top_losses.json`.
        until: When the run should be done, on the monotonic clock: there is as much time as is left then.
    """
    alike = all(preprocessor is prepared.preprocessor for preprocessor, _ in chosen.members)
    seen = Seen(artifact, plan, prepared, alike)
    total = len(next(iter(part.raw.values())))
    # of validation rows of folds, all members but the one that judged them have learned from them
    unseen = judged != "validation" or (alike and chosen.folds == 1)
    if total < 2 or not can_be_asked(artifact) or not unseen:
        return {}
    rng = np.random.default_rng(plan.seed)
    places = rng.choice(total, ROWS, replace=False) if total > ROWS else rng.permutation(total)
    exchange = seen.rows(judged, places)
    if exchange is None:
        return {}
    seconds, most = _afforded(chosen, until)
    worth = _importance(seen, part, places, exchange, seconds)
    if worth is None:
        return {}
    each = seconds_a_row(artifact, exchange, most / FEW_ROWS)
    found = {
        "importance.json": worth,
        "partial.json": _partial(
            seen, part, judged, places, exchange, each / most, worth["outputs"]
        ),
        "explanations.json": _explanations(seen, judged, misses, each / most),
    }
    return {name: {"part": judged, **one} for name, one in found.items() if one is not None}


def _afforded(chosen: Candidate, until: float | None) -> tuple[float, float]:
    """Seconds for importance, and for each of the others."""
    if until is None:
        return min(max(SECONDS, SHARE * chosen.seconds), MOST), EACH
    left = until - time.monotonic() - AFTER
    return max(PARTS[0] * left, SECONDS), max(PARTS[1] * left, LEAST)


def _importance(
    seen: Seen, part: Part, places: Places, exchange: Exchange, seconds: float
) -> dict[str, Any] | None:
    afforded = affordable(seen.artifact, exchange, seconds)
    if afforded is None:
        return None
    some, shuffles = afforded
    found = measure(
        seen.artifact,
        exchange.take(np.arange(some)),
        {name: values[places[:some]] for name, values in part.truth.items()},
        weights=None if part.weights is None else part.weights[places[:some]],
        shuffles=shuffles,
        seed=seen.plan.seed,
    )
    return found.to_json()


def _partial(
    seen: Seen,
    part: Part,
    judged: str,
    places: Places,
    exchange: Exchange,
    cost: float,
    worth: Mapping[str, Mapping[str, Any]],
) -> dict[str, Any] | None:
    """By the columns that outputs go by most; `cost` is of a row, of what there is time for."""
    known = drawable(seen.artifact)
    ranked = [[one["column"] for one in found["columns"]] for found in worth.values()]
    names = [name for alike in zip_longest(*ranked) for name in alike if name in known]
    columns = list(dict.fromkeys(names))[:COLUMNS]
    grids = [(min(rows, len(places)), values) for rows, values in GRIDS]
    grid = next((g for g in grids if cost * g[0] * g[1] * len(columns) <= 1), None)
    if grid is None:
        return None
    some = places[: grid[0]]
    table = seen.cells(judged, some)
    if table is None:
        return None
    found = measure_partial(
        seen.artifact,
        table,
        exchange.take(np.arange(len(some))),
        columns,
        places=grid[1],
        weights=None if part.weights is None else part.weights[some],
    )
    return {"rows": len(some), "columns": [one.to_json() for one in found]} if found else None


def _explanations(seen: Seen, judged: str, misses: Misses, cost: float) -> dict[str, Any] | None:
    """Of the rows that outputs are most wrong about.

    Of validation rows a model that has learned from them since does not say what it was wrong about.
    """
    artifact = seen.artifact
    told = len(artifact.inputs) > 1 and all(one.type in EXPLAINED for one in artifact.outputs)
    if judged == "validation" or not told:
        return None
    numbers = {
        one.name: np.array([miss["row"] for miss in misses if miss["output"] == one.name], np.int64)
        for one in artifact.outputs
    }
    rows = sum(map(len, numbers.values()))
    walked = 2 * len(artifact.inputs) * cost
    walk = next((w for w in WALKS if w[1] * walked * min(rows, w[0] * len(numbers)) <= 1), None)
    if walk is None or not rows:
        return None
    most, samples = walk
    known = len(seen.prepared.rows["train"])
    drawn = np.random.default_rng(seen.plan.seed).permutation(known)[:samples]
    background = seen.rows("train", np.sort(drawn))
    found: list[dict[str, Any]] = []
    for name, worst in numbers.items():
        asked = seen.rows(judged, seen.places(judged, worst[:most])) if len(worst) else None
        if asked is None or background is None:
            continue
        found += [
            {**one.to_json(), "row": int(worst[one.row - 1])}
            for one in sampled(artifact, asked, background, samples=samples)
            if one.output == name
        ]
    return {"samples": samples, "rows": found} if found else None
