"""`crosstie promote`: make the model that was built last the one in production."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from crosstie.cli.output import put, put_json, put_table
from crosstie.project.build.open import opened
from crosstie.project.production import history as all_promoted
from crosstie.project.production import promote as promote_model
from crosstie.project.production import roll_back


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
    here = opened(project, env)
    if history:
        found = all_promoted(here)
        if json:
            put_json([{"run": each.run, "at": each.at, "environment": each.environment} for each in found])  # fmt: skip
        else:
            put_table("", ["run", "promoted", "built in"], [[each.run, each.at, each.environment] for each in found])  # fmt: skip
        return 0
    now = roll_back(here) if rollback else promote_model(here, anyway=anyway)
    if json:
        put_json({"run": now.run, "at": now.at})
    else:
        put(f"{now.run} is in production")
        put(f"Next: crosstie serve {Path(now.run).parent / 'production'} --watch")
    return 0
