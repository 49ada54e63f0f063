"""`crosstie explain`: what a model goes by."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter
from cyclopts.validators import Number

from crosstie import api
from crosstie.cli.output import put_json, put_table, tell
from crosstie.cli.types import TablePath, names
from crosstie.report.numbers import figure

if TYPE_CHECKING:
    from crosstie.serving.importance import Importances


def explain(
    model: str,
    data: TablePath,
    /,
    *,
    measure_rows: Annotated[int, Parameter(validator=Number(gte=2))] = 1000,
    shuffles: Annotated[int, Parameter(validator=Number(gte=1))] = 5,
    no_header: Annotated[bool, Parameter(negative="")] = False,
    columns: Annotated[list[str] | None, Parameter(name="--columns", negative="")] = None,
    components: Path | None = None,
    runs: Path = Path("runs"),
    quiet: Annotated[bool, Parameter(name=["--quiet", "-q"], negative="")] = False,
    json: Annotated[bool, Parameter(negative="")] = False,
) -> int:
    """Say what a model goes by: how much each column is worth to it, on data that has the true values.

    Args:
        model: A run, its model/, NAME/latest, hf://ORG/NAME@REVISION, a folder that `push` wrote, or a wheel.
        data: A table with the input columns and the target; `-` reads standard input.
        measure_rows: At most so many rows, drawn at random, tell what columns are worth.
        shuffles: How often the cells of each column are shuffled.
        no_header: The first line of the data is a row, not names of columns.
        columns: Names of the data's columns in order, separated by commas, in place of those in it.
        components: The folder of your own feature types, if the model has one.
        runs: The folder of all runs, for NAME/latest.
        quiet: Do not say where figures were written.
        json: Print one line of JSON on standard output.
    """
    found = api.importance(
        model,
        data,
        rows=measure_rows,
        shuffles=shuffles,
        header=not no_header,
        columns=names(columns),
        components=components,
        runs=runs,
        say=None if quiet else tell,
    )
    if json:
        put_json({"importance": found.to_json()})
        return 0
    _put_importance(found)
    return 0


def _put_importance(found: "Importances") -> None:
    """A table an output: the columns, the most important first."""
    for output, each in found.outputs.items():
        rows = [
            [one.column, figure(one.value), f"{figure(one.low)} to {figure(one.high)}"]
            for one in each
        ]
        put_table(
            f"{output}: growth of its {found.losses[output]} where a column's cells are shuffled, on {found.rows} rows",
            ["column", "importance", "95 % interval"],
            rows,
        )
