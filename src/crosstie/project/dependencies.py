"""The packages that a project says it needs: steps may import no other, so that what runs here runs elsewhere."""

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from crosstie.errors import Problem
from crosstie.project.fingerprint.environment import OWN, Installed

NAME = re.compile(r"^\s*([A-Za-z0-9][A-Za-z0-9._-]*)")


def unlisted(
    root: Path,
    imports: Iterable[Mapping[str, str]],
    installed: Installed,
    standard: Iterable[str],
    *,
    serving: bool = False,
) -> list[Problem]:
    """Imports of packages that a project's `pyproject.toml` does not list, each with its place.

    A file that lists no packages at all promises nothing.

    Args:
        root: The project's folder.
        imports: Of each step, the top-level modules that its code imports, with file and line.
        installed: Which distributions bring a module.
        standard: Modules that need no package.
        serving: Whether the code runs in production, where nothing but `dependencies` is.
    """
    written = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    own = set(listed(written))
    if not own:
        return []
    free = {*standard, OWN}
    where_to = "under dependencies if the model needs it in production, else under [dependency-groups] train"
    if serving:
        given = written.get("project", {}).get("dependencies", [])
        own = set(listed({"project": {"dependencies": given}}))
        free.add("numpy")  # which predicting needs anyhow
        where_to = "under dependencies, for it runs on each request"
    found: dict[str, Problem] = {}
    for modules in imports:
        for module, where in modules.items():
            brought_by = [*installed.of(module)]
            if module in free or module in found or own & {normal(each) for each in brought_by}:
                continue
            package = brought_by[0] if brought_by else module
            found[module] = Problem(
                where,
                f"imports {module}, and pyproject.toml does not list {package}"
                f"{' for production' if serving else ''}. Add it: {where_to}",
            )
    return list(found.values())


def normal(name: str) -> str:
    """A distribution's name as names are compared.

    Examples:
        >>> normal("Ruamel.YAML"), normal("scikit_learn")
        ('ruamel-yaml', 'scikit-learn')
    """
    return re.sub(r"[-_.]+", "-", name).lower()


def listed(found: Mapping[str, Any]) -> Iterator[str]:
    """The packages that a `pyproject.toml` lists, in any group.

    Examples:
        >>> list(listed({"project": {"dependencies": ["numpy>=1.26"]}, "dependency-groups": {"dev": ["Ruff"]}}))
        ['numpy', 'ruff']
    """
    project = found.get("project", {})
    lists = [
        project.get("dependencies", []),
        *project.get("optional-dependencies", {}).values(),
        *found.get("dependency-groups", {}).values(),
    ]
    for each in (one for some in lists for one in some if isinstance(one, str)):
        if name := NAME.match(each):
            yield normal(name[1])
