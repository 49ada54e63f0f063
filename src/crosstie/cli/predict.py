"""`crosstie predict`: predictions to a file or to standard output."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter
from cyclopts.validators import Number

from crosstie import api
from crosstie.cli.output import put_json, tell
from crosstie.cli.progress import shown
from crosstie.cli.types import TablePath, names
from crosstie.errors import ConfigError

if TYPE_CHECKING:
    from crosstie.data.destination import Destination

IfExists = Literal["fail", "replace", "append"]


def predict(
    model: str,
    data: TablePath,
    /,
    *more: TablePath,
    output: Annotated[Path | None, Parameter(name=["--output", "-o"])] = None,
    to: str | None = None,
    if_exists: IfExists = "fail",
    keep: Annotated[list[str] | None, Parameter(name="--keep", negative="")] = None,
    no_header: Annotated[bool, Parameter(negative="")] = False,
    columns: Annotated[list[str] | None, Parameter(name="--columns", negative="")] = None,
    each_row: Annotated[bool, Parameter(negative="")] = False,
    augment: Annotated[int, Parameter(validator=Number(gte=0))] = 0,
    intervals: Annotated[bool, Parameter(negative="")] = False,
    resume: Annotated[bool, Parameter(negative="")] = False,
    components: Path | None = None,
    runs: Path = Path("runs"),
    quiet: Annotated[bool, Parameter(name=["--quiet", "-q"], negative="")] = False,
    json: Annotated[bool, Parameter(negative="")] = False,
) -> int:
    """Predict with a model.

    Args:
        model: A run, its model/, NAME/latest, hf://ORG/NAME@REVISION, a folder that `push` wrote, or a wheel.
        data: A table; `-` reads standard input. The target is not needed.
        more: Further tables with the same columns.
        output: Where to write: .csv, .parquet, .arrow, .jsonl. CSV on standard output if not given.
        to: Write to a table of a database instead, all rows or none: 'postgresql://ann:${PASSWORD}@db/shop:marts.churn' or
            duckdb:///shop.duckdb:churn. ${NAME} is a variable.
        if_exists: Where that table is there: replace its rows, append to them, or fail.
        keep: Input columns to carry along, separated by commas. May be repeated.
        no_header: The first line of the data is a row, not names of columns.
        columns: Names of the data's columns in order, separated by commas, in place of those in it.
        each_row: Of a model of series: what comes after each row, in place of what comes after the last ones.
        augment: Average over each picture and so many changes of it that training made (test-time augmentation).
        intervals: Give `_low` and `_high` with each predicted number, and `_set` with each class of a category: what holds the true
            one as often as `coverage` says.
        resume: Go on where the same command was stopped (Ctrl-C, a kill, a full disk); the file will be the same.
        components: The folder of your own feature types, if the model has one.
        runs: The folder of all runs, for NAME/latest.
        quiet: Show no progress, and say nothing of unknown, unreadable and missing values.
        json: Print one line of JSON on standard output; needs --output or --to.
    """
    if json and output is None and to is None:
        raise ConfigError("--json: standard output cannot hold the predictions too; add -o FILE")
    table = None if to is None else _table(to, if_exists)
    say = None if quiet else tell
    rows = api.predict(
        model,
        [data, *more] if more else data,
        output=output,
        to=table,
        if_exists=if_exists,
        keep=names(keep) or (),
        header=not no_header,
        columns=names(columns),
        each_row=each_row,
        augment=augment,
        intervals=intervals,
        resume=resume,
        progress=None
        if quiet or (output is None and to is None)
        else shown("rows were predicted before"),
        components=components,
        runs=runs,
        say=say,
        stdout=True,
    )
    where = output if table is None else table
    if json:
        put_json({"predictions": str(output.resolve() if output else table), "rows": rows})
    elif (output is not None or to is not None) and not quiet:
        tell(f"{rows} predictions in {where}")
    return 0


def _table(to: str, if_exists: IfExists) -> "Destination":
    from crosstie.data.destination import Destination  # numpy, 120 ms

    return Destination.read(to, if_exists)
