"""`crosstie build`: make what changed."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from crosstie.cli.output import put, put_json, tell
from crosstie.project import verbs


def build(
    *steps: str,
    env: str | None = None,
    force: Annotated[bool, Parameter(negative="")] = False,
    json: Annotated[bool, Parameter(negative="")] = False,
    quiet: Annotated[bool, Parameter(name=["--quiet", "-q"], negative="")] = False,
    project: Path | None = None,
) -> int:
    """Run the steps whose code, settings or data changed, and train the model on what they make.

    Args:
        steps: Only these and what they need; all if none are named.
        env: The environment: development, test, production, or another that has a file.
        force: Run the named steps, or all, even if nothing changed.
        json: Print one line of JSON: what ran, what was cached, what failed.
        quiet: Say only what failed.
        project: A folder in the project; the current one if none is given.
    """
    said = None if quiet else tell
    outcome = verbs.build(*steps, env=env, folder=project, force=force, say=said)
    if json:
        put_json(outcome.to_json())
    elif quiet:
        for name, why in outcome.failed.items():
            tell(f"{name}: failed: {why}")
    else:
        put(outcome.sentence())
    return 1 if outcome.failed else 0
