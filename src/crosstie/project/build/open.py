"""The project that a command means, in the environment that it means."""

from pathlib import Path

from crosstie.project.build.workspace import Workspace
from crosstie.project.environment import load
from crosstie.project.place import Project


def opened(folder: str | Path | None = None, environment: str | None = None) -> Workspace:
    """A project to build.

    Args:
        folder: In it; the current one if none is given.
        environment: Its name; None is CROSSTIE_ENV, else development.

    Raises:
        ProjectError: There is no project.
        ConfigError: There is no such environment, or something is wrong with it.
    """
    project = Project.find(None if folder is None else Path(folder))
    return Workspace(project, load(project.root, environment))
