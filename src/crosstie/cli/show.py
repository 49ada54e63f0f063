"""`crosstie show`: the file with every default filled in."""

from typing import Annotated

from cyclopts import Parameter

from crosstie import api
from crosstie.cli.asked import USUAL, Asked
from crosstie.cli.output import put, put_json
from crosstie.cli.types import TablePath
from crosstie.config.document import dump


def show(
    file: TablePath,
    /,
    *,
    asked: Asked = USUAL,
    json: Annotated[bool, Parameter(negative="")] = False,
) -> int:
    """Print a model file with every default filled in; a run saves exactly that.

    Args:
        file: A model file, a run, or a table with --target.
        asked: See `Asked`.
        json: Print one line of JSON instead of YAML.
    """
    filled = api.show(file, **asked.arguments())
    if json:
        put_json(filled)
    else:
        put(dump(filled).rstrip())
    return 0
