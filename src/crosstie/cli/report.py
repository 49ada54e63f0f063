"""`crosstie report`: a run as a page to read, or several beside each other."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from crosstie import api
from crosstie.cli.output import put, put_json


def report(
    *models: str,
    output: Annotated[Path | None, Parameter(name=["--output", "-o"])] = None,
    card: Annotated[bool, Parameter(negative="")] = False,
    open: Annotated[bool, Parameter(negative="")] = False,
    runs: Path = Path("runs"),
    json: Annotated[bool, Parameter(negative="")] = False,
) -> int:
    """Write the report of a run, or of several beside each other: one HTML file that needs no network.

    Args:
        models: Runs: their directories, names, NAME/latest or NAME/best.
        output: The file to write; of one run its own report.html if not given, of several report.html here.
        card: Write a model card, MODEL_CARD.md, beside it, too; of one run.
        open: Open it in a browser.
        runs: The folder of all runs.
        json: Print one line of JSON on standard output: where it is, and the report itself.
    """
    written = api.report(*models, output=output, card=card, runs=runs)
    if json:
        put_json({"report": str(written.path.resolve()), **written.content})
    else:
        for line in written.content["verdict"]:
            put(line)
        for path in (written.path, *([written.card] if written.card else [])):
            put(f"Written: {path}")
    if open:
        import webbrowser

        webbrowser.open(written.path.resolve().as_uri())
    return 0
