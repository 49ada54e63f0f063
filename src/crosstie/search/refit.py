"""What a search keeps, fitted once more on validation rows, too: one model on all rows where there was one a fold."""

from collections.abc import Sequence
from dataclasses import replace
from inspect import signature
from pathlib import Path

from crosstie.learners.learner import learners
from crosstie.pipeline.candidate import Candidate, Session, fit, may_refit
from crosstie.pipeline.plan import Plan
from crosstie.pipeline.prepare import Prepared
from crosstie.pipeline.trials import FOLDER
from crosstie.search.cut import Cut
from crosstie.search.portfolio import Trial

REFIT = "refit_rows"  # what a learner says of itself that has learned from more
TIMES = 2.2  # what it takes beside the fit of one fold: that again, then all rows


def can_be_refitted(found: Candidate) -> bool:
    """Whether validation rows only said when its learner stops, so that it may learn from them in the end."""
    known = signature(learners.get(found.model_type)).parameters
    return "refit" in known and REFIT not in found.about and "validation" in found.parts


def seconds_again(found: Candidate) -> float:
    """How long that would take; 0 where there is nothing to do."""
    return TIMES * found.seconds / found.folds if can_be_refitted(found) else 0.0


def refitted(
    trial: Trial,
    found: Candidate,
    plan: Plan,
    data: Sequence[Prepared],
    folder: Path,
    session: Session,
) -> Candidate | None:
    """A model that learned from training and validation rows; None where these are set aside, or too many for its learner.

    Its figures of validation rows are those of `found`, which never saw them.

    Args:
        trial: What was fitted.
        found: What came of it.
        plan: Of the run.
        data: Of each fold.
        folder: Of the run.
        session: Of the run.
    """
    whole = replace(plan, folds=None)
    if not may_refit(whole):
        return None
    again = fit(
        whole,
        data[0],
        folder / FOLDER / trial.name / "refit",
        replace(session, callbacks=[*session.callbacks, Cut(at=found.cuts[0])]),
        model_type=trial.model_type,
        trainer={**trial.trainer, "refit": True},
    )
    if REFIT not in again.about:
        return None
    parts = {name: part for name, part in again.parts.items() if name != "validation"}
    return replace(
        again,
        parts={**parts, "validation": found.parts["validation"]},
        seconds=round(found.seconds + again.seconds, 3),
        interrupted=found.interrupted or again.interrupted,
        folds=found.folds,
        name=trial.name,
        cuts=found.cuts,
    )
