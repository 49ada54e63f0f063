"""A project on disk: which folder it is, and where each thing in it lies."""

import tomllib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from crosstie.data.built import OWN, built_table
from crosstie.errors import ProjectError

TABLES = (".csv", ".tsv", ".json", ".jsonl", ".parquet", ".arrow", ".xlsx")


@dataclass(frozen=True)
class Project:
    """A folder whose `pyproject.toml` has a `[tool.crosstie]`.

    Attributes:
        root: The folder.
    """

    root: Path

    @classmethod
    def find(cls, start: Path | None = None) -> "Project":
        """The project that a folder is in, the current one if none is given.

        Raises:
            ProjectError: It is in none.
        """
        found = cls.around(start)
        if found is None:
            where = start or Path.cwd()
            raise ProjectError(
                f"{where}: no project here nor above: no pyproject.toml has a [tool.crosstie]. "
                "Make one with crosstie new NAME"
            )
        return found

    @classmethod
    def around(cls, start: Path | None = None) -> "Project | None":
        """Likewise; None where it is in none."""
        here = (start or Path.cwd()).resolve()
        for folder in (here, *here.parents):
            if "crosstie" in _pyproject(folder).get("tool", {}):
                return cls(folder)
        return None

    @cached_property
    def name(self) -> str:
        """As `pyproject.toml` says, or the folder's."""
        return str(_pyproject(self.root).get("project", {}).get("name", self.root.name))

    def __repr__(self) -> str:
        return f"Project({self.name!r} in {str(self.root)!r})"

    @property
    def model_file(self) -> Path:
        """What is trained."""
        return self.root / "model.yaml"

    @property
    def own(self) -> Path:
        """What Crosstie keeps here for itself; no version control wants it."""
        return self.root / OWN

    @property
    def runs(self) -> Path:
        """The folder of all runs."""
        return self.root / "runs"

    @property
    def components(self) -> Path:
        """Classes of the project's own."""
        return self.root / "components"

    @property
    def tests(self) -> Path:
        """What must stay true of the project; gates of its own among it."""
        return self.root / "tests"

    def table(self, environment: str, name: str) -> Path:
        """Where the table of a step lies."""
        return built_table(self.root, environment, name)

    def raw_tables(self) -> dict[str, Path]:
        """Files of `data/` by the name of their table.

        Raises:
            ProjectError: Two have one name.
        """
        found: dict[str, Path] = {}
        for path in sorted((self.root / "data").glob("*")):
            if path.suffix.lower() not in TABLES:
                continue
            if path.stem in found:
                both = f"{found[path.stem].name} and {path.name}"
                raise ProjectError(
                    f"data: {both} would both be the table {path.stem!r}; rename one"
                )
            found[path.stem] = path
        return found


def _pyproject(folder: Path) -> dict[str, Any]:
    path = folder / "pyproject.toml"
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return {}
    if "crosstie" not in text:  # whatever is wrong with somebody else's
        return {}
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ProjectError(f"{path}: is no TOML: {error}") from None
