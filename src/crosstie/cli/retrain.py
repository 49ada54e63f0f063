"""`crosstie retrain`: the model anew, on the data as it is now."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from crosstie.cli.output import put, put_json, put_table, tell
from crosstie.gates.show import table_rows
from crosstie.project import verbs


def retrain(
    *,
    promote: Annotated[bool, Parameter(negative="")] = False,
    env: str | None = None,
    json: Annotated[bool, Parameter(negative="")] = False,
    quiet: Annotated[bool, Parameter(name=["--quiet", "-q"], negative="")] = False,
    project: Path | None = None,
) -> int:
    """Build with the data as it is now, and test the model against the one in production. One at a time does so.

    Exit codes: 0 done, or nothing is new; 1 a gate or a test said no; 2 a step failed, or the project is wrong.

    Args:
        promote: Put the model into production if it passes.
        env: The environment.
        json: Print one line of JSON.
        quiet: Say only what came of it.
        project: A folder in the project; the current one if none is given.
    """
    say = None if quiet else tell
    found = verbs.retrain(promote=promote, env=env, folder=project, say=say)
    if json:
        put_json(found.to_json())
        return found.code
    if found.tested is not None and not quiet:
        rows = [list(each) for each in table_rows(found.tested.comparison)]
        put_table("", ["gate", "", "value", "bound", "what"], rows)
    put(found.sentence())
    return found.code
