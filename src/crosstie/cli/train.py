"""`crosstie train`: a run."""

import shlex
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from crosstie import api
from crosstie.api import Say
from crosstie.cli.asked import USUAL, Asked
from crosstie.cli.output import put, put_comparison, put_json, tell
from crosstie.cli.types import TablePath
from crosstie.pipeline.process import process_began
from crosstie.pipeline.run import Run


def train(
    source: TablePath | None = None,
    /,
    *,
    asked: Asked = USUAL,
    time_limit: str | None = None,
    inference_limit: str | None = None,
    effort: Literal["quick", "standard", "thorough"] | None = None,
    plan: str | None = None,
    threads: int | None = None,
    resume: str | None = None,
    allow_different_host: Annotated[bool, Parameter(negative="")] = False,
    runs: Path = Path("runs"),
    output: Annotated[Path | None, Parameter(name=["--output", "-o"])] = None,
    quiet: Annotated[bool, Parameter(name=["--quiet", "-q"], negative="")] = False,
    json: Annotated[bool, Parameter(negative="")] = False,
) -> int:
    """Train a model from a file or straight from a table.

    Args:
        source: A model file (.yaml, .json), a run to do again, or a table; `-` reads a table from standard input.
        asked: See `Asked`.
        time_limit: Of the whole command, for model_type auto: 90s, 10m, 1h30m. All of it is used.
        inference_limit: What the model of model_type auto may take for a row by itself, on one processor: 1ms, 200us.
        effort: How much model_type auto tries where there is no time limit; quick if not given.
        plan: A run of model_type auto, whose search is done again to the same model, however long it takes.
        threads: Processor threads to use; all that this process may use if not given.
        resume: Go on with this interrupted run instead of starting one.
        allow_different_host: Resume although machine, thread count or versions are others.
        runs: The folder of all runs.
        output: The directory of this run; must not hold another.
        quiet: Print nothing but errors.
        json: Print one line of JSON on standard output, everything else on standard error.
    """
    run = api.train(
        source,
        **asked.arguments(),
        time_limit=time_limit,
        inference_limit=inference_limit,
        effort=effort,
        plan=plan,
        threads=threads,
        resume=resume,
        allow_different_host=allow_different_host,
        runs=runs,
        output=output,
        say=None if quiet else tell if json else put,
        progress=not quiet,
        began=process_began(),
    )
    interrupted = run.manifest["exit"] == "interrupted"
    if json:
        put_json({"run": str(run.path.resolve()), "metrics": run.metrics})
    if not quiet:
        put_comparison(run.evaluation, to_stderr=json)
        _next(run.path, asked.data or source, interrupted, runs, tell if json else put)
    return 130 if interrupted else 0


def _next(run: Path, data: str | None, interrupted: bool, runs: Path, say: Say) -> None:
    where = shlex.quote(str(run))
    if interrupted:
        say(f"Interrupted; the best model so far is kept. Go on: crosstie train --resume {where}")
    table = shlex.quote(data) if data and _is_table(data, runs) else "NEW_DATA.csv"
    say(f"Report: {run / 'report.html'}")
    say(f"Saved in {run}. Next:")
    say(f"  crosstie predict {where} {table} -o predictions.csv")
    say(f"  tensorboard --logdir {where}")


def _is_table(source: str, runs: Path) -> bool:
    """Whether what was trained on is something to predict: no model file, no run, not standard input."""
    path = Path(source)
    if path.suffix in {".yaml", ".yml"} or Run.named(source, runs):
        return False
    return bool(path.suffix) or path.is_dir() or source.startswith("dataset:")
