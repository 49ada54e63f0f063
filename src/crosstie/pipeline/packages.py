"""The packages that a run was made with, against those that are here now."""

import re
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version

from crosstie.pipeline.run import Run

FILE = "packages.txt"  # of a run of a project: every package that was installed, as name==version
MOST = 6  # that a line names


def others(run: Run) -> str:
    """In one line, the packages that are not here as they were when a run was made; "" if all are.

    Where the run kept the project's lock, those of the lock count; otherwise those that are here in another version.
    """
    path = run.path / FILE
    if path.is_file():
        lock = run.path / "uv.lock"
        return differing(path.read_text("utf-8"), lock.read_text("utf-8") if lock.is_file() else "")
    versions = run.manifest.get("versions", {})
    return differing("".join(f"{name}=={each}\n" for name, each in versions.items() if each), "")


def differing(packages: str, lock: str) -> str:
    """As `others`, of the texts of `packages.txt` and `uv.lock`."""
    locked = set(re.findall(r'^name = "(.+)"$', lock, re.MULTILINE))
    had = dict(each.split("==", 1) for each in packages.splitlines() if "==" in each)
    if locked:
        had = {name: each for name, each in had.items() if _normal(name) in locked}
    return _line(had, absent_too=bool(locked))


def _line(had: Mapping[str, str], *, absent_too: bool) -> str:
    moved = []
    for name, before in had.items():
        now = _version(name)
        if now == before or (now is None and not absent_too):
            continue
        moved.append(f"{name} {before} → {now or 'absent'}")
    if not moved:
        return ""
    more = f" and {len(moved) - MOST} more" if len(moved) > MOST else ""
    return f"made with other packages than are here: {', '.join(moved[:MOST])}{more}"


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
