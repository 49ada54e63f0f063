"""Steps in processes of their own, several at once, all of which end when the build does."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from crosstie.project.steps import child
from crosstie.project.steps.spent import Spent
from crosstie.project.steps.task import Failure, Made, Task


class Processes:
    """Processes that run steps.

    Args:
        memory: Bytes that each may hold; None for as many as there are.
    """

    def __init__(self, memory: int | None = None) -> None:
        self._memory = memory
        self._running: set[subprocess.Popen[bytes]] = set()
        self._ended = False
        self._lock = threading.Lock()

    def run(self, task: Task, log: Path) -> Made | Failure:
        """Run a step and wait for it.

        Args:
            task: What to run.
            log: Takes what it prints.
        """
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("wb") as file, self._lock:
            if self._ended:
                return Failure("", "the build was interrupted", "")
            process = subprocess.Popen(
                [sys.executable, "-m", child.__name__],
                stdin=subprocess.PIPE,
                stdout=file,
                stderr=subprocess.STDOUT,
                cwd=task.root,
                start_new_session=True,  # Ctrl-C is for the build, which ends them
                env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            )
            self._running.add(process)
        process.communicate(json.dumps({**task.to_json(), "memory": self._memory}).encode())
        self._running.discard(process)
        return _outcome(Path(f"{task.to}.json"), process.returncode, log)

    def end(self) -> None:
        """End all that run."""
        with self._lock:
            self._ended = True
        for each in list(self._running):
            each.kill()


def _outcome(said: Path, code: int, log: Path) -> Made | Failure:
    try:
        found: Mapping[str, Any] = json.loads(said.read_text(encoding="utf-8"))
    except FileNotFoundError:
        how = f"was ended by signal {-code}" if code < 0 else f"ended with exit code {code}"
        hint = ", as the system does when memory runs out" if code == -9 else ""
        return Failure("", f"its process {how}{hint} and said nothing; what it printed is in {log}", "")  # fmt: skip
    if "failure" in found:
        return Failure(**found["failure"])
    made = found["made"]
    return Made(**{**made, "spent": Spent(**made["spent"]), "warnings": tuple(made["warnings"])})
