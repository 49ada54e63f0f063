"""`model_type: auto`: what may be tried within a budget is tried on one prepared table; the best, or an average, is kept.

Models are compared on rows that none of them learned from, by the watched metric, so the test part stays untouched
until one is chosen. What is tried is counted in fits, which end at a tree or an epoch: with a time limit there are as
many as it leaves room for. `plan.json` of the run holds them, so that a search can be done again to the same model
whatever the clock says.
"""

import math
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
from crosstie.pipeline.unseen import compared_by
from crosstie.search.blend import Blend
from crosstie.search.budget import CLASSICS, Budget
from crosstie.search.latency import seconds_a_row
from crosstie.search.portfolio import Trial, draws, portfolio
from crosstie.search.record import Done, Record, read_plan
from crosstie.search.trial import run_trial
from crosstie.training.callbacks.progress_bar import ProgressBar

# A network is worth its seconds where these are; trees on nothing else are not worth theirs.
TOKENS = {"text", "sequence", "set", "bag"}
DRAWN = 30  # beside the portfolio, where the effort is thorough
HOLDS_ROWS = ("nearest_neighbors", "support_vectors")  # whose graphs are made of training rows
PATIENCE = len(CLASSICS) + 3  # trials in a row that there is no time for


def choose(plan: Plan, data: Sequence[Prepared], folder: Path, session: Session) -> list[Candidate]:
    """Fit what fits this table and the budget; the best on validation, or an average of the best, comes first.

    After Ctrl-C nothing more is tried; the best so far is kept.
    """
    options = build(Auto, **plan.trainer)
    by = compared_by(plan, data)
    record = Record(
        folder,
        effort=options.effort,
        time_limit=options.time_limit,
        folds=plan.folds,
        compared_by=by,
    )
    if options.wide:
        session.journal.say(f"models are compared by {by}")
    budget = Budget.of(options, data)
    limit = options.inference_limit
    blend = Blend(plan, most=math.inf if limit is None else limit)
    quiet = _quiet(session) if options.wide else session
    todo, total = units(plan, options)
    rows = len(data[0].batches["train"])
    named = options.plan or options.learners  # what somebody names is tried in any case
    for number, each in enumerate(todo, 1):
        trial = budget.fitting(each.trial)
        name = trial.name
        if named is None and (why := hopeless(trial, data[0].layout, rows)):
            record.omitted(name, why)
            continue
        if blend.tried and (why := budget.lacks(trial)):
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
            trial,
            plan,
            data,
            folder,
            quiet,
            deadline=budget.deadline(trial),
            cuts=each.cuts or None,
        )
        seconds = time.monotonic() - began
        cost = each.seconds_a_row
        if limit is not None and cost is None:
            cost = seconds_a_row(candidate, data)
        budget.took(trial, candidate, seconds, compared=blend.add(candidate, cost or 0.0))
        score = blend.scores[candidate.label]
        record.tried(trial, candidate.cuts, seconds=seconds, score=score, seconds_a_row=cost)
        keep_trial(folder / FOLDER / name, plan, candidate, **vars(trial), score=score)
        if options.wide:
            cut = ", ended early" if any(candidate.cuts) else ""
            session.journal.say(f"{blend.shown(candidate)}, {seconds:.1f} s{cut}")
        if candidate.interrupted:
            break
    ranked = blend.ranked(averages=options.ensemble)
    if len(ranked) > 1:
        session.journal.say(blend.verdict(ranked))
    if limit is not None:
        session.journal.say(blend.quickness(ranked[0]))
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
    compared = CLASSICS if wide or not inputs & TOKENS else ()
    found = [name for name in ("linear", "gbm", *compared) if name in known]
    if not found or wide or several or "set" in outputs or inputs & TOKENS:
        found.append("ecd")
    return found
