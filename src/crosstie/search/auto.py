"""`model_type: auto`: what may be tried within a budget is tried on one prepared table; the best, or an average, is kept.

Models are compared on rows that none of them learned from, by the watched metric, so the test part stays untouched
until one is chosen. What is tried is counted in fits, which end at a tree or an epoch: with a time limit there are as
many as it leaves room for. `plan.json` of the run holds them, so that a search can be done again to the same model
whatever the clock says.
"""

import time
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import chain, islice
from pathlib import Path

from crosstie.config.options import build
from crosstie.data.batch import Layout
from crosstie.errors import ConfigError, Problem
from crosstie.learners.classic import classes, columns
from crosstie.learners.learner import able, learners
from crosstie.pipeline.auto import Auto
from crosstie.pipeline.candidate import Candidate, Session
from crosstie.pipeline.finish import keep_network
from crosstie.pipeline.journal import Journal
from crosstie.pipeline.plan import Plan
from crosstie.pipeline.prepare import Prepared
from crosstie.pipeline.process import seconds_since_start
from crosstie.pipeline.trials import FOLDER, keep_trial
from crosstie.search.blend import Blend
from crosstie.search.portfolio import Trial, draws, portfolio
from crosstie.search.record import Done, Record, read_plan
from crosstie.search.trial import run_trial
from crosstie.training.callbacks.progress_bar import ProgressBar

# A network is worth its seconds where these are; trees on nothing else are not worth theirs.
TOKENS = {"text", "sequence", "set", "bag"}
DRAWN = 30  # beside the portfolio, where the effort is thorough
CLASSICS = (  # that people expect to see compared
    "decision_tree",
    "nearest_neighbors",
    "random_forest",
    "extra_trees",
    "support_vectors",
)
HOLDS_ROWS = ("nearest_neighbors", "support_vectors")  # whose graphs are made of training rows
SHARE = 0.5  # of the time that is left, that one trial may take
LEAST = 0.5  # seconds that are worth beginning another trial for
WORTH = 0.5  # of what a trial would take, below which it would say little of itself
FAIR = 0.05  # of the time that is left, that what is only there to be compared may take
PATIENCE = len(CLASSICS) + 3  # trials in a row that there is no time for


def choose(plan: Plan, data: Sequence[Prepared], folder: Path, session: Session) -> list[Candidate]:
    """Fit what fits this table and the budget; the best on validation, or an average of the best, comes first.

    After Ctrl-C nothing more is tried; the best so far is kept.
    """
    options = build(Auto, **plan.trainer)
    record = Record(folder, effort=options.effort, time_limit=options.time_limit)
    budget = Budget.of(options, plan, data)
    blend = Blend(plan)
    quiet = _quiet(session) if options.wide else session
    todo, total = units(plan, options)
    rows = len(data[0].batches["train"])
    named = options.plan or options.learners  # what somebody names is tried in any case
    for number, each in enumerate(todo, 1):
        name = each.trial.name
        if named is None and (why := hopeless(each.trial, data[0].layout, rows)):
            record.omitted(name, why)
            continue
        if blend.tried and (why := budget.lacks(each.trial)):
            record.omitted(name, why)
            if budget.refused > PATIENCE:
                break
            continue
        if total != 1:
            session.journal.say(
                f"trying {name} ({number}{'' if total is None else f' of {total}'})"
            )
        began = time.monotonic()
        candidate = run_trial(
            each.trial,
            plan,
            data,
            folder,
            quiet,
            deadline=budget.deadline(),
            cuts=each.cuts or None,
        )
        seconds = time.monotonic() - began
        budget.took(each.trial, seconds)
        blend.add(candidate)
        score = blend.scores[candidate.label]
        record.tried(each.trial, candidate.cuts, seconds=seconds, score=score)
        keep_trial(folder / FOLDER / name, plan, candidate, **vars(each.trial), score=score)
        if options.wide:
            cut = ", ended early" if any(candidate.cuts) else ""
            session.journal.say(f"{blend.shown(candidate)}, {seconds:.1f} s{cut}")
        if candidate.interrupted:
            break
    ranked = blend.ranked(averages=options.ensemble)
    if len(ranked) > 1:
        session.journal.say(blend.verdict(ranked))
    keep_network(folder, folder / FOLDER / blend.best().label)
    kept = list(ranked[0].about.get("weights", [ranked[0].label]))
    record.write(seconds=round(seconds_since_start(), 3), chosen=ranked[0].label, kept=kept)
    ranked[0].interrupted = any(each.interrupted for each in ranked)
    return ranked


def hopeless(trial: Trial, layout: Layout, rows: int) -> str:
    """Why a learner is not worth its time on so many training rows; "" where it is."""
    learner = learners.get(trial.model_type)
    return learner.hopeless(rows, columns(layout), classes(layout.outputs[0]))


def _quiet(session: Session) -> Session:
    """The same without a line for each fold of each fit, which the log keeps."""
    watching = [each for each in session.callbacks if not isinstance(each, ProgressBar)]
    return replace(session, callbacks=watching, journal=Journal(session.journal.path))


class Budget:
    """The time that a search has, and what it learns of how long fits take here.

    Args:
        ends: When fits have to be done, on the monotonic clock; None for no limit.

    Attributes:
        refused: Trials in a row for which there was not enough.
    """

    def __init__(self, ends: float | None) -> None:
        self.ends = ends
        self.refused = 0
        self._unit: dict[str, float] = {}  # seconds a unit of work, by learner

    @classmethod
    def of(cls, options: Auto, plan: Plan, data: Sequence[Prepared]) -> "Budget":
        """What is left of the time limit once what comes behind the fits is taken off."""
        if options.time_limit is None or options.plan is not None:
            return cls(None)
        left = options.time_limit - seconds_since_start()
        return cls(time.monotonic() + left - _to_finish(plan, data))

    def lacks(self, trial: Trial) -> str:
        """Why a trial is not begun; "" where there is time for it."""
        if self.ends is None:
            return ""
        left = self.ends - time.monotonic()
        wanted = self._unit.get(trial.model_type, 0.0) * trial.work
        if trial.model_type in CLASSICS:  # they end when they end: as long as trees, as is guessed
            wanted = self._unit.get("gbm", 0.0)
            fair = left * FAIR
        else:
            fair = left / WORTH
        if left > LEAST and fair > wanted:
            self.refused = 0
            return ""
        self.refused += 1
        return f"would take about {max(wanted, LEAST):.1f} s, and its share of what is left is {max(min(fair, left), 0.0):.1f} s"

    def took(self, trial: Trial, seconds: float) -> None:
        """Learn from a trial how long others will take."""
        self._unit.setdefault(trial.model_type, seconds / trial.work)

    def deadline(self) -> float | None:
        """When the next trial should be done."""
        if self.ends is None:
            return None
        now = time.monotonic()
        return now + max(self.ends - now, 0.0) * SHARE


def _to_finish(plan: Plan, data: Sequence[Prepared]) -> float:
    """Seconds that measuring, saving and leaving take behind the last fit."""
    rows = sum(len(batch) for part, batch in data[0].batches.items() if part != "train")
    return 2.2 + rows * len(plan.outputs) * 1e-4


def units(plan: Plan, options: Auto) -> tuple[Iterable[Done], int | None]:
    """What is to be tried, in order, and how much that is: as a plan has it, else as far as the budget goes."""
    if options.plan is not None:
        done = read_plan(Path(options.plan), kept=options.repeat == "kept")
        return done, len(done)
    asked = options.learners
    names = plausible(plan, wide=options.wide or asked is not None)
    if plan.private:
        names = [name for name in names if name not in HOLDS_ROWS]
    if asked is not None:
        fitting, names = names, [name for name in names if name in asked]
        if not names:
            raise ConfigError(
                Problem(
                    "trainer.learners",
                    f"none of {', '.join(asked)} can be searched among for this table; choose from {', '.join(fitting)}",
                )
            )
    number = plan.outputs[0].type == "number"
    trials = (
        portfolio(names, number=number) if options.wide else [Trial(name, name) for name in names]
    )
    drawn = draws(names, seed=plan.seed)
    if options.time_limit is not None:
        return (Done(each, ()) for each in chain(trials, drawn)), None
    trials += islice(drawn, DRAWN if options.effort == "thorough" else 0)
    return [Done(each, ()) for each in trials], len(trials)


def plausible(plan: Plan, *, wide: bool = False) -> list[str]:
    """Learners that can take these inputs and predict these outputs, the quickest first.

    Args:
        plan: Of the run.
        wide: Those, too, that take long for what they bring.
    """
    inputs = {feature.acts_as() for feature in plan.inputs}
    outputs = [feature.type for feature in plan.outputs]
    several = len(outputs) > 1
    known = able(inputs, outputs)
    if (
        inputs <= TOKENS
    ):  # 77 intents of bank customers: 32 s for an accuracy of .62, linear has .89
        known = [name for name in known if name not in ("gbm", *CLASSICS)]
    found = [name for name in ("linear", "gbm", *(CLASSICS if wide else ())) if name in known]
    if not found or wide or several or "set" in outputs or inputs & TOKENS:
        found.append("ecd")
    return found
