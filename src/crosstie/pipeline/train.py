"""A run from start to end: the only place that knows the order."""

import os
import platform
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from crosstie.config.document import dump
from crosstie.data.files import write_text
from crosstie.data.write import write_table
from crosstie.evaluation.metric import metrics
from crosstie.learners.learner import learners
from crosstie.pipeline.candidate import Candidate, Choose, fit
from crosstie.pipeline.finish import finish
from crosstie.pipeline.folds import fit_folds
from crosstie.pipeline.journal import Journal
from crosstie.pipeline.plan import Plan
from crosstie.pipeline.prepare import PARTS, Prepared, assign, prepare
from crosstie.pipeline.run import Run, mark_best
from crosstie.training.callbacks.callback import Callback

PACKAGES = (
    "crosstie",
    "numpy",
    "onnxruntime",
    "torch",
    "lightgbm",
    "scikit-learn",
    "duckdb",
    "pyarrow",
)


def fit_one(
    plan: Plan,
    prepared: Prepared,
    folder: Path,
    *,
    callbacks: Sequence[Callback],
    resume: bool,
    journal: Journal,
) -> list[Candidate]:
    """The learner that the plan names, alone."""
    return [
        fit(
            plan,
            prepared,
            model_type=plan.model_type,
            trainer=plan.trainer,
            folder=folder,
            callbacks=callbacks,
            resume=resume,
        )
    ]


def train(
    plan: Plan,
    run: Run,
    *,
    choose: Choose = fit_one,
    callbacks: Sequence[Callback] = (),
    journal: Journal | None = None,
    resume: bool = False,
) -> Run:
    """Prepare, fit, finish; leave a complete run directory.

    Args:
        plan: What to do, complete and checked.
        run: An empty run directory, or with `resume` the one to go on in.
        choose: Fits one candidate or several; the best comes first.
        callbacks: Told of progress.
        journal: Tells a person and the log.
        resume: Go on where the run stopped.

    Raises:
        DataError: The data cannot be what the plan says.
        TrainingError: Training cannot go on.
    """
    journal = journal or Journal(run.path / "log.txt")
    started = time.perf_counter()
    if not resume:
        _begin(run, plan)
    try:
        candidates, prepared = _fit(
            plan, run, choose=choose, callbacks=callbacks, journal=journal, resume=resume
        )
        chosen, *beside = candidates
        beside += _simple(plan, prepared, candidates, run.path)
        about = {"crosstie": _version("crosstie"), "run": run.path.name, "task": _task(plan)}
        scores = finish(run, plan, prepared, chosen, beside, about=about)
        for callback in callbacks:
            callback.on_run_end(flat(plan.config), scores)
    except BaseException as error:
        interrupted = isinstance(error, KeyboardInterrupt)
        run.note(
            exit="interrupted" if interrupted else "failed",
            error="" if interrupted else f"{type(error).__name__}: {error}",
            ended=_now(),
        )
        raise
    shutil.rmtree(run.path / "candidates", ignore_errors=True)
    run.note(
        exit="interrupted" if chosen.interrupted else "done",
        ended=_now(),
        seconds=round(time.perf_counter() - started, 3),
        learner=chosen.model_type,
        watched=watched(plan),
    )
    if "validation" in scores:
        mark_best(run, metric=watched(plan), greater_is_better=greater_is_better(plan))
    return run


def _fit(
    plan: Plan,
    run: Run,
    *,
    choose: Choose,
    callbacks: Sequence[Callback],
    journal: Journal,
    resume: bool,
) -> tuple[list[Candidate], Prepared]:
    assignment = assign(plan)
    write_table(
        {"row": range(len(assignment)), "part": [(*PARTS, "unused")[code] for code in assignment]},
        run.path / "splits.arrow",
    )
    scratch = Path(".crosstie") / "prepared" / run.path.name
    try:
        if plan.folds:
            joined, prepared = fit_folds(
                plan,
                assignment,
                run.path,
                scratch,
                choose=choose,
                callbacks=callbacks,
                resume=resume,
                journal=journal,
            )
            return [joined], prepared
        prepared = prepare(plan, assignment, folder=scratch)
        for line in told(plan, prepared):
            journal.say(line)
        candidates = choose(
            plan, prepared, run.path, callbacks=callbacks, resume=resume, journal=journal
        )
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return candidates, prepared


def told(plan: Plan, prepared: Prepared) -> list[str]:
    """What a person should know of the data before it is learned from."""
    rows = ", ".join(f"{len(batch)} {name}" for name, batch in prepared.batches.items())
    lines = [f"rows: {rows}"]
    lines += [
        f"{count} {name} rows are left out: no usable target or a missing value that may not be"
        for name, count in prepared.dropped.items()
        if count
    ]
    lines += [
        f"column {name!r}: {count.unparsed} cells could not be read and count as missing, for example "
        + ", ".join(map(repr, count.unparsed_examples))
        for name, count in prepared.counts.items()
        if count.unparsed
    ]
    return [*lines, *plan.warnings]


def _simple(
    plan: Plan, prepared: Prepared, candidates: Sequence[Candidate], folder: Path
) -> list[Candidate]:
    """The linear model that every result is shown beside, where it can predict the output."""
    linear = learners.get("linear")
    known = {candidate.model_type for candidate in candidates}
    types = {feature.type for feature in plan.outputs}
    if "linear" in known or len(plan.outputs) > 1 or not types <= set(linear.predicts):
        return []
    return [
        fit(
            plan, prepared, model_type="linear", trainer={}, folder=folder / "candidates" / "linear"
        )
    ]


def _begin(run: Run, plan: Plan) -> None:
    write_text(run.path / "config.yaml", dump(plan.config))
    run.write("profile.json", {name: each.state() for name, each in plan.profile.items()})
    run.write(
        "manifest.json",
        {
            "name": plan.name,
            "exit": "running",
            "started": _now(),
            "seed": plan.seed,
            "model_type": plan.model_type,
            "command": sys.argv,
            "data": {
                name: {
                    "source": source.name,
                    "rows": source.rows,
                    "fingerprint": source.fingerprint,
                }
                for name, source in plan.sources.items()
            },
            "python": platform.python_version(),
            "versions": {name: _version(name) for name in PACKAGES},
            "host": {"system": platform.platform(), "processors": len(os.sched_getaffinity(0))},
            "git": _commit(),
        },
    )


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _commit() -> str | None:
    """The commit of the repository around the current folder, if there is one."""
    git = shutil.which("git")
    if git is None:
        return None
    done = subprocess.run([git, "rev-parse", "HEAD"], capture_output=True, text=True, check=False)
    return done.stdout.strip() or None


def _now() -> str:
    return f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"


def _task(plan: Plan) -> dict[str, str]:
    return {feature.name: feature.type for feature in plan.outputs}


def watched(plan: Plan) -> str:
    """What runs are compared by, as `validation/<output>/<metric>`."""
    output = plan.outputs[0].name
    return f"validation/{output}/{plan.metrics[output]}"


def greater_is_better(plan: Plan) -> bool:
    """The direction of `watched`."""
    first = plan.outputs[0]
    return bool(metrics.get(plan.metrics[first.name], of=first.type).greater_is_better)


def flat(config: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested options as `{"trainer.epochs": 3}`."""
    found: dict[str, Any] = {}
    for key, value in config.items():
        if isinstance(value, Mapping):
            found |= flat(value, f"{prefix}{key}.")
        else:
            found[f"{prefix}{key}"] = value
    return found
