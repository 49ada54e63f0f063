"""What a step's code runs on: Python without its patch, and the versions of the packages that it imports."""

import os
import sys
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from crosstie.project.fingerprint.cache import Cache
from crosstie.project.fingerprint.content import GRAIN, Contents
from crosstie.project.fingerprint.module import digest

OWN = __name__.partition(".")[0]


@dataclass(frozen=True)
class Environment:
    """What code runs on.

    Attributes:
        python: Its version without the patch: `3.11`.
        versions: Distribution to version. A module that no distribution brings has its own name: with a digest of its
            files where it lies on the path, with `absent` where it cannot be found.
    """

    python: str
    versions: Mapping[str, str]

    def to_json(self) -> dict[str, Any]:
        """As JSON."""
        return {"python": self.python, "versions": dict(self.versions)}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "Environment":
        """Back from JSON."""
        return cls(str(value["python"]), dict(value["versions"]))


class Installed:
    """The distributions of this Python. They are looked through once, and again when anything was installed.

    Args:
        cache: Where what was found is remembered.
    """

    def __init__(self, cache: Cache | None = None) -> None:
        self._cache = cache or Cache()
        self._modules: dict[str, dict[str, str]] | None = None

    def of(self, module: str) -> Mapping[str, str]:
        """The distributions that bring a top-level module, with their versions."""
        if self._modules is None:
            self._modules = self._read()
        return self._modules.get(module, {})

    def environment(self, imports: Iterable[str], contents: Contents | None = None) -> Environment:
        """What code that imports some modules runs on.

        Args:
            imports: Top-level modules. Those of Python itself and our own do not count.
            contents: Digests of files, for modules that no distribution brings.
        """
        versions: dict[str, str] = {}
        for module in sorted(imports):
            if module in sys.stdlib_module_names or module == OWN:
                continue
            found = self.of(module)
            versions |= found or {module: _lying_about(module, contents or Contents())}
        return Environment(
            f"{sys.version_info.major}.{sys.version_info.minor}", dict(sorted(versions.items()))
        )

    @cached_property
    def folders(self) -> tuple[list[str], list[int]]:
        """Where distributions lie, and when anything was installed there last."""
        paths = [path for path in dict.fromkeys(sys.path) if _has_distributions(path)]
        return paths, [Path(path).stat().st_mtime_ns for path in paths]

    def _read(self) -> dict[str, dict[str, str]]:
        folders = [*self.folders]
        known = self._cache.get("installed", sys.executable)
        if known is not None and known["folders"] == folders:
            modules: dict[str, dict[str, str]] = known["modules"]
            return modules
        modules = _look_through()
        if all(time.time_ns() - each > GRAIN for each in self.folders[1]):
            self._cache.put("installed", sys.executable, {"folders": folders, "modules": modules})
        return modules


@cache
def version_of(distribution: str) -> str | None:
    """The version of a distribution, read from the name of the folder that describes it; None if there is none."""
    for path in dict.fromkeys(sys.path):
        for each in Path(path or ".").glob(f"{distribution}-*.dist-info"):
            return each.name.removesuffix(".dist-info").removeprefix(f"{distribution}-")
    return None


def _look_through() -> dict[str, dict[str, str]]:
    from importlib import metadata  # 40 ms, and 500 ms for what follows

    versions: dict[str, str] = {}
    for each in metadata.distributions():
        if each.metadata["Name"]:
            versions.setdefault(each.metadata["Name"], each.version)
    return {
        module: {name: versions[name] for name in sorted(set(names)) if name in versions}
        for module, names in sorted(metadata.packages_distributions().items())
        if not module.startswith("_")
    }


def _has_distributions(path: str) -> bool:
    if path.endswith(("site-packages", "dist-packages")):
        return Path(path).is_dir()
    try:
        with os.scandir(path or ".") as entries:
            return any(each.name.endswith((".dist-info", ".egg-info")) for each in entries)
    except OSError:
        return False


def _lying_about(module: str, contents: Contents) -> str:
    """Of a module that lies on the path uninstalled, or is installed in place: what its files hold."""
    from importlib.util import find_spec

    try:
        spec = find_spec(module)
    except (ImportError, ValueError):
        return "absent"
    if spec is None:
        return "absent"
    if spec.submodule_search_locations:
        found = [
            f"{path.relative_to(folder).as_posix()} {contents.of(path)}"
            for folder in spec.submodule_search_locations
            for path in sorted(Path(folder).rglob("*.py"))
        ]
    elif spec.has_location and spec.origin:
        found = [contents.of(Path(spec.origin))]
    else:
        return "absent"
    return f"files {digest(' '.join(found))[:16]}"
