"""`crosstie debug`: where a step fails, with what it had in its hands."""

from pathlib import Path

from crosstie.cli.output import put
from crosstie.project import verbs


def debug(
    step: str | None = None, /, *, env: str | None = None, project: Path | None = None
) -> int:
    """Run a step in this process, with the tables and settings that a build gives it, and open a debugger where it fails.

    What it makes is thrown away. What it needs is built first.

    Args:
        step: Which, or a run of training that failed, or a build that failed, also of others who share the store; the one that failed in the last build if none is named.
        env: The environment.
        project: A folder in the project; the current one if none is given.
    """
    return 1 if verbs.debug(step, env=env, folder=project, say=put) else 0
