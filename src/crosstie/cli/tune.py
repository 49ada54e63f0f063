"""`crosstie tune`: values of options tried, and a run with the best of them."""

import shlex
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from cyclopts.validators import Number

from crosstie import api
from crosstie.artifact.loading import read_json
from crosstie.cli.asked import USUAL, Asked
from crosstie.cli.output import put, put_comparison, put_json, put_table, tell
from crosstie.cli.types import TablePath
from crosstie.pipeline.run import Run


def tune(
    source: TablePath | None = None,
    /,
    *,
    asked: Asked = USUAL,
    trials: Annotated[int | None, Parameter(validator=Number(gte=1))] = None,
    time_limit: str | None = None,
    threads: int | None = None,
    resume: str | None = None,
    runs: Path = Path("runs"),
    output: Annotated[Path | None, Parameter(name=["--output", "-o"])] = None,
    quiet: Annotated[bool, Parameter(name=["--quiet", "-q"], negative="")] = False,
    json: Annotated[bool, Parameter(negative="")] = False,
) -> int:
    """Try values of options, as the section `hyperopt` of the file says, and train with the best of them.

    Args:
        source: A model file (.yaml, .json) with a section `hyperopt`.
        asked: See `Asked`.
        trials: How many in all, in place of what the file says.
        time_limit: Of the whole command, in place of what the file says: 90s, 10m, 1h30m.
        threads: Processor threads for all trials together; all that this process may use if not given.
        resume: Go on with this search instead of starting one; with --trials also one that is done.
        runs: The folder of all runs.
        output: The directory of this run; must not hold another.
        quiet: Print nothing but errors.
        json: Print one line of JSON on standard output, everything else on standard error.
    """
    run = api.tune(
        source,
        **asked.arguments(),
        trials=trials,
        time_limit=time_limit,
        threads=threads,
        resume=resume,
        runs=runs,
        output=output,
        say=None if quiet else tell if json else put,
        progress=not quiet,
    )
    interrupted = run.manifest["exit"] == "interrupted"
    found = read_json(run.path / "tune.json")
    best = run.path / "best.yaml"
    if json:
        put_json(
            {
                "run": str(run.path.resolve()),
                "file": str(best.resolve()),
                "best": found["best"],
                "judged_by": found["judged_by"],
                "trials": found["trials"],
                "metrics": run.metrics,
            }
        )
    if not quiet:
        _put_trials(run, to_stderr=json)
        put_comparison(run.evaluation, to_stderr=json)
        say, where = tell if json else put, shlex.quote(str(run.path))
        if interrupted:
            say(f"Interrupted; the best so far is kept. Go on: crosstie tune --resume {where}")
        say(f"Report: {run.path / 'report.html'}")
        say(f"The best file: {best}. Saved in {run.path}. Next:")
        say(f"  crosstie train {shlex.quote(str(best))}")
        say(f"  crosstie predict {where} NEW_DATA.csv -o predictions.csv")
        say(f"  tensorboard --logdir {where}")
    return 130 if interrupted else 0


def _put_trials(run: Run, *, to_stderr: bool) -> None:
    """The leaderboard, the best first."""
    from crosstie.search.board import read_leaderboard

    title, header, rows = read_leaderboard(read_json(run.path / "tune.json"))
    put_table(title, header, rows, to_stderr=to_stderr)
