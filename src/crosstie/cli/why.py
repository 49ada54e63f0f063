"""`crosstie why`: what moved since a step was built."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from crosstie.cli.output import put, put_json
from crosstie.errors import ProjectError, nearest
from crosstie.project import verbs


def why(
    step: str,
    /,
    *,
    env: str | None = None,
    json: Annotated[bool, Parameter(negative="")] = False,
    project: Path | None = None,
) -> int:
    """Say why a step would be run: which of code, query, settings, data and libraries moved, and how.

    Args:
        step: Which.
        env: The environment.
        json: Print one line of JSON.
        project: A folder in the project; the current one if none is given.
    """
    found = {each.step.name: each for each in verbs.status(env=env, folder=project)}
    if step not in found:
        raise ProjectError(f"{step!r} is no step here; {nearest(step, found)}")
    judged = found[step]
    if json:
        changes = {name: [{"name": each.name, "before": each.before, "after": each.after} for each in some] for name, some in judged.changes.items()}  # fmt: skip
        put_json({"step": step, "state": judged.standing, "why": judged.why, "changes": changes})
        return 0
    put(f"{step} ({judged.where}): {judged.standing}{f': {judged.why}' if judged.why else ''}")  # fmt: skip
    for name, some in judged.changes.items():
        for each in some:
            put(f"\n{name}: {each.name}{f', line {each.line}' if each.line else ''}")
            for line in each.diff() if name in {"code", "sql"} else [str(each)]:
                put(f"  {line}")
    return 0
