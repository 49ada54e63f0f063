"""`crosstie evaluate`: metrics of a model on data that has the true values."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from crosstie import api
from crosstie.cli.output import figure, put_json, put_table, tell
from crosstie.cli.types import TablePath


def evaluate(
    model: str,
    data: TablePath,
    /,
    *,
    runs: Path = Path("runs"),
    quiet: Annotated[bool, Parameter(name=["--quiet", "-q"], negative="")] = False,
    json: Annotated[bool, Parameter(negative="")] = False,
) -> int:
    """Measure a model on data that has the true values.

    Args:
        model: A run, its model/, or NAME/latest.
        data: A table with the input columns and the target; `-` reads standard input.
        runs: The folder of all runs, for NAME/latest.
        quiet: Say nothing of unknown, unreadable and missing values.
        json: Print one line of JSON on standard output.
    """
    found = api.evaluate(model, data, runs=runs, say=None if quiet else tell)
    if json:
        put_json({"metrics": found})
        return 0
    for name, values in found.items():
        put_table(
            name, ["metric", "value"], [[key, figure(value)] for key, value in values.items()]
        )
    return 0
