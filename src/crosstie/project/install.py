"""`crosstie install`: the packages that `pyproject.toml` asks for, resolved and locked with hashes, and put in place. uv does it.

Which index they are from, and so which build of torch, is for uv's own settings to say: the user's, or `[tool.uv]`.
"""

import os
import re
import sys
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from crosstie.errors import MissingExtra, ProjectError
from crosstie.project.own_source import add_own_source, names_an_index
from crosstie.shipping.programs import Ended, find_uv, run

LOCK = "uv.lock"
PRODUCTION = "production"  # where only what [project] lists is wanted
MOST = 8  # packages that a line names
_LINE = re.compile(r"^\s*([+~-]) ([\w.-]+)==(\S+)", re.MULTILINE)

Say = Callable[[str], None]


@dataclass(frozen=True)
class Difference:
    """Packages before and after.

    Attributes:
        added: Name to version.
        changed: Name to both versions.
        removed: Name to version.
    """

    added: Mapping[str, str] = field(default_factory=dict)
    changed: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    removed: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def between(cls, before: Mapping[str, str], after: Mapping[str, str]) -> "Difference":
        """What of two sets of packages, name to version, is not the same."""
        both = sorted(before.keys() & after.keys())
        return cls(
            {name: after[name] for name in sorted(after.keys() - before.keys())},
            {name: (before[name], after[name]) for name in both if before[name] != after[name]},
            {name: before[name] for name in sorted(before.keys() - after.keys())},
        )

    def __bool__(self) -> bool:
        return bool(self.added or self.changed or self.removed)

    def __str__(self) -> str:
        parts = [
            _listed("added", [f"{name} {each}" for name, each in self.added.items()]),
            _listed("changed", [f"{name} {a} → {b}" for name, (a, b) in self.changed.items()]),
            _listed("removed", [f"{name} {each}" for name, each in self.removed.items()]),
        ]
        return "; ".join(filter(None, parts)) or "nothing changed"

    def to_json(self) -> dict[str, Any]:
        """As JSON values."""
        return {"added": self.added, "changed": self.changed, "removed": self.removed}


@dataclass(frozen=True)
class Synced:
    """What came of installing, or of looking whether it was done.

    Attributes:
        place: The environment of packages, as uv names it.
        locked: What of the lock is another now.
        installed: What of the environment is another now; where it was only looked at, what would be.
        wrong: Why lock or environment is not as it should be; "" if all is.
    """

    place: str
    locked: Difference = field(default_factory=Difference)
    installed: Difference = field(default_factory=Difference)
    wrong: str = ""

    def to_json(self) -> dict[str, Any]:
        """As JSON values."""
        parts = {"locked": self.locked.to_json(), "installed": self.installed.to_json()}
        return {"agrees": not self.wrong, "place": self.place, **parts, "wrong": self.wrong}


def install(root: Path, environment: str, *, say: Say) -> Synced:
    """Resolve what a project asks for, lock it, and install what is locked.

    Args:
        root: The project's folder.
        environment: In production what `[project]` lists; elsewhere the groups too.
        say: Called with each line worth showing.

    Raises:
        MissingExtra: uv is not installed.
        ProjectError: What is asked for cannot be had together, or no index can be reached.
    """
    uv, before = _uv(), _locked(root)
    say(f"resolving what pyproject.toml asks for into {LOCK}")
    own = not names_an_index(root) and add_own_source(root, say)
    ended = _run(root, [uv, "lock"])
    if ended.code and not own and "crosstie" in ended.said and add_own_source(root, say):
        ended = _run(root, [uv, "lock"])
    if ended.code:
        raise _failed(ended, "pyproject.toml: what it asks for cannot be resolved")
    say(f"installing what {LOCK} says into {_place()}")
    ended = _run(root, [uv, "sync", "--locked", *_groups(environment)])
    if ended.code:
        raise _failed(ended, f"{LOCK}: what it says cannot be installed")
    return Synced(_place(), Difference.between(before, _locked(root)), _moved(ended))


def look(root: Path, environment: str) -> Synced:
    """Whether lock and installed packages are what a project asks for. Nothing is changed.

    Args:
        root: As for `install`.
        environment: As for `install`.

    Raises:
        MissingExtra: uv is not installed.
        ProjectError: No index can be reached, and without one it cannot be known.
    """
    uv, hint = _uv(), "Type: crosstie install"
    if not (root / LOCK).is_file():
        return Synced(_place(), wrong=f"there is no {LOCK}. {hint}")
    ended = _run(root, [uv, "lock", "--check"])
    if ended.unreachable:
        raise _failed(ended, f"{LOCK}: cannot be held against pyproject.toml")
    if ended.code:
        what = f"{LOCK} is not what pyproject.toml asks for. {hint}"
        return Synced(_place(), wrong=what if "needs to be updated" in ended.said else ended.said)
    ended = _run(root, [uv, "sync", "--locked", "--check", *_groups(environment)])
    if ended.code == 0:
        return Synced(_place())
    moved = _moved(ended)
    what = f"{_place()} is not what {LOCK} says; crosstie install would have: {moved}"
    return Synced(_place(), installed=moved, wrong=what if moved else ended.said)


def _uv() -> str:
    found = find_uv()
    if found is None:
        raise MissingExtra("uv", "install", needed_for="crosstie install")
    return found


def _run(root: Path, words: Sequence[str]) -> Ended:
    """Run uv in the project, with this Python where nothing says which one."""
    given = {name: each for name, each in os.environ.items() if name != "VIRTUAL_ENV"}
    told = (
        "UV_PYTHON" in given or (root / ".python-version").is_file() or (root / _place()).is_dir()
    )
    python = [] if told else ["--python", sys.executable]
    return run([*words, "--project", str(root), *python], folder=root, environment=given)


def _groups(environment: str) -> list[str]:
    return ["--no-default-groups"] if environment == PRODUCTION else ["--all-groups"]


def _place() -> str:
    """The environment of packages, which uv has beside `pyproject.toml` unless told otherwise."""
    return os.environ.get("UV_PROJECT_ENVIRONMENT") or ".venv"


def _locked(root: Path) -> dict[str, str]:
    """The packages of the lock; of one in several versions, all of them."""
    try:
        found = tomllib.loads((root / LOCK).read_text(encoding="utf-8"))
    except (FileNotFoundError, tomllib.TOMLDecodeError):
        return {}  # uv writes it anew
    versions: dict[str, list[str]] = {}
    for each in found.get("package", []):
        if "version" in each and each.get("source", {}).get("virtual") != ".":
            versions.setdefault(each["name"], []).append(each["version"])
    return {name: ", ".join(sorted(each)) for name, each in versions.items()}


def _moved(ended: Ended) -> Difference:
    """What uv says that it did, or would do."""
    gone, come = (
        {name: version for way, name, version in _LINE.findall(ended.told) if way in ways}
        for ways in ("-", "+")
    )
    return Difference.between(gone, come)


def _failed(ended: Ended, what: str) -> ProjectError:
    said = (
        ended.said.partition("error: ")[2] or ended.said
    )  # what it was about before is no part of it
    if ended.unreachable:
        return ProjectError(
            f"{what}: the index of packages cannot be reached. Name one that can be in [tool.uv] of pyproject.toml or by "
            f"UV_DEFAULT_INDEX, or a folder of wheels by UV_FIND_LINKS. uv says:\n{said}"
        )
    return ProjectError(f"{what}. uv says:\n{said}")


def _listed(what: str, names: Sequence[str]) -> str:
    if not names:
        return ""
    more = f" and {len(names) - MOST} more" if len(names) > MOST else ""
    return f"{len(names)} {what}: {', '.join(names[:MOST])}{more}"
