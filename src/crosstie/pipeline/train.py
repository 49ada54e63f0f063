"""A run from start to end: the only place that knows the order."""

import platform
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crosstie.config.document import dump
from crosstie.config.options import build
from crosstie.data.files import write_text
from crosstie.data.processors import processors
from crosstie.data.repeats import warn_on_repeats
from crosstie.data.splits.random import Random
from crosstie.data.splits.stratify import Stratify
from crosstie.data.write import TableWriter
from crosstie.errors import RunError
from crosstie.evaluation.metric import metrics
from crosstie.learners.learner import learners
from crosstie.pipeline.auto import Auto
from crosstie.pipeline.candidate import UNSEEN, Candidate, Choose, Session
from crosstie.pipeline.evening import UNWEIGHTED
from crosstie.pipeline.finish import finish
from crosstie.pipeline.folds import fit_each, joined, prepare_folds
from crosstie.pipeline.installation import installed
from crosstie.pipeline.plan import Plan
from crosstie.pipeline.prepare import PARTS, ROWS_AT_ONCE, Prepared, assign, prepare
from crosstie.pipeline.process import this_process
from crosstie.pipeline.run import Run, mark_best
from crosstie.pipeline.unseen import inner
from crosstie.pipeline.verdict import verdicts
from crosstie.reports.write import write_report

PACKAGES = (
    "crosstie",
    "numpy",
    "onnxruntime",
    "torch",
    "lightgbm",
    "catboost",
    "scikit-learn",
    "duckdb",
    "pyarrow",
)


def fit_one(
    plan: Plan, data: Sequence[Prepared], folder: Path, session: Session
) -> list[Candidate]:
    """The learner that the plan names, alone."""
    return [fit_each(plan, data, folder, session, model_type=plan.model_type, trainer=plan.trainer)]


def train(plan: Plan, run: Run, session: Session, *, choose: Choose = fit_one) -> Run:
    """Prepare, fit, finish; leave a complete run directory.

    Args:
        plan: What to do, complete and checked.
        run: An empty run directory, or the one to resume.
        session: Who listens, and whether to resume.
        choose: Fits one candidate or several; the best comes first.

    Raises:
        DataError: The data cannot be what the plan says.
        TrainingError: Training cannot go on.
    """
    started = time.perf_counter()
    before = run.manifest
    if session.resume:
        run.note(exit="running", process=this_process())
    else:
        begin(run, plan)
    try:
        candidates, prepared = _fit(plan, run, session, choose)
        chosen, *beside = candidates
        limit = build(Auto, **plan.trainer).limit if plan.model_type == "auto" else None
        until = None if limit is None else session.began + limit
        about = {"run": run.path.name}
        scores = finish(run, plan, prepared, chosen, beside, about=about, until=until)
        for callback in session.callbacks:
            callback.on_run_end(flat(plan.config), scores)
        for line in verdicts(run.evaluation):
            session.journal.say(line)
    except BaseException as error:
        if session.resume and isinstance(error, RunError):  # refused: the run is what it was
            run.write("manifest.json", before)
            raise
        note_failure(run, plan, error)
        raise
    _tidy(run)
    run.note(
        exit="interrupted" if chosen.interrupted else "done",
        ended=now(),
        seconds=round(time.perf_counter() - started, 3),
        learner=chosen.model_type,
        watched=watched(plan),
    )
    if "validation" in scores:
        mark_best(run, metric=watched(plan), greater_is_better=greater_is_better(plan))
    write_report([run.path])
    return run


def _fit(
    plan: Plan, run: Run, session: Session, choose: Choose
) -> tuple[list[Candidate], Prepared]:
    """All candidates, the chosen one first, a linear one among them."""
    assignment = assign(plan)
    _write_splits(assignment, run.path / "splits.arrow")
    warnings = [*plan.warnings, *repeated(plan, assignment)]
    run.note(warnings=warnings)
    for line in [*plan.told, *warnings]:
        session.journal.say(line)
    scratch = scratch_of(run, plan)
    try:
        if plan.folds:
            data = prepare_folds(plan, assignment, plan.folds, folder=scratch)
        else:
            data = [prepare(plan, assignment, folder=scratch)]
            for line in told(plan, data[0]):
                session.journal.say(line)
        candidates = choose(plan, data, run.path, session)
        if plan.fairness is not None and _wants_unweighted(plan, candidates):
            session.journal.say("without reweighing, to see what that costs")
            bare = replace(plan, fairness=replace(plan.fairness, reweighing=False))
            candidates.append(_unweighted(bare, data, run.path, session))
        if _wants_linear(plan, candidates):
            beside = run.path / "candidates" / "linear"
            alone = replace(session, callbacks=())  # what it is shown beside is what is watched
            candidates.append(fit_each(plan, data, beside, alone, model_type="linear", trainer={}))
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return candidates, joined(data[: candidates[0].folds])


def _wants_unweighted(plan: Plan, candidates: Sequence[Candidate]) -> bool:
    """Whether the same learner is to show what weights cost: not after a search, nor where somebody wants to end."""
    asked = plan.fairness is not None and plan.fairness.reweighing
    return asked and plan.model_type != "auto" and not candidates[0].interrupted


def _unweighted(plan: Plan, data: Sequence[Prepared], folder: Path, session: Session) -> Candidate:
    """The learner that the plan names, without the weights that even groups out."""
    found = fit_each(
        plan,
        data,
        folder / "candidates" / "unweighted",
        replace(session, callbacks=()),
        model_type=plan.model_type,
        trainer=plan.trainer,
    )
    return replace(found, name=UNWEIGHTED)


def _wants_linear(plan: Plan, candidates: Sequence[Candidate]) -> bool:
    """Whether a linear model can predict this from some of the inputs and is not there yet."""
    types = {feature.type for feature in plan.outputs}
    known = {candidate.model_type for candidate in candidates}
    linear = learners.get("linear")
    reads = any(feature.acts_as() in linear.uses for feature in plan.inputs)
    return "linear" not in known and reads and types <= set(linear.predicts)


def told(plan: Plan, prepared: Prepared) -> list[str]:
    """What a person should know of the data before it is learned from."""
    rows = ", ".join(f"{len(batch)} {name}" for name, batch in prepared.batches.items())
    lines = [f"rows: {rows}"]
    why = (
        "for want of a usable target or of a value that may not be missing"
        if plan.windows is None
        else "which have not all steps before or after them, or have steps ahead in another part"
    )
    lines += [
        f"left out of {name}: {count} of {count + len(prepared.batches.get(name, ()))} rows, {why}"
        for name, count in prepared.dropped.items()
        if count
    ]
    lines += [
        f"{count} {name} rows lack some of the steps ahead; a line between their neighbours stands for these"
        for name, count in prepared.completed.items()
        if count
    ]
    return [*lines, *odd_cells(prepared)]


def odd_cells(prepared: Prepared) -> list[str]:
    """What could not be read of which column, or was cut."""
    lines = []
    for name, count in prepared.counts.items():
        examples = ", ".join(map(repr, count.unparsed_examples))
        if count.unparsed:
            lines.append(
                f"column {name!r}: {count.unparsed} cells could not be read and count as missing"
                + (f", for example {examples}" if examples else "")
            )
        if count.cut:
            lines.append(count.cut_note(name))
    return lines


def note_failure(run: Run, plan: Plan, error: BaseException) -> None:
    """Let the manifest say how a run ended that has no result."""
    interrupted = isinstance(error, KeyboardInterrupt)
    run.note(
        exit="interrupted" if interrupted else "failed",
        error="" if interrupted else f"{type(error).__name__}: {_kept(error, plan)}",
        ended=now(),
    )


def _kept(error: BaseException, plan: Plan) -> str:
    """What the manifest keeps of an error: not what may quote a private column's cells."""
    names = [name for name in plan.private if name in str(error)]
    if not names:
        return str(error)
    return f"about {', '.join(map(repr, names))}, of which nothing is kept because it is private"


def repeated(plan: Plan, assignment: NDArray[np.int8]) -> list[str]:
    """What a random split puts on both sides, where the plan's warnings do not speak of it already."""
    split = inner(plan.split)
    if not isinstance(split, Random | Stratify):
        return []
    source = plan.sources["train"]
    spoken = [each for each in plan.warnings if "preprocessing.split: {" in each]
    outputs = [feature.column for feature in plan.outputs]
    used = {*outputs, *(feature.column for feature in plan.inputs)}
    return warn_on_repeats(
        source,
        assignment,
        exclude=[name for name in source.columns if name not in used],
        told=[
            *outputs,
            *(name for name in source.columns if any(repr(name) in each for each in spoken)),
        ],
    )


def _write_splits(assignment: NDArray[np.int8], path: Path) -> None:
    names = np.array([*PARTS, "unused"], object)
    with TableWriter(path) as writer:
        for start in range(0, len(assignment), ROWS_AT_ONCE):
            codes = assignment[start : start + ROWS_AT_ONCE]
            writer.append({"row": np.arange(start, start + len(codes)), "part": names[codes]})


def scratch_of(run: Run, plan: Plan) -> Path:
    """A folder that no other run uses, also where two have the same name in different places."""
    place = sha256(str(run.path.resolve()).encode()).hexdigest()[:8]
    return plan.cache / "prepared" / f"{run.path.name}-{place}"


def _tidy(run: Run) -> None:
    """Drop what only the fit needed: the graphs are in the model now, the candidates in the evaluation."""
    shutil.rmtree(run.path / "candidates", ignore_errors=True)
    for folder in (run.path, *run.path.glob("folds/*")):
        for name in ("graph.onnx", UNSEEN, "candidate.json"):
            (folder / name).unlink(missing_ok=True)


def begin(run: Run, plan: Plan) -> None:
    """Write what a run is to do, and that it does it now."""
    write_text(run.path / "config.yaml", dump(plan.config))
    function = None if plan.rowwise is None else plan.rowwise.function
    for _, path in () if function is None else function.files:
        assert function is not None
        assert function.path is not None, "it was trained with where it lies"
        near = path.relative_to(function.path.parent)
        write_text(run.path / "features" / near, path.read_text(encoding="utf-8-sig"))
    run.write("profile.json", {name: column.state() for name, column in plan.profile.items()})
    run.write(
        "manifest.json",
        {
            "name": plan.name,
            "exit": "running",
            "process": this_process(),
            "started": now(),
            "seed": plan.seed,
            "model_type": plan.model_type,
            "command": sys.argv,
            **(
                {
                    "start": {
                        "from": plan.earlier.source,
                        "weights": plan.earlier.fingerprint(),
                    }
                }
                if plan.earlier
                else {}
            ),
            "data": {
                name: {
                    "source": source.name,
                    "rows": source.rows,
                    "fingerprint": source.fingerprint,
                }
                for name, source in plan.sources.items()
            },
            "python": platform.python_version(),
            "versions": {name: installed(name) for name in PACKAGES},
            "host": {"system": platform.platform(), "processors": processors()},
            "git": _commit(),
        },
    )


def _commit() -> str | None:
    """The commit of the repository around the current folder, if there is one."""
    git = shutil.which("git")
    if git is None:
        return None
    done = subprocess.run([git, "rev-parse", "HEAD"], capture_output=True, text=True, check=False)
    return done.stdout.strip() or None


def now() -> str:
    """The time as manifests have it."""
    return f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"


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
