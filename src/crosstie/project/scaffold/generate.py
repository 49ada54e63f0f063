"""`crosstie generate` and `crosstie destroy`: a step, a feature type, an encoder or a gate to begin with, and away with it again."""

import re
from dataclasses import replace
from pathlib import Path

from crosstie.errors import ProjectError, nearest
from crosstie.project.place import Project
from crosstie.project.scaffold.files import Change, remove, write
from crosstie.project.scaffold.kinds import KINDS, Generated, Language


def generate(
    kind: str,
    name: str = "",
    *,
    language: Language | None = None,
    force: bool = False,
    folder: str | Path | None = None,
) -> list[Change]:
    """Write the files that something new begins with; the same again changes nothing.

    Args:
        kind: `step`, `feature`, `features`, `encoder` or `gate`.
        name: What it is called: a-z, 0-9 and _. `features` have none.
        language: Of a step or of features: `sql`, which None is, or `python`.
        force: Overwrite what is there and otherwise.
        folder: Where in the project one stands; None is the current folder.

    Returns:
        What happened to each file: `create`, `identical`, `conflict` (left alone) or `overwrite`.

    Raises:
        ProjectError: There is no project, no such kind, or the name is none or taken.
    """
    project = Project.find(None if folder is None else Path(folder))
    return write(generated(project, kind, name, language).drafts, project.root, force=force)


def destroy(
    kind: str, name: str = "", *, language: Language | None = None, folder: str | Path | None = None
) -> list[Change]:
    """Remove what `generate` wrote, unless it was changed since.

    Args:
        kind: As for `generate`.
        name: As for `generate`.
        language: As for `generate`.
        folder: As for `generate`.

    Returns:
        What happened to each file: `remove`, `absent` or `conflict` (changed, so left alone).

    Raises:
        ProjectError: As for `generate`.
    """
    project = Project.find(None if folder is None else Path(folder))
    changes = remove(generated(project, kind, name, language).drafts, project.root)
    return [
        replace(each, path=re.sub(r"/\d+_", "/", each.path)) if each.verb == "absent" else each
        for each in changes
    ]  # nobody knows the number of a step that is not there


def generated(
    project: Project, kind: str, name: str, language: Language | None = None
) -> Generated:
    """What belongs to one thing of a kind; see `generate`."""
    if kind not in KINDS:
        raise ProjectError(f"{kind!r} cannot be generated; {nearest(kind, KINDS)}")
    if not name and kind != "features":
        raise ProjectError(f"{kind}: needs a name, as in: crosstie generate {kind} NAME")
    return KINDS[kind](project, name, language)
