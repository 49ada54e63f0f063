"""`crosstie console`: the project at hand in Python."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from crosstie.project.console.session import Session
from crosstie.project.console.shell import start
from crosstie.project.place import Project


def console(
    *,
    env: str | None = None,
    code: Annotated[str | None, Parameter(name=["--code", "-c"])] = None,
    project: Path | None = None,
) -> int:
    """Open IPython with the project at hand: its tables, steps, runs and model. In production nothing can be changed.

    Args:
        env: The environment.
        code: Run this and leave, instead.
        project: A folder in the project; the current one if none is given.
    """
    return start(Session(Project.find(project), env), code)
