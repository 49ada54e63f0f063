"""`crosstie graph`: the steps of a project and how they hang together."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from crosstie.cli.output import put, put_json
from crosstie.data.files import write_text
from crosstie.errors import ProjectError
from crosstie.project import verbs
from crosstie.project.drawing import terminal_width


def graph(
    *,
    env: str | None = None,
    output: Annotated[Path | None, Parameter(name=["--output", "-o"])] = None,
    json: Annotated[bool, Parameter(negative="")] = False,
    project: Path | None = None,
) -> int:
    """Show every step below the one whose table it works on, how it stands, and how long it took. Nothing is run.

    Args:
        env: The environment.
        output: Draw it into this file instead: .svg.
        json: Print one line of JSON.
        project: A folder in the project; the current one if none is given.
    """
    if output is not None and output.suffix != ".svg":
        raise ProjectError(f"-o {output}: is drawn as .svg only; call it {output.with_suffix('.svg')}")  # fmt: skip
    found = verbs.graph(env=env, folder=project)
    if output is not None:
        write_text(output, found.svg() + "\n")
    if json:
        put_json(found.to_json())
    elif output is not None:
        put(f"drawn in {output}")
    else:
        put(found.tree(terminal_width()))
    return 0
