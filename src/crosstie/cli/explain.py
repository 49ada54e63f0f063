"""`crosstie explain`: what a model goes by, and why it says what it says of single rows."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter
from cyclopts.validators import Number

from crosstie import api
from crosstie.cli.output import put, put_json, put_table, tell
from crosstie.cli.told import model_asked, of_a_model, predictions_asked
from crosstie.cli.types import TablePath, names
from crosstie.pipeline.request import table_of
from crosstie.reports.numbers import figure

if TYPE_CHECKING:
    from crosstie.explanations.surrogate import Surrogate
    from crosstie.serving.explain import Explanation
    from crosstie.serving.importance import Importances

SAMPLES = 32  # pairs of orders that are walked for a row
SHOWN = 3  # rows, where nobody says how many and nothing is written
COLUMNS = 8  # of a row that is shown


def explain(
    model: str | None = None,
    data: TablePath | None = None,
    /,
    *,
    output: Annotated[Path | None, Parameter(name=["--output", "-o"])] = None,
    rows: Annotated[int | None, Parameter(validator=Number(gte=0))] = None,
    background: Path | None = None,
    samples: Annotated[int, Parameter(validator=Number(gte=1))] = SAMPLES,
    method: Literal["trees", "gradients", "sampling"] | None = None,
    measure_rows: Annotated[int, Parameter(validator=Number(gte=2))] = 1000,
    shuffles: Annotated[int, Parameter(validator=Number(gte=1))] = 5,
    predictions: Path | None = None,
    prediction: str | None = None,
    probability: str | None = None,
    target: str | None = None,
    exclude: Annotated[list[str] | None, Parameter(name="--exclude", negative="")] = None,
    no_header: Annotated[bool, Parameter(negative="")] = False,
    columns: Annotated[list[str] | None, Parameter(name="--columns", negative="")] = None,
    components: Path | None = None,
    runs: Path = Path("runs"),
    quiet: Annotated[bool, Parameter(name=["--quiet", "-q"], negative="")] = False,
    json: Annotated[bool, Parameter(negative="")] = False,
) -> int:
    """Say what a model goes by, and why it says what it says of single rows.

    How much each column is worth is measured where the data has the true values. Without a model, what goes with
    predictions: `crosstie explain --predictions FILE --prediction COLUMN`.

    Args:
        model: A run, its model/, NAME/latest, hf://ORG/NAME@REVISION, a folder that `push` wrote, or a wheel.
        data: A table with the input columns, and the target to measure what columns are worth; `-` reads standard input.
        output: Write what each column adds to each row's prediction: .csv, .parquet, .arrow, .jsonl; of
            predictions what columns are worth.
        rows: Explain the first so many rows: 3 unless a file is written, which holds all.
        background: A table of rows to compare with, best those of training; left out, rows of the data. A run of trees is then
            sampled: its trees compare with training rows.
        samples: How many pairs of orders of columns are walked for a row by sampling; four times as many halve the errors.
        method: `trees`, exactly, of a run of gbm; `gradients` of a run of ecd; `sampling` of any model. Left out, the first of
            them that can be.
        measure_rows: At most so many rows, drawn at random, tell what columns are worth.
        shuffles: How often the cells of each column are shuffled for that.
        predictions: A table of predictions, whoever made them, in place of a model and its data: a stand-in is fitted
            to them, and what that goes by is measured.
        prediction: The column of predictions in it.
        probability: The column of the probability behind them in it, if there is one; then that is followed.
        target: The column of true values in it, if there is one, which the stand-in does not read.
        exclude: Other columns in it that the stand-in is not to read, separated by commas.
        no_header: The first line of the data is a row, not names of columns.
        columns: Names of the data's columns in order, separated by commas, in place of those in it.
        components: The folder of your own feature types, if the model has one.
        runs: The folder of all runs, for NAME/latest.
        quiet: Do not say where figures were written, nor that rows are made up.
        json: Print one line of JSON on standard output.
    """
    say = None if quiet else tell
    if predictions is not None:
        misplaced = {
            **of_a_model(model, columns, no_header, components),
            "--rows": rows,
            "--background": background,
            "--samples": samples if samples != SAMPLES else None,
            "--method": method,
        }
        [said] = predictions_asked(predictions, {"--prediction": prediction}, misplaced)
        stand_in = api.explain_predictions(
            predictions,
            prediction=said,
            probability=probability,
            target=target,
            exclude=names(exclude) or (),
            output=output,
            rows=measure_rows,
            shuffles=shuffles,
            say=say,
        )
        _put_stand_in(stand_in, json=json, table=output is None)
        return 0
    told = {
        "--prediction": prediction,
        "--probability": probability,
        "--target": target,
        "--exclude": exclude,
    }
    model, data = model_asked("explain", model, data, told, columns="--prediction COLUMN")
    from crosstie.explanations.explain import ENOUGH  # numpy, 0.1 s, which --help need not wait for

    loaded = api.load(model, components=components, runs=runs)
    source = loaded.open(table_of(data), header=not no_header, columns=names(columns))
    worth = None
    if set(loaded.artifact.members[0].preprocessor.target_columns) <= set(source.columns):
        worth = api.importance(loaded, source, rows=measure_rows, shuffles=shuffles)
        api.keep_importance(model, worth, runs=runs, say=say)
    most = rows if rows is not None or output is not None else SHOWN
    found: Sequence[Explanation] = ()
    if most is None or most > 0:
        found = api.explain(
            loaded,
            source,
            output=output,
            rows=most,
            background=background,
            samples=samples,
            method=method,
        )
        made = background is None and source.rows < ENOUGH
        if made and say is not None and any(each.method != "trees" for each in found):
            say("note: rows are compared with made-up ones; --background FILE names others")
    if json:
        put_json(
            {
                "importance": None if worth is None else worth.to_json(),
                "rows": [each.to_json() for each in found],
            }
        )
        return 0
    if worth is not None:
        _put_importance(worth)
    if output is not None:
        if say is not None:
            say(f"{len(found)} explanations in {output}")
        return 0
    for each in found:
        _put_row(each)
    return 0


def _put_stand_in(found: "Surrogate", *, json: bool, table: bool) -> None:
    """How well a stand-in follows the predictions, what that can show, and what it goes by."""
    if json:
        put_json(found.to_json())
        return
    put(found.verdict)
    put(found.limits)
    for note in found.notes:
        put(f"note: {note}")
    if table:
        put("")
        _put_importance(found.importances)


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


def _put_row(each: "Explanation") -> None:
    """From what is said of any row to what is said of this one, the strongest column first."""
    scale = each.scale if each.of is None else f"{each.scale} of {each.of}"
    said = figure(each.prediction) if isinstance(each.prediction, float) else each.prediction
    errors = each.errors or {}
    begun = "for a mean row" if each.method == "gradients" else "on average"
    rows = [[begun, figure(each.base), ""]]
    rows += [
        [column, _signed(added), figure(errors[column]) if errors else ""]
        for column, added in each.ranked[:COLUMNS]
    ]
    rest = each.ranked[COLUMNS:]
    if rest:
        rows.append([f"{len(rest)} others", _signed(sum(added for _, added in rest)), ""])
    rows.append(["together", figure(each.value), ""])
    put_table(f"row {each.row}: {each.output} is {said}", ["column", scale, "error"], rows)


def _signed(value: float) -> str:
    return figure(value) if value < 0 else f"+{figure(value)}"
