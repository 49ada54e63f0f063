"""What a run was trained from, kept beside it, so that another can have the same again: commit, changes since, packages.

code.patch       of tracked and new files of the project since the commit, for `git apply`; data, runs and `.env` are not in it
packages.txt     every package that was installed, with its version
uv.lock          the project's own, where there is one
"""

from collections.abc import Sequence
from importlib.metadata import distributions
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from crosstie.data.files import write_text
from crosstie.pipeline.packages import FILE
from crosstie.project.dotenv import values_of
from crosstie.project.git import commit, git
from crosstie.project.secrets import secret_in_text

NO_COMMIT = "the project is in no git repository that has a commit, so its code is not kept"
MOST = 1_000_000  # bytes of a patch: more is no code
LEFT_OUT = ("data", "runs", ".crosstie", ".env*", "**/.env*")


def keep_origin(root: Path, run: Path) -> dict[str, Any]:
    """Write what a run was trained from into its folder.

    Args:
        root: The project's folder.
        run: The run's.

    Returns:
        For its manifest: `commit`, the `files` that were written, and under `lacks` what could not be kept, and why.
    """
    at, patch, lacks = _code(root)
    if found := secret_in_text("code.patch", patch, values_of(root).items()):
        patch, lacks = "", str(found)
    texts = {"code.patch": patch, FILE: packages(), "uv.lock": _text(root / "uv.lock")}
    kept = {name: text for name, text in texts.items() if text}
    for name, text in kept.items():
        write_text(run / name, text)
    return {"commit": at, "files": sorted(kept), "lacks": lacks}


def _code(root: Path) -> tuple[str | None, str, str]:
    """The commit, what changed since, and why one of them is not known; "" where all is."""
    at = commit(root)
    if at is None:
        return None, "", NO_COMMIT
    places = [".", *(f":(exclude,glob){each}{more}" for each in LEFT_OUT for more in ("", "/**"))]
    new = git(root, "ls-files", "-z", "--others", "--exclude-standard", "--", *places) or ""
    size = sum((root / each).stat().st_size for each in new.split("\0") if (root / each).is_file())
    patch = _patch(root, places) if size <= MOST else ""
    if patch is None:
        return at, "", "git cannot say what changed since the commit"
    size = max(size, len(patch))
    if size > MOST:
        return at, "", f"what changed since the commit is {size / 1e6:,.1f} MB; commit it"
    return at, patch, ""


def _patch(root: Path, places: Sequence[str]) -> str | None:
    """What changed, new files included; None if git does not say. The repository stays as it is."""
    objects = git(root, "rev-parse", "--path-format=absolute", "--git-path", "objects")
    if objects is None:
        return None
    with TemporaryDirectory() as folder:
        own = {
            "GIT_INDEX_FILE": f"{folder}/index",
            "GIT_OBJECT_DIRECTORY": f"{folder}/objects",
            "GIT_ALTERNATE_OBJECT_DIRECTORIES": objects.strip(),
        }
        Path(own["GIT_OBJECT_DIRECTORY"]).mkdir()
        if git(root, "read-tree", "HEAD", **own) is None:
            return None
        if git(root, "add", "--all", "--", *places, **own) is None:
            return None
        return git(root, "diff", "--cached", "--binary", "HEAD", "--", *places, **own)


def packages() -> str:
    """Every package that is installed, a line each, as `name==version`."""
    found = {f"{each.name}=={each.version}" for each in distributions() if each.name}
    return "".join(f"{each}\n" for each in sorted(found, key=str.lower))


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.is_file() else ""
