"""`folds: K`: K models, each validated on rows that it never saw, kept together as one.

Each fold fits its own features on its own training rows. The validation figures are out-of-fold: every row
is judged by the one model that did not train on it. The test part is judged by the average of all.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crosstie.data.split import folds
from crosstie.errors import DataError
from crosstie.pipeline.candidate import Candidate, Part, Session, Values, fit
from crosstie.pipeline.plan import Plan
from crosstie.pipeline.prepare import Prepared, prepare
from crosstie.pipeline.unseen import group_of
from crosstie.training.callbacks.callback import Callback


def prepare_folds(
    plan: Plan, assignment: NDArray[np.int8], count: int, *, folder: Path
) -> list[Prepared]:
    """The rows outside the test part, parted into training and validation rows in `count` ways.

    Args:
        plan: As for `prepare`.
        assignment: As for `prepare`.
        count: How many.
        folder: As for `prepare`.
    """
    number = folds(
        plan.sources["train"],
        count,
        target=plan.outputs[0].column,
        seed=plan.seed,
        among=assignment < 2,
        group=group_of(plan.split),
    )
    return [
        prepare(
            plan,
            np.where(assignment < 2, (number == k).astype(np.int8), assignment),
            folder=folder / str(k),
        )
        for k in range(count)
    ]


def fit_each(
    plan: Plan,
    data: Sequence[Prepared],
    folder: Path,
    session: Session,
    *,
    model_type: str,
    trainer: Mapping[str, Any],
    watch: Callable[[int], Sequence[Callback]] = lambda fold: (),
) -> Candidate:
    """One learner on the data of every fold, or on what there is but one of: a member of the model each.

    Args:
        plan: As for `fit`.
        data: Of each fold.
        folder: As for `fit`; those of folds lie in `folds/` there.
        session: As for `fit`.
        model_type: As for `fit`.
        trainer: As for `fit`.
        watch: Who listens to the fit of one fold, beside those who listen to all.

    Raises:
        DataError: Some class is too rare to be in every fold's training rows.
    """
    fitted: list[Candidate] = []
    for k, prepared in enumerate(data):
        if len(data) > 1:
            session.journal.say(f"fold {k + 1} of {len(data)}")
        fitted.append(
            fit(
                plan,
                prepared,
                folder / "folds" / str(k) if len(data) > 1 else folder,
                replace(session, callbacks=[*session.callbacks, *watch(k)]),
                model_type=model_type,
                trainer=trainer,
            )
        )
        if fitted[-1].interrupted:
            break
    return _join(fitted) if len(data) > 1 else fitted[0]


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
        folds=len(candidates),
        cuts=tuple(cut for each in candidates for cut in each.cuts),
    )


def _concatenate(parts: Sequence[Part]) -> Part:
    def together(values: Sequence[Values]) -> Values:
        return {name: np.concatenate([each[name] for each in values]) for name in values[0]}

    weights = [each.weights for each in parts if each.weights is not None]
    groups = [each.groups for each in parts if each.groups is not None]
    return Part(
        together([each.truth for each in parts]),
        together([each.raw for each in parts]),
        np.concatenate(weights) if weights else None,
        np.concatenate(groups) if groups else None,
    )


def _average(parts: Sequence[Part]) -> Part:
    raw = {name: np.mean([each.raw[name] for each in parts], axis=0) for name in parts[0].raw}
    return replace(parts[0], raw=raw)


def joined(parts: Sequence[Prepared]) -> Prepared:
    """The first fold's data with the rows of all."""
    first = parts[0]
    if len(parts) == 1:
        return first
    rows = dict(first.rows)
    rows["validation"] = np.concatenate([each.rows["validation"] for each in parts])
    groups = dict(first.groups)
    if groups:
        groups["validation"] = np.concatenate([each.groups["validation"] for each in parts])
    return Prepared(
        first.preprocessor, first.batches, rows, first.counts, first.dropped, groups=groups
    )
