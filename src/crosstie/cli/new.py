"""`crosstie new`: a project."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from crosstie.cli.output import put, put_json
from crosstie.cli.types import TablePath, column_types


def new(
    name: Path,
    /,
    *,
    data: TablePath | None = None,
    target: str | None = None,
    key: str | None = None,
    set_: Annotated[list[str] | None, Parameter(name=["--set", "-s"], negative="")] = None,
    type_: Annotated[list[str] | None, Parameter(name="--type", negative="")] = None,
    json: Annotated[bool, Parameter(negative="")] = False,
) -> int:
    """Start a project that works before a file of it is edited.

    Args:
        name: Its folder, which must not be there; the last part is its name.
        data: A table, which is copied, or dataset:NAME. Without one a small real table is there to begin with.
        target: The column to predict.
        key: The column that says whose row it is, a customer's number: by it rows are held out for good. Without it
            an id is looked for, else all columns count.
        set_: Set an option of the model file: --set data.header=false. May be repeated.
        type_: The type of a column, when inference is wrong: --type zip=category. May be repeated.
        json: Print one line of JSON on standard output.
    """
    from crosstie.project.scaffold.new import new as make

    made = make(
        name, data=data, target=target, key=key, set=set_ or (), types=column_types(type_ or ())
    )
    if json:
        put_json({"project": made.project.root, "files": made.files, "key": made.key})
        return 0
    for each in made.files:
        put(f"   create  {name / each}")
    if made.key is not None:
        put(f"Rows are held out for tests by {made.key!r}; --key names another column")
    put(f"Next:\n  cd {name}\n  crosstie build\n  crosstie test")
    return 0
