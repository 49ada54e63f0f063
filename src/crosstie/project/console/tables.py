"""The tables of a project as a console sees them: what steps made last, and files of data as they are now."""

import re
import shutil
import weakref
from collections.abc import Callable
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from crosstie.errors import CrosstieError, DataError, ProjectError, nearest
from crosstie.project.build.workspace import Workspace
from crosstie.project.place import Project
from crosstie.project.steps.duck import connect, statements, told
from crosstie.project.steps.frames import as_pandas
from crosstie.project.steps.raw import run_raw
from crosstie.project.steps.read import MODEL

MADE = ("raw", "fetched", "sql", "python", "notebook")  # kinds of steps whose tables lie here


class Tables:
    """`data("name")`: a table of the project as pandas has it.

    Args:
        project: Whose.
        environment: Its name.
        workspace: Opens the project.
    """

    def __init__(
        self, project: Project, environment: str, workspace: Callable[[], Workspace]
    ) -> None:
        self._project = project
        self._environment = environment
        self._workspace = workspace
        self._scratch = Path(mkdtemp(prefix="crosstie-"))
        weakref.finalize(self, shutil.rmtree, self._scratch, ignore_errors=True)

    def __call__(self, name: str) -> Any:
        """A table.

        Args:
            name: Of a step, or of a file of data.

        Raises:
            ProjectError: There is none, or it is not built.
            MissingExtra: pandas is not installed.
        """
        return as_pandas(self.path(name))

    def names(self) -> list[str]:
        """Of all tables: of those that lie there, where steps cannot be read."""
        raw = self._project.raw_tables()
        try:
            steps = [name for name, each in self._workspace().steps.items() if each.kind in MADE]
        except CrosstieError:
            steps = sorted(path.stem for path in self._project.table(self._environment, "x").parent.glob("*.parquet"))  # fmt: skip
        return [*raw, *(each for each in steps if each not in raw)]

    def path(self, name: str) -> Path:
        """The Parquet file of a table.

        Raises:
            ProjectError: There is no such table, or it is not built.
            DataError: A file of data cannot be read.
        """
        if name == MODEL:
            raise ProjectError("the model is no table; see model, or dag['model']")
        self._check_ours(name)
        names, built = self.names(), self._project.table(self._environment, name)
        if name not in names:
            raise ProjectError(f"{name!r} is no table here; {nearest(name, names)}")
        source = self._project.raw_tables().get(name)
        if source is None:
            if not built.exists():
                raise ProjectError(f"{name}: is not built; build it: dag[{name!r}].run()")
            return built
        if built.exists() and _changed(source) <= built.stat().st_mtime_ns:
            return built
        copy = self._scratch / f"{name}.parquet"
        if not copy.exists() or _changed(source) > copy.stat().st_mtime_ns:
            run_raw(source, f"data/{source.name}", self._workspace().environment.sample, copy)
        return copy

    def _check_ours(self, name: str) -> None:
        try:
            step = self._workspace().steps.get(name)
        except CrosstieError:
            return
        if step is not None and step.kind == "source":
            raise ProjectError(f"{name}: is a table of the database; make a step of what you want of it")  # fmt: skip

    def __repr__(self) -> str:
        return f"data(NAME), a table as pandas has it: {_listed(self)}"


class Sql:
    """`sql("select …")`: the rows of a query over the tables of the project, as pandas has them.

    Nothing can be written: tables are read, and what a query creates is gone after it.

    Args:
        tables: What it can name.
        workspace: Opens the project, whose settings are what `:names` are.
    """

    def __init__(self, tables: Tables, workspace: Callable[[], Workspace]) -> None:
        self._tables = tables
        self._workspace = workspace

    def __call__(self, query: str, **settings: Any) -> Any:
        """The rows of a query.

        Args:
            query: In DuckDB's SQL, as steps are: `sql(dag["long"].source)` is one.
            settings: What its `:names` are, where they are not as in the environment.

        Raises:
            DataError: DuckDB refuses it.
            ProjectError: A table that it names is not built, or a `:name` has no value.
            MissingExtra: pandas is not installed.
        """
        import duckdb  # 113 ms

        parts = statements(query, "sql")
        given = {**self._params(parts), **settings}
        lacking = sorted({name for each in parts for name in each.names} - given.keys())
        if lacking:
            values = ", ".join(f"{name}=…" for name in lacking)
            raise ProjectError(f"sql: :{', :'.join(lacking)} has no value; give it: sql(…, {values})")  # fmt: skip
        named = {each for each in self._tables.names() if re.search(rf"\b{each}\b", query, re.IGNORECASE)}  # fmt: skip
        paths = {name: self._tables.path(name) for name in sorted(named)}
        with connect(paths) as connection:
            try:
                for each in parts[:-1]:
                    connection.execute(each.sql, each.of(given))
                return connection.execute(parts[-1].sql, parts[-1].of(given)).df()
            except duckdb.Error as error:
                raise DataError(f"sql: {told(error)}") from None

    def _params(self, parts: list[Any]) -> dict[str, Any]:
        """The environment's, where the query wants any: it may be what is broken."""
        return dict(self._workspace().environment.params) if any(each.names for each in parts) else {}  # fmt: skip

    def __repr__(self) -> str:
        return f"sql(QUERY), rows as pandas has them, of: {_listed(self._tables)}"


def _listed(tables: Tables) -> str:
    try:
        return ", ".join(tables.names())
    except CrosstieError as error:
        return str(error)


def _changed(path: Path) -> int:
    """When a file was last written or put there, in nanoseconds."""
    found = path.stat()
    return max(found.st_mtime_ns, found.st_ctime_ns)
