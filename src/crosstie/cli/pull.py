"""`crosstie pull`: a build of somebody as a project of its own."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from crosstie.cli.output import put, put_json, put_table, tell
from crosstie.errors import ConfigError
from crosstie.project import verbs
from crosstie.project.sharing.past import Past

SHOWN = 20  # builds of a list


def pull(
    run: str | None = None,
    /,
    *,
    to: Annotated[Path | None, Parameter(name=["--output", "-o"])] = None,
    store: str | None = None,
    list: Annotated[bool, Parameter(negative="")] = False,
    env: str | None = None,
    json: Annotated[bool, Parameter(negative="")] = False,
    quiet: Annotated[bool, Parameter(name=["--quiet", "-q"], negative="")] = False,
    project: Path | None = None,
) -> int:
    """Write a build that a store knows into a new folder: its code, its lock, and what its steps gave, up to where it failed.

    Args:
        run: The build's name, or that of the run of its model.
        to: The new folder; in a project .crosstie/pulled/RUN, elsewhere one called as the project.
        store: Where the build is known, a folder or a URL; the environment's if none is given.
        list: List the builds that the store knows, the last ones, and pull nothing.
        env: The environment whose store it is.
        json: Print one line of JSON.
        quiet: Say nothing.
        project: A folder in the project; the current one if none is given.
    """
    if list:
        found = verbs.builds(store=store, env=env, folder=project)
        if json:
            put_json([{"name": each.name, "project": each.project, "environment": each.environment, "run": each.run, "failed": each.failed, "by": dict(each.by)} for each in found])  # fmt: skip
        elif not found:
            put(
                "The store knows of no build. Every crosstie build in which something ran is noted there"
            )
        else:
            rows = [[each.name, each.environment, _came(each), each.run, str(each.by["commit"] or "")[:10]] for each in found[-SHOWN:]]  # fmt: skip
            put_table("", ["build", "environment", "what came of it", "run", "commit"], rows)
        return 0
    if run is None:
        raise ConfigError("say which build: crosstie pull RUN; crosstie pull --list names them")
    said = None if quiet or json else tell
    pulled = verbs.pull(run, to=to, store=store, env=env, folder=project, say=said)
    failed = [*pulled.past.failed]
    if json:
        put_json({"folder": str(pulled.folder.absolute()), "build": pulled.past.name, "failed": failed})  # fmt: skip
    elif not quiet:
        put(f"{pulled.past.name} is in {pulled.folder}. Next:")
        env = pulled.past.environment
        also = "" if env == "development" else f" --env {env}"
        put(f"  cd {pulled.folder} && crosstie {'debug' if failed else 'status'}{also}")
    return 0


def _came(past: Past) -> str:
    if past.failed:
        return f"{', '.join(past.failed)} failed"
    return f"{sum(each.state == 'ran' and not each.sources for each in past.steps.values())} run"
