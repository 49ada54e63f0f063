"""One trial of a search: a learner with some options, on the data of every fold, ended in time."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from crosstie.pipeline.candidate import Candidate, Session
from crosstie.pipeline.folds import fit_each
from crosstie.pipeline.plan import Plan
from crosstie.pipeline.prepare import Prepared
from crosstie.pipeline.trials import FOLDER
from crosstie.search.cut import Cut
from crosstie.search.portfolio import Trial


def run_trial(
    trial: Trial,
    plan: Plan,
    data: Sequence[Prepared],
    folder: Path,
    session: Session,
    *,
    deadline: float | None = None,
    cuts: Sequence[int | None] | None = None,
) -> Candidate:
    """Fit a trial, or take what an earlier process made of it.

    Args:
        trial: What to fit.
        plan: Of the run.
        data: Of each fold.
        folder: Of the run; the trial gets `trials/NAME` there.
        session: Of the run.
        deadline: On the monotonic clock, when all of its folds should be done; None for no limit.
        cuts: Of each fold, the step after which an earlier search ended it; goes before `deadline`.
    """

    def watch(fold: int) -> Sequence[Cut]:
        if cuts is not None:
            return [Cut(at=cuts[fold])]
        now = time.monotonic()
        return [Cut(now + (deadline - now) / (len(data) - fold))] if deadline is not None else ()

    found = fit_each(
        replace(plan, architecture=_with(plan.architecture, trial.combiner)),
        data,
        folder / FOLDER / trial.name,
        session,
        model_type=trial.model_type,
        trainer=trial.trainer,
        watch=watch,
    )
    found.name = trial.name
    return found


def _with(architecture: Mapping[str, Any], combiner: Mapping[str, Any]) -> dict[str, Any]:
    return {**architecture, "combiner": {**architecture["combiner"], **combiner}}
