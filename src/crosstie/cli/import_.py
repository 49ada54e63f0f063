"""`crosstie import`: somebody else's model becomes one of ours."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from crosstie import api
from crosstie.cli.output import put, put_json, put_table
from crosstie.cli.types import TablePath, names


def import_(
    file: Path,
    /,
    *,
    output: Annotated[Path, Parameter(name=["--output", "-o"])],
    example: TablePath,
    task: str | None = None,
    labels: Annotated[list[str] | None, Parameter(name="--labels", negative="")] = None,
    target: str = "target",
    name: str | None = None,
    graph_output: str | None = None,
    logits: Annotated[bool, Parameter(negative="")] = False,
    quiet: Annotated[bool, Parameter(name=["--quiet", "-q"], negative="")] = False,
    json: Annotated[bool, Parameter(negative="")] = False,
) -> int:
    """Make a model of one that was trained elsewhere. Nothing of it is run.

    Args:
        file: An ONNX graph, LightGBM's text (.txt) or XGBoost's JSON.
        output: The folder to write; it must not be there.
        example: A table of rows that the model was made for; columns and their kinds come from there.
        task: binary, category or number, where the file does not say.
        labels: Names of the classes in the model's own order, separated by commas; of a binary one the negative first.
        target: What is predicted is called so.
        name: The model's name, if it is not to be the file's.
        graph_output: The output of an ONNX graph that holds the prediction, where several may.
        logits: That output holds logits, not probabilities.
        quiet: Print nothing.
        json: Print one line of JSON on standard output.
    """
    model = api.import_model(
        file,
        output,
        example=example,
        task=task,
        labels=names(labels),
        target=target,
        name=name,
        graph_output=graph_output,
        logits=logits,
    )
    artifact = model.artifact
    if json:
        outputs = {each.name: each.type for each in artifact.outputs}
        columns = {each.column: each.type for each in artifact.inputs}
        found = {"model": str(output.resolve()), "columns": columns, "outputs": outputs}
        put_json({**found, "notes": model.notes})
        return 0
    if quiet:
        return 0
    rows = [(each.column, each.type, "input", "") for each in artifact.inputs]
    rows += [
        (each.name, each.type, "predicted", ", ".join(each.labels)) for each in artifact.outputs
    ]
    put_table("", ["column", "type", "role", "classes"], rows)
    for note in model.notes:
        put(f"It {note}" if note.startswith("answers") else note)
    put(f"Written to {output}. Next:")
    put(f"  crosstie predict {output} DATA.csv -o predictions.csv")
    return 0
