"""`crosstie runs`: what has been trained here."""

import shlex
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from crosstie import api
from crosstie.cli.output import put, put_comparison, put_json, put_table
from crosstie.pipeline.run import Run, watched_value
from crosstie.report.numbers import figure

runs = App(name="runs", help="List, show and prune runs.")


@runs.default
def list_(
    name: str | None = None,
    /,
    *,
    runs: Path = Path("runs"),
    json: Annotated[bool, Parameter(negative="")] = False,
) -> int:
    """List runs, oldest first.

    Args:
        name: Only the runs of this model.
        runs: The folder of all runs.
        json: Print one line of JSON on standard output.
    """
    found = api.runs(runs, name=name)
    if json:
        put_json(
            [{"run": str(run.path.resolve()), **run.manifest, "exit": run.exit} for run in found]
        )
        return 0
    if not found:
        put(f"No runs in {runs}. Start one: crosstie train DATA.csv --target COLUMN")
        return 0
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
            ]
        )
    put_table("", ["run", "exit", "learner", "watched", "validation", "seconds"], rows)
    return 0


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
