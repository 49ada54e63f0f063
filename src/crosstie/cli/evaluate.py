"""`crosstie evaluate`: metrics of a model on data that has the true values."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter
from cyclopts.validators import Number

from crosstie import api
from crosstie.cli.output import put, put_json, put_table, tell
from crosstie.cli.told import model_asked, of_a_model, predictions_asked
from crosstie.cli.types import TablePath, names
from crosstie.pipeline.packages import others
from crosstie.pipeline.run import Run
from crosstie.reports.numbers import figure

if TYPE_CHECKING:
    from crosstie.serving.told import Told
    from crosstie.serving.top_losses import Miss

COLUMNS, CHARACTERS = 4, 60  # of a row that is shown


def evaluate(
    model: str | None = None,
    data: TablePath | None = None,
    /,
    *,
    predictions: Path | None = None,
    target: str | None = None,
    prediction: str | None = None,
    probability: str | None = None,
    positive: str | None = None,
    no_header: Annotated[bool, Parameter(negative="")] = False,
    columns: Annotated[list[str] | None, Parameter(name="--columns", negative="")] = None,
    top_losses: Annotated[int, Parameter(validator=Number(gte=0))] = 0,
    augment: Annotated[int, Parameter(validator=Number(gte=0))] = 0,
    components: Path | None = None,
    runs: Path = Path("runs"),
    quiet: Annotated[bool, Parameter(name=["--quiet", "-q"], negative="")] = False,
    json: Annotated[bool, Parameter(negative="")] = False,
) -> int:
    """Measure a model on data that has the true values.

    Without a model: `crosstie evaluate --predictions FILE --target COLUMN --prediction COLUMN`.

    Args:
        model: A run, its model/, NAME/latest, hf://ORG/NAME@REVISION, a folder that `push` wrote, or a wheel.
        data: A table with the input columns and the target; `-` reads standard input.
        predictions: A table with true and predicted values, whoever made them, in place of a model and its data.
        target: The column of true values in it.
        prediction: The column of predictions in it.
        probability: The column of the positive class's probability in it, if there is one.
        positive: The positive class in it; the one that means yes, else the last in sorted order, if not given.
        no_header: The first line of the data is a row, not names of columns.
        columns: Names of the data's columns in order, separated by commas, in place of those in it.
        top_losses: List so many of the rows that the model is most wrong about.
        augment: Average over each picture and so many changes of it that training made (test-time augmentation).
        components: The folder of your own feature types, if the model has one.
        runs: The folder of all runs, for NAME/latest.
        quiet: Say nothing of unknown, unreadable and missing values.
        json: Print one line of JSON on standard output.
    """
    if predictions is not None:
        misplaced = {
            **of_a_model(model, columns, no_header, components),
            "--top-losses": top_losses or None,
            "--augment": augment or None,
        }
        true, said = predictions_asked(
            predictions, {"--target": target, "--prediction": prediction}, misplaced
        )
        found = api.evaluate_predictions(
            predictions,
            target=true,
            prediction=said,
            probability=probability,
            positive=positive,
        )
        _put_told(found, json=json)
        return 0
    told = {
        "--target": target,
        "--prediction": prediction,
        "--probability": probability,
        "--positive": positive,
    }
    model, data = model_asked("evaluate", model, data, told)
    loaded = api.load(model, components=components, runs=runs)
    strange = others(Run.find(model, runs)) if Run.named(model, runs) else ""
    if strange and not quiet:
        tell(f"note: {model} was {strange}")
    measured = api.evaluate(
        loaded,
        data,
        header=not no_header,
        columns=names(columns),
        top_losses=top_losses,
        augment=augment,
        say=None if quiet else tell,
    )
    rows = {
        name: (each.rows - each.left_out, each.left_out) for name, each in loaded.judged.items()
    }
    if json:
        counted = {
            name: {"judged": judged, "left_out": left} for name, (judged, left) in rows.items()
        }
        worst = {"top_losses": [vars(each) for each in loaded.misses]} if top_losses else {}
        put_json({"metrics": measured, "rows": counted, **worst})
        return 0
    for name, values in measured.items():
        judged, left = rows[name]
        title = f"{name} on {judged} rows" + (f", {left} left out" if left else "")
        put_table(
            title, ["metric", "value"], [[key, figure(value)] for key, value in values.items()]
        )
        _put_misses([each for each in loaded.misses if each.output == name])
    return 0


def _put_told(found: "Told", *, json: bool) -> None:
    """What predictions in a table are worth, of the shape that a model's figures have."""
    if json:
        counted = {found.output: {"judged": found.rows, "left_out": found.left_out}}
        notes = {"notes": list(found.notes)} if found.notes else {}
        put_json({"metrics": {found.output: found.metrics}, "rows": counted, **notes})
        return
    for note in found.notes:
        put(f"note: {note}")
    rows = [[name, figure(value)] for name, value in found.metrics.items()]
    put_table(found.title, ["metric", "value"], rows)


def _put_misses(misses: "Sequence[Miss]") -> None:
    """A table of the rows that the model is most wrong about, with the first inputs."""
    if not misses:
        return
    shown = list(misses[0].cells)[:COLUMNS]
    rows = [
        [
            str(each.row),
            figure(each.loss),
            _short(each.truth),
            _short(each.prediction),
            *(_short(each.cells[name]) for name in shown),
        ]
        for each in misses
    ]
    left = len(misses[0].cells) - len(shown)
    more = f"; {left} more columns with --json" if left else ""
    put_table(f"most wrong{more}", ["row", "loss", "true", "predicted", *shown], rows)


def _short(text: str | None) -> str:
    """A cell as a table of the terminal has room for."""
    text = " ".join((text or "").split())
    return text if len(text) <= CHARACTERS else text[: CHARACTERS - 1] + "…"
