"""`crosstie evaluate`: metrics of a model on data that has the true values."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from crosstie import api
from crosstie.cli.output import figure, put_json, put_table, tell
from crosstie.cli.types import TablePath, names


def evaluate(
    model: str,
    data: TablePath,
    /,
    *,
    no_header: Annotated[bool, Parameter(negative="")] = False,
    columns: Annotated[list[str] | None, Parameter(name="--columns", negative="")] = None,
    components: Path | None = None,
    runs: Path = Path("runs"),
    quiet: Annotated[bool, Parameter(name=["--quiet", "-q"], negative="")] = False,
    json: Annotated[bool, Parameter(negative="")] = False,
) -> int:
    """Measure a model on data that has the true values.

    Args:
        model: A run, its model/, NAME/latest, hf://ORG/NAME@REVISION, or a folder that `push` wrote.
        data: A table with the input columns and the target; `-` reads standard input.
        no_header: The first line of the data is a row, not names of columns.
        columns: Names of the data's columns in order, separated by commas, in place of those in it.
        components: The folder of your own feature types, if the model has one.
        runs: The folder of all runs, for NAME/latest.
        quiet: Say nothing of unknown, unreadable and missing values.
        json: Print one line of JSON on standard output.
    """
    loaded = api.load(model, components=components, runs=runs)
    found = api.evaluate(
        loaded,
        data,
        header=not no_header,
        columns=names(columns),
        say=None if quiet else tell,
    )
    rows = {
        name: (each.rows - each.left_out, each.left_out) for name, each in loaded.judged.items()
    }
    if json:
        counted = {
            name: {"judged": judged, "left_out": left} for name, (judged, left) in rows.items()
        }
        put_json({"metrics": found, "rows": counted})
        return 0
    for name, values in found.items():
        judged, left = rows[name]
        title = f"{name} on {judged} rows" + (f", {left} left out" if left else "")
        put_table(
            title, ["metric", "value"], [[key, figure(value)] for key, value in values.items()]
        )
    return 0
