"""What each column is worth to the model of a run, measured at its end where that takes next to nothing."""

from typing import Any

import numpy as np

from crosstie.artifact.exchange import Exchange
from crosstie.artifact.loading import load
from crosstie.features.preprocessor import Encoded
from crosstie.pipeline.candidate import Candidate, Part
from crosstie.pipeline.prepare import Prepared
from crosstie.pipeline.run import Run
from crosstie.serving.importance import ROWS, affordable, can_be_asked, measure

SECONDS, SHARE = 0.5, 0.1  # at least, and of what the fit took


def importance(
    run: Run, chosen: Candidate, prepared: Prepared, part: Part, judged: str, *, seed: int
) -> dict[str, Any] | None:
    """As `importance.json` has it; None where it would take long, or there is nothing to measure it by.

    Args:
        run: Its model is saved.
        chosen: What was saved.
        prepared: The encoded data.
        part: What is true of the rows that judge it.
        judged: Which part of the data that is.
        seed: Of the rows and of shuffles.
    """
    artifact = load(run.model, verify=False)
    # members of folds have features of their own, and their rows lie elsewhere
    alike = all(preprocessor is prepared.preprocessor for preprocessor, _ in chosen.members)
    total = len(next(iter(part.raw.values())))
    if not (alike and can_be_asked(artifact) and judged in prepared.batches and total > 1):
        return None
    rng = np.random.default_rng(seed)
    rows = rng.choice(total, ROWS, replace=False) if total > ROWS else rng.permutation(total)
    every = np.ones(len(rows), bool)
    encoded = Encoded(prepared.batches[judged].take(rows), every, every)
    exchange = Exchange(artifact, [encoded] * len(artifact.members))
    afforded = affordable(artifact, exchange, max(SECONDS, SHARE * chosen.seconds))
    if afforded is None:
        return None
    some, shuffles = afforded
    rows = rows[:some]
    found = measure(
        artifact,
        exchange.take(np.arange(some)),
        {name: values[rows] for name, values in part.truth.items()},
        weights=None if part.weights is None else part.weights[rows],
        shuffles=shuffles,
        seed=seed,
    )
    return {"part": judged, **found.to_json()}
