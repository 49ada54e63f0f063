"""`crosstie test`: the candidate against the model in production."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from crosstie.cli.output import put, put_json, put_table
from crosstie.gates.show import table_rows, verdict
from crosstie.project import verbs
from crosstie.project.place import Project


def test(
    *,
    env: str | None = None,
    junit: Path | None = None,
    json: Annotated[bool, Parameter(negative="")] = False,
    project: Path | None = None,
) -> int:
    """Hold the model that was built last against the one in production, and run the project's own tests.

    Args:
        env: The environment whose model is tested.
        junit: A file to write for a build server.
        json: Print one line of JSON.
        project: A folder in the project; the current one if none is given.
    """
    root = Project.find(project).root
    found = verbs.test(env=env, folder=project, junit=junit)
    if json:
        put_json({**found.comparison.state(), "passed": found.passed, "tests": found.own})
    else:
        rows = [list(each) for each in table_rows(found.comparison)]
        put_table("", ["gate", "", "value", "bound", "what"], rows)
        put(verdict(found.comparison))
        put(f"More: {root / '.crosstie' / 'reports' / 'test.html'}")
        if not found.own:
            put("the project's own tests failed")
        elif found.passed:
            put("Next: crosstie promote")
    return 0 if found.passed else 1
