"""`model_type: auto`: what may be tried within a budget is tried on one prepared table; the best, or an average, is kept.

Models are compared on rows that none of them learned from, by the watched metric, so the test part stays untouched
until one is chosen. What is tried is counted in fits, which end at a tree or an epoch: with a time limit there are as
many as it leaves room for. `plan.json` of the run holds them, so that a search can be done again to the same model
whatever the clock says.
"""

import math
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from crosstie.config.options import build
from crosstie.errors import DataError, TrainingError
from crosstie.learners.constant import Constant
from crosstie.pipeline.auto import Auto
from crosstie.pipeline.candidate import Candidate, Session
from crosstie.pipeline.finish import keep_network
from crosstie.pipeline.journal import Journal
from crosstie.pipeline.plan import Plan
from crosstie.pipeline.prepare import Prepared
from crosstie.pipeline.trials import FOLDER, keep_features, keep_trial
from crosstie.pipeline.unseen import compared_by
from crosstie.search.agenda import HOLDS_ROWS, agenda, hopeless
from crosstie.search.blend import Blend
from crosstie.search.budget import CLASSICS, Budget
from crosstie.search.latency import seconds_a_row
from crosstie.search.portfolio import Trial
from crosstie.search.record import Done, Record
from crosstie.search.refit import REFIT, can_be_refitted, refitted, seconds_again
from crosstie.search.trial import kept_trial, run_trial
from crosstie.training.callbacks.progress_bar import ProgressBar

KEPT = 3  # models in an average, as a rule
NOT_AGAIN = "only boosters that validation rows stopped can be fitted again, on all rows"
PATIENCE = len(CLASSICS) + 3  # trials in a row that there is no time for


def choose(plan: Plan, data: Sequence[Prepared], folder: Path, session: Session) -> list[Candidate]:
    """Fit what fits this table and the budget; the best on validation, or an average of the best, comes first.

    After Ctrl-C nothing more is tried; the best so far is kept. What cannot be fitted is left out, with the reason.

    Raises:
        DataError: Nothing can be fitted, not even a constant.
        TrainingError: Likewise.
    """
    search = Search(plan, data, folder, session)
    todo, total = agenda(plan, search.options, leading=search.leading)
    for number, each in enumerate(todo, 1):
        place = f"{number}" if total is None else f"{number} of {total}"
        if not search.attempt(each, place if total != 1 else ""):
            break
    return search.ranked()


class Search:
    """A search under way: what it tried, what it left out, and what it will keep.

    Args:
        plan: Of the run.
        data: Of each fold.
        folder: Of the run.
        session: Of the run.
    """

    def __init__(
        self, plan: Plan, data: Sequence[Prepared], folder: Path, session: Session
    ) -> None:
        self.plan, self.data, self.folder = plan, data, folder
        self.say = session.journal.say
        self.options = options = build(Auto, **plan.trainer)
        self.session, self.quiet = session, _quiet(session)
        by = compared_by(plan, data)
        self.record = Record(
            folder,
            effort=options.effort,
            time_limit=options.time_limit,
            folds=plan.folds,
            compared_by=by,
        )
        if options.wide:
            self.say(f"models are compared by {by}")
        self.budget = Budget.of(options, data, session.began)
        limit = options.inference_limit
        self.blend = Blend(plan, most=math.inf if limit is None else limit)
        self.trials: dict[str, Trial] = {}  # that came to something, by name
        self.failed: list[Exception] = []
        self._began, self._fitting = time.monotonic(), 0.0

    def attempt(self, unit: Done, place: str) -> bool:
        """Fit a model, unless there is a reason not to; whether the search goes on.

        Args:
            unit: What to fit.
            place: Of it among all, to be said: "2 of 7"; "" where there is no other.
        """
        trial = unit.trial if unit.cuts else self.budget.fitting(unit.trial)
        if self.session.resume:  # whatever the clock says now, what was fitted is what it was
            trial = kept_trial(self.folder / FOLDER / trial.name) or trial
        if trial.name in self.trials:  # a plan that is gone on from had one of that name
            if trial == self.trials[trial.name]:
                return True
            trial = replace(trial, name=f"{trial.name}_again")
        if why := self._omitted(trial, planned=bool(unit.cuts)):
            self.record.omitted(trial.name, why)
            return self.budget.refused <= PATIENCE
        if place:
            self.say(f"trying {trial.name} ({place})")
        try:
            candidate = self._fit(trial, unit)
        except (DataError, TrainingError, MemoryError) as error:
            why = f"failed: {error or 'out of memory'}"
            self.failed.append(error)
            self.record.omitted(trial.name, why)
            self.say(f"{trial.name} {why}")
            return True
        return not candidate.interrupted

    def leading(self) -> list[Trial]:
        """The best of what was tried so far."""
        return [self.trials[each.label] for each in self.blend.best(KEPT)]

    def ranked(self) -> list[Candidate]:
        """What is kept, then all else that was tried, the best first."""
        if not self.blend.tried:
            self._fit_constant()
        ranked = self.blend.ranked(averages=self.options.ensemble)
        kept = list(ranked[0].about.get("weights", [ranked[0].label]))
        if len(ranked) > 1:
            self.say(self.blend.verdict(ranked))
        if self.options.inference_limit is not None:
            self.say(self.blend.quickness(ranked[0]))
        for name in HOLDS_ROWS:
            if name in kept:
                self.say(
                    f"{name}: the model holds training rows, as numbers; who has it can read them"
                )
        if self.options.refit:
            began = time.monotonic()
            ranked[0] = self._refitted(ranked[0], kept)
            self._fitting += time.monotonic() - began
        keep_network(self.folder, self.folder / FOLDER / self.blend.best(1)[0].label)
        seconds = round(time.monotonic() - self.session.began, 3)
        between = round(time.monotonic() - self._began - self._fitting, 3)
        self.record.write(seconds=seconds, between_fits=between, chosen=ranked[0].label, kept=kept)
        ranked[0].interrupted = any(each.interrupted for each in ranked)
        return ranked

    def _omitted(self, trial: Trial, *, planned: bool) -> str:
        """Why a model is not fitted; "" if it is."""
        named = self.options.learners or planned  # what somebody names is in any case
        rows = len(self.data[0].batches["train"])
        if not named and (why := hopeless(trial, self.data[0].layout, rows)):
            return why
        return self.budget.lacks(trial) if self.blend.tried else ""

    def _fit(self, trial: Trial, unit: Done) -> Candidate:
        brief = self.options.wide or trial.model_type in CLASSICS  # a line each is enough
        fitted = run_trial(
            trial,
            self.plan,
            self.data,
            self.folder,
            self.quiet if brief else self.session,
            deadline=self.budget.deadline(trial),
            behind=self.budget.behind(trial),
            cuts=unit.cuts or None,
        )
        candidate, seconds, cost = fitted.candidate, fitted.seconds, unit.seconds_a_row
        if self.options.inference_limit is not None and cost is None:
            cost = seconds_a_row(candidate, self.data)
        self._fitting += seconds
        self.trials[candidate.label] = trial
        by = self.blend.metric
        compared = self.blend.add(candidate, cost or 0.0)
        if by != self.blend.metric:
            self.say(
                f"{by} has no value on these rows, so models are compared by {self.blend.metric}"
            )
        if self.options.refit:
            likely = self.blend.best(KEPT)
            self.budget.refitting = sum(map(seconds_again, likely))
        self.budget.took(trial, fitted, compared=compared)
        found = self.blend.scores[candidate.label]
        score = found if math.isfinite(found) else None
        self.record.tried(trial, candidate.cuts, seconds=seconds, score=score, seconds_a_row=cost)
        own = self.folder / FOLDER / trial.name
        keep_trial(own, self.plan, candidate, **vars(trial), score=score)
        if self.options.refit and len(self.data) > 1:  # the model has but the first one's features
            keep_features(own, self.data, candidate)
        if brief:
            cut = ", ended early" if any(candidate.cuts) else ""
            self.say(f"{self.blend.shown(candidate)}, {seconds:.1f} s{cut}")
        return candidate

    def _refitted(self, kept: Candidate, names: Sequence[str]) -> Candidate:
        """What is kept, fitted on validation rows, too, as far as its learners can and there is time."""
        found: dict[str, Candidate] = {}
        self.budget.refitting = 0.0
        for each in (one for one in self.blend.tried if one.label in names):
            trial, why = self.trials[each.label], ""
            if not can_be_refitted(each):
                why = "it has learned from all rows" if REFIT in each.about else NOT_AGAIN
            elif self.budget.left < seconds_again(each):
                why = "there is no time to fit it again, on all rows"
            else:
                self.say(f"fitting {each.label} again, on all rows")
                again = refitted(trial, each, self.plan, self.data, self.folder, self.quiet)
                if again is None:
                    why = "validation rows are set aside, or too many to be fitted again"
                else:
                    found[each.label] = again
            if why:
                self.say(f"{each.label} stays as it is: {why}")
        return self.blend.again(kept, found)

    def _fit_constant(self) -> None:
        """The worst case: what everything else would have been compared with."""
        if not {each.type for each in self.plan.outputs} <= {*Constant.predicts}:
            raise self.failed[0]
        self.say("nothing could be fitted, so the same is said of every row")
        trial = Trial("constant", "constant")
        self._fit(trial, Done(trial, ()))


def _quiet(session: Session) -> Session:
    """The same without a line for each fold of each fit, which the log keeps."""
    watching = [each for each in session.callbacks if not isinstance(each, ProgressBar)]
    return replace(session, callbacks=watching, journal=Journal(session.journal.path))
