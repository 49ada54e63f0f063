"""`crosstie install`: the packages that the project asks for, locked and in place."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from crosstie.cli.output import put, put_json, tell
from crosstie.project import verbs


def install(
    *,
    env: str | None = None,
    check: Annotated[bool, Parameter(name=["--check", "--locked"], negative="")] = False,
    json: Annotated[bool, Parameter(negative="")] = False,
    quiet: Annotated[bool, Parameter(name=["--quiet", "-q"], negative="")] = False,
    project: Path | None = None,
) -> int:
    """Resolve what pyproject.toml asks for, lock it with hashes in uv.lock, and install it into .venv beside it.

    Exit codes: 0 done, or all agrees; 1 with --check something does not; 2 it cannot be had.

    Args:
        env: The environment: in production only what [project] lists, elsewhere the groups too.
        check: Change nothing; say whether pyproject.toml, uv.lock and what is installed agree.
        json: Print one line of JSON.
        quiet: Say only what is wrong.
        project: A folder in the project; the current one if none is given.
    """
    found = verbs.install(env=env, folder=project, check=check, say=None if quiet or json else tell)
    if json:
        put_json(found.to_json())
    elif found.wrong:
        put(found.wrong)
    elif check and not quiet:
        put(f"pyproject.toml, uv.lock and {found.place} agree")
    elif not quiet:
        put(f"uv.lock: {found.locked}")
        put(f"{found.place}: {found.installed}")
    return 1 if found.wrong else 0
