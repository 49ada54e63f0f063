"""`crosstie accept`: take what lies there for what a step gives."""

from pathlib import Path

from crosstie.cli.output import put
from crosstie.project import verbs


def accept(step: str, /, *, env: str | None = None, project: Path | None = None) -> int:
    """Take the table that lies there for what a step gives now: one that was changed by hand, or made by older code.

    Args:
        step: Which.
        env: The environment.
        project: A folder in the project; the current one if none is given.
    """
    put(verbs.accept(step, env=env, folder=project))
    return 0
