"""`folds: K`: K models, each validated on rows that it never saw, kept together as one.

Each fold fits its own features on its own training rows. The validation figures are out-of-fold: every row
is judged by the one model that did not train on it. The test part is judged by the average of all.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from crosstie.data.split import folds
from crosstie.errors import DataError
from crosstie.pipeline.candidate import Candidate, Choose, Part, Session, Values
from crosstie.pipeline.plan import Plan
from crosstie.pipeline.prepare import Prepared, prepare


def fit_folds(
    plan: Plan,
    assignment: NDArray[np.int8],
    folder: Path,
    scratch: Path,
    session: Session,
    *,
    choose: Choose,
) -> tuple[Candidate, Prepared]:
    """Fit `plan.folds` models on the rows outside the test part.

    Returns:
        One candidate with a member for each fold, and the first fold's data with the rows of all.

    Raises:
        DataError: Some class is too rare to be in every fold's training rows.
    """
    count = plan.folds or 0
    number = folds(
        plan.sources["train"],
        count,
        target=plan.outputs[0].column,
        seed=plan.seed,
        among=assignment < 2,
    )
    fitted: list[tuple[Candidate, Prepared]] = []
    for k in range(count):
        session.journal.say(f"fold {k + 1} of {count}")
        own = np.where(assignment < 2, (number == k).astype(np.int8), assignment)
        prepared = prepare(plan, own, folder=scratch / str(k))
        best, *_ = choose(plan, prepared, folder / "folds" / str(k), session)
        fitted.append((best, prepared))
        if best.interrupted:
            break
    return _join([each for each, _ in fitted]), _join_prepared([each for _, each in fitted])


def _join(candidates: Sequence[Candidate]) -> Candidate:
    first = candidates[0]
    labels = [[feature.labels for feature in each.members[0][0].outputs] for each in candidates]
    for i, feature in enumerate(first.members[0][0].outputs):
        everywhere = set.intersection(*(set(each[i]) for each in labels))
        somewhere = set.union(*(set(each[i]) for each in labels))
        if everywhere != somewhere:
            rare = ", ".join(map(repr, sorted(somewhere - everywhere)))
            raise DataError(
                f"column {feature.column!r}: too few rows of {rare} for every fold to train on one; "
                "use fewer folds, or leave those rows out"
            )
    parts = {"validation": _concatenate([each.parts["validation"] for each in candidates])}
    if "test" in first.parts:
        parts["test"] = _average([each.parts["test"] for each in candidates])
    return Candidate(
        first.model_type,
        [member for each in candidates for member in each.members],
        parts,
        seconds=round(sum(each.seconds for each in candidates), 3),
        about={"folds": [each.about for each in candidates]},
        interrupted=any(each.interrupted for each in candidates),
    )


def _concatenate(parts: Sequence[Part]) -> Part:
    def together(values: Sequence[Values]) -> Values:
        return {name: np.concatenate([each[name] for each in values]) for name in values[0]}

    weights = [each.weights for each in parts if each.weights is not None]
    return Part(
        together([each.truth for each in parts]),
        together([each.raw for each in parts]),
        np.concatenate(weights) if weights else None,
    )


def _average(parts: Sequence[Part]) -> Part:
    raw = {name: np.mean([each.raw[name] for each in parts], axis=0) for name in parts[0].raw}
    return Part(parts[0].truth, raw, parts[0].weights)


def _join_prepared(parts: Sequence[Prepared]) -> Prepared:
    first = parts[0]
    rows = dict(first.rows)
    rows["validation"] = np.concatenate([each.rows["validation"] for each in parts])
    return Prepared(first.preprocessor, first.batches, rows, first.counts, first.dropped)
