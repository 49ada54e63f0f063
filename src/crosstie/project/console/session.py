"""What a console has at hand of a project. It opens whatever is wrong with the project, and says what that is."""

from collections.abc import Sequence
from typing import Any

from crosstie.data.built import environment_name
from crosstie.errors import CrosstieError
from crosstie.project.build.open import opened
from crosstie.project.build.workspace import Workspace
from crosstie.project.console.difference import Difference, difference
from crosstie.project.console.tables import Sql, Tables
from crosstie.project.console.trained import BuiltModel, Runs
from crosstie.project.dag import READ_ONLY, Dag
from crosstie.project.environment import DEFAULTS, FOLDER, load
from crosstie.project.place import Project


class Session:
    """Names for a console, each of which looks at files as they are when it is used.

    Args:
        project: The project.
        environment: Its environment's name; None is CROSSTIE_ENV, else development.

    Raises:
        ConfigError: There is no such environment.
    """

    def __init__(self, project: Project, environment: str | None = None) -> None:
        self.project = project
        self.environment = environment_name(environment)
        self.read_only = self.environment == READ_ONLY
        known = project.root / FOLDER / f"{self.environment}.yaml"
        if self.environment not in DEFAULTS and not known.is_file():
            load(project.root, self.environment)  # says so

    def workspace(self) -> Workspace:
        """The project as it is now."""
        return opened(self.project.root, self.environment)

    def names(self) -> dict[str, Any]:
        """What is at hand, by name."""
        tables = Tables(self.project, self.environment, self.workspace)
        return {
            "project": self.project,
            "dag": Dag(self.workspace, read_only=self.read_only),
            "data": tables,
            "sql": Sql(tables, self.workspace),
            "diff": self.diff,
            "runs": Runs(self.project.runs),
            "model": BuiltModel(self.workspace),
        }

    def diff(self, step: str, key: str | Sequence[str] | None = None) -> Difference:
        """The rows in which the last two tables of a step differ.

        Args:
            step: Which.
            key: Columns that name a row; None finds one.

        Raises:
            ProjectError: There is no such step, or it gave one table only.
        """
        return difference(self.workspace(), step, key)

    def banner(self) -> str:
        """Where one is, what is at hand, and what is wrong."""
        where = f"crosstie console: {self.project.name}, {self.environment}"
        if self.read_only:
            where = f"*** {self.environment.upper()} *** {where}, read-only: nothing is run, accepted or changed"  # fmt: skip
        names = 'dag, data("name"), sql("select …"), diff("step"), runs, model, project'
        return "\n".join([where, f"at hand: {names}", *self.problems()])

    def problems(self) -> list[str]:
        """What keeps the project from being built; what can be loaded can be."""
        try:
            _ = self.workspace().steps
        except CrosstieError as error:
            return [
                *(f"error: {each}" for each in error.problems),
                "The project does not build until that is mended. What does not need it is at hand",
            ]
        return []
