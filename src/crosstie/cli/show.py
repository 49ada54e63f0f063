"""`crosstie show`: the file with every default filled in."""

from typing import Annotated

from cyclopts import Parameter

from crosstie import api
from crosstie.cli.output import put, put_json
from crosstie.cli.types import TablePath
from crosstie.config.document import dump


def show(
    file: TablePath,
    /,
    *,
    data: TablePath | None = None,
    target: str | None = None,
    set_: Annotated[list[str] | None, Parameter(name=["--set", "-s"], negative="")] = None,
    json: Annotated[bool, Parameter(negative="")] = False,
) -> int:
    """Print a model file with every default filled in; a run saves exactly that.

    Args:
        file: A model file, or a table with --target.
        data: A table to use instead of the one that the file names.
        target: The column to predict, when `file` is a table.
        set_: Set any option of the file: --set trainer.epochs=3. May be repeated.
        json: Print one line of JSON instead of YAML.
    """
    filled = api.show(file, data=data, target=target, set=set_ or ())
    if json:
        put_json(filled)
    else:
        put(dump(filled).rstrip())
    return 0
