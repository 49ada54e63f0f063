"""Where a project is: the nearest folder whose `pyproject.toml` has `[tool.crosstie]`, and what lies where in it."""

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from crosstie.errors import ConfigError, Problem

FILE = "pyproject.toml"
NONE_HERE = "no project here, and none above; `crosstie new NAME` makes one"


@dataclass(frozen=True)
class Project:
    """A project: its folder and its name.

    Attributes:
        root: Its folder, whole.
        name: What `pyproject.toml` calls it; the folder's name where it says nothing.
    """

    root: Path
    name: str

    @classmethod
    def find(cls, start: Path = Path()) -> "Project":
        """The project that a folder lies in.

        Raises:
            ConfigError: It lies in none, or `pyproject.toml` is no TOML.
        """
        found = cls.around(start)
        if found is None:
            raise ConfigError(Problem(str(start.resolve()), NONE_HERE))
        return found

    @classmethod
    def around(cls, start: Path = Path()) -> "Project | None":
        """As `find`, but None where there is none."""
        here = start.resolve()
        for folder in (here, *here.parents):
            settings = _settings(folder / FILE)
            if settings is not None:
                return cls(folder, str(settings.get("name", folder.name)))
        return None

    @property
    def data(self) -> Path:
        """Raw tables, never written to."""
        return self.root / "data"

    @property
    def steps(self) -> Path:
        """Files that each make one table."""
        return self.root / "steps"

    @property
    def components(self) -> Path:
        """Classes of one's own."""
        return self.root / "components"

    @property
    def environments(self) -> Path:
        """What differs between development, test and production."""
        return self.root / "environments"

    @property
    def model(self) -> Path:
        """The model file."""
        return self.root / "model.yaml"


def _settings(file: Path) -> dict[str, Any] | None:
    """The `[project]` of a project's file; None if it is no project of ours."""
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None
    if "crosstie" not in text:  # whatever else may be wrong with somebody else's
        return None
    try:
        found = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(Problem(str(file), f"is no TOML: {error}")) from None
    return found.get("project", {}) if "crosstie" in found.get("tool", {}) else None
