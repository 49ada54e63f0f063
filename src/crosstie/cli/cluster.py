"""`crosstie cluster`: groups of rows without a target."""

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter
from cyclopts.validators import Number

from crosstie import api
from crosstie.cli.output import put, put_json, put_table, tell
from crosstie.cli.types import TablePath, column_types, names

if TYPE_CHECKING:
    from crosstie.pipeline.cluster import Grouped


def cluster(
    source: TablePath,
    /,
    *,
    groups: Annotated[int | None, Parameter(validator=Number(gte=2))] = None,
    method: Literal["kmeans", "mixture", "hdbscan"] | None = None,
    most: Annotated[int | None, Parameter(validator=Number(gte=2))] = None,
    exclude: Annotated[list[str] | None, Parameter(name="--exclude", negative="")] = None,
    name: str | None = None,
    seed: int | None = None,
    set_: Annotated[list[str] | None, Parameter(name=["--set", "-s"], negative="")] = None,
    type_: Annotated[list[str] | None, Parameter(name="--type", negative="")] = None,
    threads: int | None = None,
    runs: Path = Path("runs"),
    output: Annotated[Path | None, Parameter(name=["--output", "-o"])] = None,
    quiet: Annotated[bool, Parameter(name=["--quiet", "-q"], negative="")] = False,
    json: Annotated[bool, Parameter(negative="")] = False,
) -> int:
    """Group rows without a target, and say what makes each group different.

    Args:
        source: A table, a run of this command to do again, or its file (.yaml); `-` reads a table from standard input.
        groups: How many; found out if not given.
        method: kmeans, round groups of about one size; mixture, clouds of their own shapes; hdbscan, dense places of any
            shape, and rows between them in no group. kmeans if not given.
        most: How many at most, where that is found out; 10 if not given.
        exclude: Columns that are not to count, separated by commas.
        name: What the run is called; runs of one name lie together.
        seed: Everything random comes from it.
        set_: Set any option of the file: --set data.header=false. May be repeated.
        type_: The type of a column, when inference is wrong: --type zip=category. May be repeated.
        threads: Processor threads to use; all that this process may use if not given.
        runs: The folder of all runs.
        output: The directory of this run; must not hold another.
        quiet: Print the result and no more.
        json: Print one line of JSON on standard output, everything else on standard error.
    """
    found = api.cluster(
        source,
        method=method,
        groups=groups,
        most=most,
        exclude=names(exclude),
        name=name,
        seed=seed,
        set=set_ or (),
        types=column_types(type_ or ()),
        threads=threads,
        runs=runs,
        output=output,
        say=None if quiet else tell if json else put,
    )
    if json:
        put_json({"run": str(found.run.path.resolve()), **found.content})
        return 0
    _put(found)
    if not quiet:
        _next(found, source)
    return 0


def _put(found: "Grouped") -> None:
    """What was tried, the groups, the verdict."""
    from crosstie.reports.groups import evidence_table, groups_table  # numpy, 100 ms

    for title, head, rows in (evidence_table(found.content), groups_table(found.content)):
        put_table(title, head, rows)
    put(found.verdict)


def _next(found: "Grouped", source: str) -> None:
    where = shlex.quote(str(found.run.path))
    put(f"Report: {found.run.path / 'report.html'}")
    put(f"Saved in {found.run.path}.")
    if found.run.model.is_dir():
        table = (
            shlex.quote(source) if Path(source).suffix in {".csv", ".parquet"} else "NEW_DATA.csv"
        )
        put(f"Next: crosstie predict {where} {table} -o groups.csv")
