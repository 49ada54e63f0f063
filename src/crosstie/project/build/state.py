"""What was last built in an environment: of each step the key and the product that lie in its place, or why it failed."""

import json
import os
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from crosstie.data.files import write_text
from crosstie.errors import ProjectError


@dataclass(frozen=True)
class Built:
    """What a step gave when it was last built or restored.

    Attributes:
        key: What it was made of.
        digest: Of what it gave.
        file: The hash of the file that lies in its place; of a model, the name of its run.
    """

    key: str
    digest: str
    file: str


class State:
    """The steps that are built, in one small file that is written after each.

    Args:
        path: The file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._built: dict[str, Built] = {}
        try:
            found: Mapping[str, Any] = json.loads(path.read_text(encoding="utf-8"))
            self._built = {name: Built(**each) for name, each in found.items()}
        except (FileNotFoundError, ValueError, TypeError):
            return  # nothing is known, and the store says what can be restored

    def get(self, step: str) -> Built | None:
        """What lies there of a step."""
        return self._built.get(step)

    def put(self, step: str, built: Built) -> None:
        """Note what lies there of a step."""
        self._built[step] = built
        found = {name: vars(each) for name, each in self._built.items()}
        write_text(self._path, json.dumps(found, indent=1) + "\n")


class Failed:
    """The steps that failed when they were last to be built, and why.

    Args:
        path: The file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> dict[str, str]:
        """Why, by step."""
        try:
            found: dict[str, str] = json.loads(self._path.read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError):
            return {}
        return found

    def update(self, failed: Mapping[str, str], *, well: Collection[str]) -> None:
        """Note what came of a build.

        Args:
            failed: Why, by step.
            well: Steps that did not fail.
        """
        before = self.read()
        found = {**{step: why for step, why in before.items() if step not in well}, **failed}
        if found != before:
            write_text(self._path, json.dumps(found, indent=1) + "\n")


@contextmanager
def alone(folder: Path, *, doing: str = "builds") -> Iterator[None]:
    """Be the only one that builds in a folder. The system lets go of it however this process ends.

    Args:
        folder: Which.
        doing: What else only one may do there at a time, as in "retrains".

    Raises:
        ProjectError: Another does so there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / ("lock" if doing == "builds" else f"{doing}.lock")
    file = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        if not _locked(file):
            pid = os.read(file, 32).decode(errors="replace").strip()
            raise ProjectError(
                f"process {pid} {doing} here now. Wait for it, or end it: kill {pid}"
            )
        os.ftruncate(file, 0)
        os.pwrite(file, str(os.getpid()).encode(), 0)
        yield
    finally:
        os.close(file)


def _locked(file: int) -> bool:
    try:
        import fcntl
    except ModuleNotFoundError:  # Windows
        import msvcrt

        try:
            msvcrt.locking(file, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
        except OSError:
            return False
        return True
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
