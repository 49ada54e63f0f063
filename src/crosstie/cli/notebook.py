"""`crosstie notebook`: a step as a notebook, with what it takes loaded."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from crosstie.cli.output import put, tell
from crosstie.project.build.open import opened
from crosstie.project.scratch import open_scratch, write_scratch


def notebook(
    step: str,
    /,
    *,
    env: str | None = None,
    fresh: Annotated[bool, Parameter(negative="")] = False,
    project: Path | None = None,
) -> int:
    """Write a step as a notebook in which what it takes is loaded, and open that in Jupyter.

    It is a copy in `.crosstie/scratch`: what is changed there no build reads.

    Args:
        step: Which.
        env: The environment.
        fresh: Begin anew, where there is one from before.
        project: A folder in the project; the current one if none is given.
    """
    here = opened(project, env)
    path = write_scratch(here, step, fresh=fresh, say=tell)
    code = open_scratch(here, step, path)
    if code is None:
        put(f"{path} has it, for any editor of notebooks")
        put(f"To open it from here: pip install jupyterlab, then crosstie notebook {step}")
    return code or 0
