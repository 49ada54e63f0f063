"""Files of `sinks/`: each says which table of the project a table of a database is to have the rows of.

sinks/churned.yaml
table: churned
to: {connection: "postgresql://${PGUSER}:${PGPASSWORD}@db/shop", table: marts.churned}
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from crosstie.config.document import Document
from crosstie.config.environment import substitute
from crosstie.config.options import Section, check
from crosstie.config.yaml import Tree, read_yaml
from crosstie.errors import ConfigError, CrosstieError, Problem, ProjectError, nearest
from crosstie.project.place import Project
from crosstie.project.secrets import secrets_written
from crosstie.project.steps.step import Step

FOLDER = "sinks"


@dataclass(frozen=True, kw_only=True)
class To:
    """Where rows go.

    Attributes:
        connection: The address of a database, `postgresql://…` or `duckdb:///…`, relative to the project.
        table: A table of it, with its schema.
        if_exists: Put the rows in place of those that are there, or append them.
    """

    connection: str
    table: str
    if_exists: Literal["replace", "append"] = "replace"


class Sink:
    """What a file of `sinks/` says.

    Args:
        table: A table of the project: a step's, or a file of data.
        to: Where its rows go.
    """

    def __init__(self, *, table: str, to: Annotated[dict[str, Any], Section(To)]) -> None:
        self.table = table
        self.to = to


def read_sinks(project: Project, tables: Collection[str]) -> dict[str, Step]:
    """The sinks of a project by name, as in `sinks/churned`.

    Args:
        project: Whose.
        tables: All that a sink may name.

    Raises:
        ProjectError: All that is wrong with any of them.
    """
    problems: list[Problem] = []
    found = {}
    for path in sorted((project.root / FOLDER).glob("[!._]*")):
        where = path.relative_to(project.root).as_posix()
        if path.suffix != ".yaml":
            problems.append(Problem(where, f"is no sink; call it {path.stem}.yaml"))
            continue
        try:
            filled, wrong = _read(path, where)
        except CrosstieError as error:
            problems += error.problems
            continue
        problems += wrong
        table = filled.get("table")
        if isinstance(table, str) and table not in tables:
            problems.append(Problem(where, f"table: {table!r} is no table of the project; {nearest(table, tables)}"))  # fmt: skip
        name = f"{FOLDER}/{path.stem}"
        found[name] = Step(name, path, "sink", (str(table),), settings=filled.get("to") or {})
    if problems:
        raise ProjectError(problems)
    return found


def _read(path: Path, where: str) -> tuple[Mapping[str, Any], list[Problem]]:
    try:
        tree = read_yaml(path.read_text(encoding="utf-8-sig"), where)
    except UnicodeDecodeError as error:
        raise ConfigError(Problem(where, f"is not UTF-8 text (byte {error.start}); save it as UTF-8")) from None  # fmt: skip
    document = Document(tree.value, where, path.parent, tree.lines)
    secrets = secrets_written(document)
    if secrets:  # what else is wrong with it might show them
        return {}, secrets
    return check(Sink, tree.value, document.at())


def address(step: Step, where: str) -> str:
    """The address of a sink's database, its variables filled in: it may hold a password.

    Args:
        step: The sink.
        where: Its file as messages name it.

    Raises:
        ConfigError: A variable is not set.
    """
    filled = substitute(Tree(step.settings["connection"]), lambda _: f"{where} to.connection")
    return str(filled.value)


def run_sink(table: Path, to: Mapping[str, str], receipt: Path) -> None:
    """Write a table to a database, and a note of it: of which table, and how many rows.

    Args:
        table: The Parquet file.
        to: Where its rows go: `connection`, `table`, `if_exists`, and the `root` of the project and `where` that is written.
        receipt: The Parquet file of the note.

    Raises:
        ConfigError: It is no table of a database that can be written to.
        DataError: The database refuses it; what was there is as it was.
        MissingExtra: What speaks to the database is not installed.
    """
    import pyarrow as pa  # 131 ms
    from pyarrow import parquet

    from crosstie.data.destination import Destination

    place = Destination.at(to["connection"], to["table"], to["if_exists"], where=to["where"])
    with parquet.ParquetFile(table) as file, place.writer(base=Path(to["root"])) as writer:
        writer.append_arrow(file.schema_arrow.empty_table())
        for batch in file.iter_batches():
            writer.append_arrow(pa.Table.from_batches([batch]))
    parquet.write_table(pa.table({"table": [str(place)], "rows": [writer.rows]}), receipt)


def rows_written(receipt: Path) -> int:
    """How many rows the note of a sink says."""
    from pyarrow import parquet

    return int(parquet.read_table(receipt)["rows"][0].as_py())
