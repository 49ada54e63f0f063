"""`crosstie runs`: what has been trained here."""

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from cyclopts import App, Parameter

from crosstie import api
from crosstie.cli.output import put, put_comparison, put_json, put_table
from crosstie.pipeline.run import Run, watched_value
from crosstie.pipeline.run_list import chosen, columns, config, told, value
from crosstie.reports.compare import differences
from crosstie.reports.folder import Folder
from crosstie.reports.groups import groups_table
from crosstie.reports.numbers import figure

runs = App(name="runs", help="List, show, compare and prune runs.")


@runs.default
def list_(
    name: str | None = None,
    /,
    *,
    sort: str | None = None,
    where: Annotated[list[str] | None, Parameter(negative="")] = None,
    runs: Path = Path("runs"),
    json: Annotated[bool, Parameter(negative="")] = False,
) -> int:
    """List runs, oldest first.

    Args:
        name: Only the runs of this model.
        sort: By what, the best or the longest last: started, seconds, exit, learner, an option such as trainer.epochs,
            or a metric such as roc_auc or Churn/roc_auc, on the test part where there is one.
        where: Only runs of which this holds: learner=gbm, roc_auc>0.8, trainer.epochs<=10; all of several.
        runs: The folder of all runs.
        json: Print one line of JSON on standard output.
    """
    found = chosen(api.runs(runs, name=name), where=where or (), sort=sort)
    if json:
        put_json(
            [{"run": str(run.path.resolve()), **run.manifest, "exit": run.exit} for run in found]
        )
        return 0
    if not found:
        if where:
            put(f"None of the runs in {runs} is so: {' and '.join(where)}")
        else:
            put(f"No runs in {runs}. Start one: crosstie train DATA.csv --target COLUMN")
        return 0
    asked = columns(where or (), sort)
    rows = []
    for run in found:
        manifest = run.manifest
        watched = manifest.get("watched", "")
        rows.append(
            [
                f"{run.path.parent.name}/{run.path.name}",
                run.exit,
                manifest.get("learner", ""),
                watched.removeprefix("validation/"),
                figure(watched_value(run.metrics, watched)),
                f"{manifest['seconds']:.1f}" if "seconds" in manifest else "",
                *(told(value(run, key)) for key in asked),
            ]
        )
    put_table("", ["run", "exit", "learner", "watched", "validation", "seconds", *asked], rows)
    return 0


@runs.command
def diff(
    first: str,
    second: str,
    /,
    *more: str,
    runs: Path = Path("runs"),
    json: Annotated[bool, Parameter(negative="")] = False,
) -> int:
    """Show in which options and figures runs differ.

    Args:
        first: A run's directory, its name, NAME/latest or NAME/best.
        second: Likewise.
        more: Likewise.
        runs: The folder of all runs.
        json: Print one line of JSON on standard output.
    """
    found = [Run.find(each, runs) for each in (first, second, *more)]
    names = [f"{run.path.parent.name}/{run.path.name}" for run in found]
    options = differences([config(run) for run in found])
    metrics = differences([run.metrics for run in found])
    if json:
        put_json({"runs": names, "options": options, "metrics": metrics})
        return 0
    for place, each in enumerate(names, 1):
        put(f"{place}  {each}")
    heads = [str(place) for place in range(1, len(found) + 1)]
    judged = {key.replace(".", "/"): each for key, each in metrics.items() if _judges(key, metrics)}
    for what, rows, shown in (("option", options, _as_written), ("metric", judged, told)):
        if rows:
            cells = [[key, *map(shown, values)] for key, values in rows.items()]
            put_table("", [what, *heads], cells)
        else:
            put(f"no {what} differs")
    return 0


def _as_written(found: Any) -> str:
    """An option as a file has it: 0.05 for 0.05, where a figure has four digits."""
    return f"{found:.12g}" if isinstance(found, float) else told(found)


def _judges(key: str, metrics: Mapping[str, Any]) -> bool:
    """Whether a metric is of the part that figures are told of: the test part, where there is one."""
    parts = {each.split(".", 1)[0] for each in metrics}
    best = next((part for part in ("test", "validation") if part in parts), "train")
    return key.startswith(f"{best}.")


@runs.command
def show(
    run: str,
    /,
    *,
    runs: Path = Path("runs"),
    json: Annotated[bool, Parameter(negative="")] = False,
) -> int:
    """Show one run: its result beside the simple models.

    Args:
        run: A run's directory, its name, NAME/latest or NAME/best.
        runs: The folder of all runs.
        json: Print one line of JSON on standard output.
    """
    found = Run.find(run, runs)
    if json:
        put_json(
            {
                "run": str(found.path.resolve()),
                **found.manifest,
                "exit": found.exit,
                "metrics": found.metrics,
            }
        )
        return 0
    manifest = found.manifest
    put(f"{found.path}  ({found.exit}, started {manifest['started']}, seed {manifest['seed']})")
    for name, source in manifest["data"].items():
        put(f"  {name} data: {source['source']}, {source['rows']} rows")
    for name, origin in manifest.get("published", {}).items():
        known = [origin["kind"], origin["revision"], origin["licence"] or "no licence stated"]
        about = ", ".join(filter(None, known))
        put(f"  {name} began with {origin['source']} ({about}, sha256 {origin['sha256'][:12]})")
    if manifest.get("error"):
        put(f"  {manifest['error']}")
    if found.exit == "killed":
        put(f"  Its process is gone. Go on: crosstie train --resume {shlex.quote(str(found.path))}")
    if found.evaluation:
        put_comparison(found.evaluation)
    groups = Folder(found.path).groups
    if groups:
        put_table(*groups_table(groups))
        put(groups["verdict"])
    return 0


@runs.command
def prune(
    name: str | None = None,
    /,
    *,
    keep: int,
    runs: Path = Path("runs"),
    json: Annotated[bool, Parameter(negative="")] = False,
) -> int:
    """Remove all but the newest runs of each model. `best`, `latest` and running ones stay.

    Args:
        name: Only the runs of this model.
        keep: How many to keep of each model.
        runs: The folder of all runs.
        json: Print one line of JSON on standard output.
    """
    removed = api.prune(runs, keep=keep, name=name)
    if json:
        put_json({"removed": [str(path.resolve()) for path in removed]})
        return 0
    for path in removed:
        put(f"removed {path}")
    put(f"{len(removed)} runs removed")
    return 0
