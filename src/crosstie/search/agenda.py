"""What is to be tried on a table: the learners that can take it, the portfolio of their options, then draws."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from inspect import signature
from itertools import chain, islice
from pathlib import Path

from crosstie.data.batch import Layout
from crosstie.errors import ConfigError, Problem
from crosstie.learners.classic import classes, columns
from crosstie.learners.learner import able, learners
from crosstie.pipeline.auto import Auto
from crosstie.pipeline.plan import Plan
from crosstie.search.budget import CLASSICS
from crosstie.search.portfolio import Trial, draws, portfolio
from crosstie.search.record import Done, read_plan

# A network is worth its seconds where these are; trees on nothing else are not worth theirs.
TOKENS = {"text", "sequence", "set", "bag"}
DRAWN = 30  # beside the portfolio, where the effort is thorough
HOLDS_ROWS = ("nearest_neighbors", "support_vectors")  # whose graphs are made of training rows


def agenda(
    plan: Plan, options: Auto, *, leading: Callable[[], Sequence[Trial]] = tuple
) -> tuple[Iterable[Done], int | None]:
    """What is to be tried, in order, and how much that is: as a plan has it, else as far as the budget goes."""
    done: list[Done] = []
    if options.plan is not None:
        done = read_plan(Path(options.plan), kept=options.repeat == "kept")
        if options.replayed:
            return done, len(done)
    asked = options.learners
    names = plausible(plan, wide=options.wide or asked is not None)
    if plan.private:
        names = [name for name in names if name not in HOLDS_ROWS]
    if options.monotone_constraints:
        names = [name for name in names if _may_be_monotone(name, plan)]
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
    drawn = draws(names, seed=plan.seed, leading=leading)
    if options.time_limit is not None:
        return chain(done, (_done(each, options) for each in chain(trials, drawn))), None
    more = DRAWN if options.effort == "thorough" and not {"gbm", "ecd"}.isdisjoint(names) else 0
    todo = chain(trials, islice(drawn, more))
    return (_done(each, options) for each in todo), len(trials) + more


def _done(trial: Trial, options: Auto) -> Done:
    """A trial with what all of them have to keep."""
    if options.monotone_constraints:
        kept = {"monotone_constraints": options.monotone_constraints}
        trial = replace(trial, trainer={**trial.trainer, **kept})
    return Done(trial, ())


def _may_be_monotone(name: str, plan: Plan) -> bool:
    """Whether a learner can be told that an effect only rises or falls."""
    if name == "catboost" and plan.outputs[0].type == "category":
        return False
    return "monotone_constraints" in signature(learners.get(name)).parameters


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
        known = [name for name in known if name not in ("gbm", "catboost", *CLASSICS)]
    known = [name for name in known if learners.get(name).installed()]
    compared = CLASSICS if wide or not inputs & TOKENS else ()
    slower = ("catboost",) if wide else ()
    found = [name for name in ("linear", "gbm", *compared, *slower) if name in known]
    if not found or wide or several or "set" in outputs or inputs & TOKENS:
        found.append("ecd")
    return found


def hopeless(trial: Trial, layout: Layout, rows: int) -> str:
    """Why a learner is not worth its time on so many training rows; "" where it is."""
    learner = learners.get(trial.model_type)
    return learner.hopeless(rows, columns(layout), classes(layout.outputs[0]))
