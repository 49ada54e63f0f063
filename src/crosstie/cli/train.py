"""`crosstie train`: a run."""

import shlex
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from crosstie import api
from crosstie.api import Say
from crosstie.cli.output import put, put_comparison, put_json, tell
from crosstie.cli.types import TablePath, column_types


def train(
    source: TablePath | None = None,
    /,
    *,
    target: str | None = None,
    data: TablePath | None = None,
    validation: TablePath | None = None,
    test: TablePath | None = None,
    model_type: str | None = None,
    name: str | None = None,
    seed: int | None = None,
    set_: Annotated[list[str] | None, Parameter(name=["--set", "-s"], negative="")] = None,
    type_: Annotated[list[str] | None, Parameter(name="--type", negative="")] = None,
    folds: int | None = None,
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
        source: A model file (.yaml, .json) or a table; `-` reads a table from standard input.
        target: The column to predict, when `source` is a table.
        data: A table to use instead of the one that the file names.
        validation: A table of its own to validate on.
        test: A table of its own to test on.
        model_type: auto, linear, gbm or ecd.
        name: The model's name; its runs lie together under it.
        seed: Everything random comes from it.
        set_: Set any option of the file: --set trainer.epochs=3. May be repeated.
        type_: The type of a column, when inference is wrong: --type zip=category. May be repeated.
        folds: Train this many models, each validated on rows of its own, and keep them as one.
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
        target=target,
        data=data,
        validation=validation,
        test=test,
        model_type=model_type,
        name=name,
        seed=seed,
        set=set_ or (),
        types=column_types(type_ or ()),
        folds=folds,
        threads=threads,
        resume=resume,
        allow_different_host=allow_different_host,
        runs=runs,
        output=output,
        say=None if quiet else tell if json else put,
        progress=not quiet,
    )
    interrupted = run.manifest["exit"] == "interrupted"
    if json:
        put_json({"run": str(run.path.resolve()), "metrics": run.metrics})
    if not quiet:
        put_comparison(run.evaluation, to_stderr=json)
        _next(run.path, data or source, interrupted, tell if json else put)
    return 130 if interrupted else 0


def _next(run: Path, data: str | None, interrupted: bool, say: Say) -> None:
    where = shlex.quote(str(run))
    if interrupted:
        say(f"Interrupted; the best model so far is kept. Go on: crosstie train --resume {where}")
    table = (
        shlex.quote(data) if data and not data.endswith((".yaml", ".yml", "-")) else "NEW_DATA.csv"
    )
    say(f"Saved in {run}. Next:")
    say(f"  crosstie predict {where} {table} -o predictions.csv")
    say(f"  tensorboard --logdir {where}")
