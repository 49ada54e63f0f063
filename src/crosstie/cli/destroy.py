"""`crosstie destroy`: what was generated, away again."""

from typing import Annotated

from cyclopts import Parameter

from crosstie.cli.output import put, put_json, tell


def destroy(
    kind: str,
    name: str = "",
    /,
    *,
    python: Annotated[bool, Parameter(negative="")] = False,
    json: Annotated[bool, Parameter(negative="")] = False,
) -> int:
    """Remove what generate wrote. Exit code 1 if a file was changed since, which is left alone.

    Args:
        kind: step, feature, features, encoder or gate.
        name: What it is called. Row-wise features have no name.
        python: The step in Python.
        json: Print one line of JSON on standard output.
    """
    from crosstie.project.scaffold.generate import destroy as remove

    changes = remove(kind, name, language="python" if python else None)
    conflict = any(each.verb == "conflict" for each in changes)
    if json:
        put_json([vars(each) for each in changes])
        return int(conflict)
    for each in changes:
        put(str(each))
    if conflict:
        tell("What is there was changed and is left alone; remove it yourself")
    return int(conflict)
