"""What git says of a project."""

import os
import shutil
import subprocess
from pathlib import Path


def git(root: Path, *words: str, **variables: str) -> str | None:
    """What git answers in a folder; None if it does not, or not in UTF-8.

    Args:
        root: The folder.
        words: Its arguments.
        variables: Of its environment, beside ours.
    """
    program = shutil.which("git")
    if program is None:
        return None
    done = subprocess.run(
        [program, "-C", str(root), *words],
        capture_output=True,
        env={**os.environ, **variables},
        check=False,
    )
    try:
        return None if done.returncode else done.stdout.decode("utf-8")
    except UnicodeDecodeError:  # a text of another encoding would not come out as it was
        return None


def commit(root: Path) -> str | None:
    """The commit that a folder stands at; None if it is in no repository that has one."""
    return (git(root, "rev-parse", "HEAD") or "").strip() or None
