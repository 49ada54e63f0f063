"""`crosstie export`: only the graph of a model, or its weights."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from crosstie import api
from crosstie.cli.output import put, put_json, put_table


def export(
    model: str,
    /,
    *,
    format: str = "onnx",
    output: Annotated[Path | None, Parameter(name=["--output", "-o"])] = None,
    runs: Path = Path("runs"),
    quiet: Annotated[bool, Parameter(name=["--quiet", "-q"], negative="")] = False,
    json: Annotated[bool, Parameter(negative="")] = False,
) -> int:
    """Write only the graph of a model, or only its weights.

    Args:
        model: A run, its model/, NAME/latest, hf://ORG/NAME@REVISION, or a folder that `push` wrote.
        format: onnx, the graph with what goes in and comes out; or safetensors, the weights of a run.
        output: The folder to write; it must not be there. NAME-FORMAT if not given.
        runs: The folder of all runs, for NAME/latest.
        quiet: Print nothing.
        json: Print one line of JSON on standard output.
    """
    files = api.export(model, output, format=format, runs=runs)
    if json:
        put_json({"files": [str(each.resolve()) for each in files]})
    elif not quiet:
        put_table(
            "", ["file", "bytes"], [(str(each), f"{each.stat().st_size:,}") for each in files]
        )
        if format == "onnx":
            put("The .json beside a graph says what goes in and comes out, with an example of both")
    return 0
