"""`crosstie accept`: take what lies there for what a step gives."""

from pathlib import Path

from crosstie.cli.output import put
from crosstie.project.build.build import accept as accept_step
from crosstie.project.build.open import opened


def accept(step: str, /, *, env: str | None = None, project: Path | None = None) -> int:
    """Take the table that lies there for what a step gives now: one that was changed by hand, or made by older code.

    Args:
        step: Which.
        env: The environment.
        project: A folder in the project; the current one if none is given.
    """
    put(accept_step(opened(project, env), step))
    return 0
