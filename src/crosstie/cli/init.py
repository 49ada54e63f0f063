"""`crosstie init`: a short commented model file for a table."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from crosstie import api
from crosstie.cli.output import put
from crosstie.cli.types import TablePath, column_types


def init(
    data: TablePath,
    /,
    *,
    target: str | None = None,
    output: Annotated[Path, Parameter(name=["--output", "-o"])] = Path("model.yaml"),
    set_: Annotated[list[str] | None, Parameter(name=["--set", "-s"], negative="")] = None,
    type_: Annotated[list[str] | None, Parameter(name="--type", negative="")] = None,
) -> int:
    """Write a short commented model file that says what was inferred and why.

    Args:
        data: A table.
        target: The column to predict; not needed for a folder of class folders.
        output: The file to write; `-` prints it. An existing file is left alone.
        set_: Set an option of the file: --set data.header=false. May be repeated.
        type_: The type of a column, when inference is wrong: --type zip=category. May be repeated.
    """
    types = column_types(type_ or ())
    if str(output) == "-":
        put(api.init(data, target=target, set=set_ or (), types=types).rstrip())
        return 0
    api.init(data, target=target, set=set_ or (), types=types, output=output)
    put(f"Wrote {output}. Read it, then: crosstie train {output}")
    return 0
