"""`crosstie promote`: make the model that was built last the one in production."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from crosstie.cli.output import put, put_json, put_table
from crosstie.project import verbs


def promote(
    *,
    env: str | None = None,
    rollback: Annotated[bool, Parameter(negative="")] = False,
    history: Annotated[bool, Parameter(negative="")] = False,
    anyway: Annotated[bool, Parameter(negative="")] = False,
    json: Annotated[bool, Parameter(negative="")] = False,
    project: Path | None = None,
) -> int:
    """Put the model that was built last into production, once it has passed `crosstie test`.

    Args:
        env: The environment whose model it is.
        rollback: Put back what was in production before.
        history: List what was in production, and change nothing.
        anyway: Although it was not tested, or failed.
        json: Print one line of JSON.
        project: A folder in the project; the current one if none is given.
    """
    if history:
        found = verbs.promoted(env=env, folder=project)
        if json:
            put_json([{"run": each.run, "at": each.at, "environment": each.environment} for each in found])  # fmt: skip
        else:
            put_table("", ["run", "promoted", "built in"], [[each.run, each.at, each.environment] for each in found])  # fmt: skip
        return 0
    now = verbs.promote(env=env, folder=project, anyway=anyway, rollback=rollback)
    if json:
        put_json({"run": now.run, "at": now.at})
    else:
        put(f"{now.run} is in production")
        put(f"Next: crosstie serve {Path(now.run).parent / 'production'} --watch")
    return 0
