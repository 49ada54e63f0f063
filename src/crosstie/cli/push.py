"""`crosstie push`: give a model away, to the hub or as a folder."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from crosstie import api
from crosstie.cli.output import put, put_json, put_table


def push(
    run: str,
    to: str,
    /,
    *,
    private: Annotated[bool, Parameter(negative="")] = False,
    revision: Annotated[str | None, Parameter(name=["--revision", "--branch"])] = None,
    message: Annotated[str | None, Parameter(name=["--message", "-m"])] = None,
    license: Annotated[str | None, Parameter(name=["--license", "--licence"])] = None,
    allow_private: Annotated[bool, Parameter(negative="")] = False,
    dry_run: Annotated[bool, Parameter(negative="")] = False,
    runs: Path = Path("runs"),
    quiet: Annotated[bool, Parameter(name=["--quiet", "-q"], negative="")] = False,
    json: Annotated[bool, Parameter(negative="")] = False,
) -> int:
    """Publish a model: its weights, all that predicts, and a card. Never the data.

    Args:
        run: A run, NAME/latest, or a folder that an earlier push wrote.
        to: `hf://ORG/NAME`, or a new folder.
        private: Only its owners may see it on the hub.
        revision: The branch of the hub to write to; made if it is not there.
        message: Of the commit.
        license: Of the weights, for the card: apache-2.0, mit, …
        allow_private: Publish although the model holds words of private columns.
        dry_run: List the files and write nothing.
        runs: The folder of all runs, for NAME/latest.
        quiet: Print nothing.
        json: Print one line of JSON on standard output.
    """
    done = api.push(
        run,
        to,
        private=private,
        revision=revision,
        message=message,
        license=license,
        allow_private=allow_private,
        dry_run=dry_run,
        runs=runs,
        progress=not (quiet or json),
    )
    if json:
        put_json(
            {
                "model": done.model,
                "url": done.url,
                "files": done.files,
                "dry_run": dry_run,
            }
        )
        return 0
    if quiet:
        return 0
    rows = [(name, f"{size:,}") for name, size in done.files.items()]
    put_table("", ["file", "bytes"], [*rows, ("total", f"{sum(done.files.values()):,}")])
    if dry_run:
        put(f"Nothing was written. Without --dry-run these files go to {to}")
        return 0
    put(
        f"Published as {done.model}"
        + (f", to be seen at {done.url}" if done.url else "")
        + ". Next:"
    )
    put(f"  crosstie predict {done.model} DATA.csv -o predictions.csv")
    return 0
