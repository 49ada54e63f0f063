"""`crosstie status`: what a build would do."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from crosstie.cli.output import put, put_json, put_table, tell
from crosstie.project import verbs
from crosstie.project.build.judge import WORDS


def status(
    *,
    env: str | None = None,
    json: Annotated[bool, Parameter(negative="")] = False,
    project: Path | None = None,
) -> int:
    """Say what a build would run, restore and leave alone, and why. Nothing is run.

    Args:
        env: The environment.
        json: Print one line of JSON.
        project: A folder in the project; the current one if none is given.
    """
    found = verbs.status(env=env, folder=project, say=tell)
    if json:
        put_json([{"step": each.step.name, "kind": each.step.kind, "state": each.standing, "why": each.why} for each in found])  # fmt: skip
        return 0
    rows = [[each.step.name, each.where, WORDS[each.standing], each.why] for each in found]  # fmt: skip
    put_table("", ["step", "file", "state", "why"], rows)
    todo = [each for each in found if each.standing != "current"]
    if todo:
        put("Next: crosstie build; crosstie why STEP shows what moved, line by line")
    return 0
