"""One trial of a search: a learner with some options, on the data of every fold, ended in time."""

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from crosstie.pipeline.candidate import Candidate, Session
from crosstie.pipeline.folds import fit_each
from crosstie.pipeline.plan import Plan
from crosstie.pipeline.prepare import Prepared
from crosstie.pipeline.trials import FACTS, FOLDER
from crosstie.search.cut import Cut
from crosstie.search.portfolio import Trial


@dataclass(frozen=True)
class Fitted:
    """What came of a trial.

    Attributes:
        candidate: The model.
        seconds: That it took, what was asked of its graphs included.
        learned: Those of its units, trees or epochs; 0 where nobody counted.
        behind: Those that came behind its units.
    """

    candidate: Candidate
    seconds: float
    learned: float
    behind: float


def kept_trial(folder: Path) -> Trial | None:
    """What an earlier process tried in a folder; None if it kept nothing there."""
    if not (folder / FACTS).is_file():
        return None
    facts = json.loads((folder / FACTS).read_text(encoding="utf-8"))
    return Trial(*(facts[key] for key in ("name", "model_type", "trainer", "combiner")))


def run_trial(
    trial: Trial,
    plan: Plan,
    data: Sequence[Prepared],
    folder: Path,
    session: Session,
    *,
    deadline: float | None = None,
    behind: float = 0.0,
    cuts: Sequence[int | None] | None = None,
) -> Fitted:
    """Fit a trial, or take what an earlier process made of it.

    Args:
        trial: What to fit.
        plan: Of the run.
        data: Of each fold.
        folder: Of the run; the trial gets `trials/NAME` there.
        session: Of the run.
        deadline: On the monotonic clock, when all of its folds should be done; None for no limit.
        behind: As `Cut.behind`.
        cuts: Of each fold, the step after which an earlier search ended it; goes before `deadline`.
    """
    began = time.monotonic()
    watching: list[tuple[Cut, float]] = []  # and what came behind its units

    def settle() -> None:
        """A fold is done, if one was begun."""
        if watching:
            cut, _ = watching[-1]
            watching[-1] = cut, time.monotonic() - cut.ended

    def watch(fold: int) -> Sequence[Cut]:
        settle()
        if cuts is not None:
            return [Cut(at=cuts[fold])]
        if deadline is None:
            return ()
        now = time.monotonic()
        cut = Cut(now + (deadline - now) / (len(data) - fold), behind=behind)
        watching.append((cut, 0.0))
        return [cut]

    found = fit_each(
        replace(plan, architecture=_with(plan.architecture, trial.combiner)),
        data,
        folder / FOLDER / trial.name,
        session,
        model_type=trial.model_type,
        trainer=trial.trainer,
        watch=watch,
    )
    settle()
    found.name = trial.name
    learned = sum(cut.learned for cut, _ in watching)
    after = sum(seconds for cut, seconds in watching if cut.learned)
    return Fitted(found, time.monotonic() - began, learned, after)


def _with(architecture: Mapping[str, Any], combiner: Mapping[str, Any]) -> dict[str, Any]:
    return {**architecture, "combiner": {**architecture["combiner"], **combiner}}
