"""The tests that a project has of its own."""

import os
import subprocess
import sys
from pathlib import Path

from crosstie.data.built import VARIABLE

NONE = 5  # there are none: pytest's word for that


def own_tests_pass(root: Path, environment: str) -> bool:
    """Whether the project's own tests pass in an environment; what they print goes to standard error."""
    if not any((root / "tests").glob("test_*.py")):
        return True
    command = [sys.executable, "-m", "pytest", "-q", "tests"]
    done = subprocess.run(
        command,
        cwd=root,
        env={**os.environ, VARIABLE: environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    sys.stderr.write(done.stdout)
    return done.returncode in {0, NONE}
