"""`crosstie generate`: something new in a project."""

from typing import Annotated

from cyclopts import Parameter

from crosstie.cli.output import put, put_json, tell


def generate(
    kind: str,
    name: str = "",
    /,
    *,
    python: Annotated[bool, Parameter(negative="")] = False,
    force: Annotated[bool, Parameter(negative="")] = False,
    json: Annotated[bool, Parameter(negative="")] = False,
) -> int:
    """Write a step, a feature type, row-wise features, an encoder or a gate to begin with. Exit code 1 if a file is there and otherwise.

    Args:
        kind: step, feature, features, encoder or gate.
        name: What it is called: a-z, 0-9 and _. Row-wise features have no name.
        python: A step, or row-wise features, in Python rather than in SQL.
        force: Overwrite a file that is there and otherwise.
        json: Print one line of JSON on standard output.
    """
    from crosstie.project.place import Project
    from crosstie.project.scaffold.files import write
    from crosstie.project.scaffold.generate import generated

    project = Project.find()
    found = generated(project, kind, name, "python" if python else None)
    changes = write(found.drafts, project.root, force=force)
    conflict = any(each.verb == "conflict" for each in changes)
    if json:
        put_json([vars(each) for each in changes])
        return int(conflict)
    for each in changes:
        put(str(each))
    if conflict:
        tell("What is there was changed and is left alone; --force overwrites it")
    else:
        put(found.next)
    return int(conflict)
