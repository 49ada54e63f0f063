"""`crosstie push`: give a model away, to the hub or as a folder; or a build of a project to those who share a store."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from crosstie import api
from crosstie.cli.output import put, put_json, put_table, tell
from crosstie.errors import ConfigError, Problem
from crosstie.project import verbs
from crosstie.project.place import Project


def push(
    run: str | None = None,
    to: str | None = None,
    /,
    *,
    store: str | None = None,
    env: str | None = None,
    private: Annotated[bool, Parameter(negative="")] = False,
    revision: Annotated[str | None, Parameter(name=["--revision", "--branch"])] = None,
    message: Annotated[str | None, Parameter(name=["--message", "-m"])] = None,
    license: Annotated[str | None, Parameter(name=["--license", "--licence"])] = None,
    allow_private: Annotated[bool, Parameter(negative="")] = False,
    dry_run: Annotated[bool, Parameter(negative="")] = False,
    runs: Path = Path("runs"),
    quiet: Annotated[bool, Parameter(name=["--quiet", "-q"], negative="")] = False,
    json: Annotated[bool, Parameter(negative="")] = False,
    project: Path | None = None,
) -> int:
    """Publish a model: its weights, all that predicts, and a card. Never the data.

    Without TO, in a project, a build goes into a store that others reach, with its code and the tables that its steps gave,
    for crosstie pull and crosstie debug.

    Args:
        run: A run, NAME/latest, or a folder that an earlier push wrote. Without TO: a build, or a run of one; none is the last.
        to: `hf://ORG/NAME`, or a new folder.
        store: Without TO: a folder or a URL; the environment's store if none is given.
        env: Without TO: the environment.
        private: Only its owners may see it on the hub.
        revision: The branch of the hub to write to; made if it is not there.
        message: Of the commit.
        license: Of the weights, for the card: apache-2.0, mit, …
        allow_private: Publish although the model holds words of private columns.
        dry_run: List the files and write nothing.
        runs: The folder of all runs, for NAME/latest.
        quiet: Print nothing.
        json: Print one line of JSON on standard output.
        project: Without TO: a folder in the project; the current one if none is given.
    """
    if run is None or to is None:
        given = {"--private": private, "--revision": revision, "--message": message, "--license": license, "--allow-private": allow_private, "--dry-run": dry_run}  # fmt: skip
        _check_for_models(given)
        if run is not None and Project.around(project) is None:
            raise ConfigError(
                f"{run}: say where to: crosstie push {run} hf://ORG/NAME, or a new folder"
            )
        done = verbs.push_build(run, store=store, env=env, folder=project)
        if json:
            put_json({"build": done.past.name, "store": done.store, "files": done.files})
        elif not quiet:
            for each in done.past.lacks:
                tell(f"left out: {each}")
            put(f"{done.past.name} is in {done.store}, {done.files} files of it new. Others type:")
            put(f"  crosstie pull {done.past.name} --store {done.store}")
        return 0
    if store is not None:
        raise ConfigError(f"--store: is for a build, which goes nowhere else; leave {to} out, or --store")  # fmt: skip
    published = api.push(
        run,
        to,
        private=private,
        revision=revision,
        message=message,
        license=license,
        allow_private=allow_private,
        dry_run=dry_run,
        runs=runs,
        progress=not (quiet or json),
    )
    if json:
        put_json(
            {
                "model": published.model,
                "url": published.url,
                "files": published.files,
                "dry_run": dry_run,
            }
        )
        return 0
    if quiet:
        return 0
    rows = [(name, f"{size:,}") for name, size in published.files.items()]
    put_table("", ["file", "bytes"], [*rows, ("total", f"{sum(published.files.values()):,}")])
    if dry_run:
        put(f"Nothing was written. Without --dry-run these files go to {to}")
        return 0
    put(
        f"Published as {published.model}"
        + (f", to be seen at {published.url}" if published.url else "")
        + ". Next:"
    )
    put(f"  crosstie predict {published.model} DATA.csv -o predictions.csv")
    return 0


def _check_for_models(given: Mapping[str, object]) -> None:
    """Refuse options that a build has no use for."""
    what = (
        "is for a model, and says where it goes: crosstie push RUN hf://ORG/NAME, or a new folder"
    )
    problems = [Problem(flag, what) for flag, value in given.items() if value]
    if problems:
        raise ConfigError(problems)
