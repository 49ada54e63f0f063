"""The code of a project as one object of the store: its text files, without data, runs, `.env` and what holds a secret."""

import base64
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from crosstie.errors import Problem, RunError
from crosstie.project.dotenv import values_of
from crosstie.project.git import git
from crosstie.project.secrets import secret_in_text

LARGEST, MOST = 1_000_000, 20_000_000  # bytes of a file, and of all: more is no code
LEFT_OUT = ("data", "runs", "dist", "__pycache__", "node_modules")
FORBIDDEN = (".git", ".crosstie", "data", "runs")  # what a snapshot of somebody may not write into


@dataclass(frozen=True)
class Snapshot:
    """The code of a project.

    Attributes:
        files: What is in each file, by its path from the project's root.
        lacks: Files that are not in it, and why.
    """

    files: Mapping[str, bytes]
    lacks: tuple[Problem, ...] = ()

    @classmethod
    def of(cls, root: Path) -> "Snapshot":
        """Of a project as it lies there. What git ignores is left out; without git, what begins with a dot is."""
        files, lacks, room = {}, [], MOST
        hidden = [each for each in values_of(root).items() if each[1]]
        for path in sorted(set(_tracked(root) or _walked(root))):
            size = (root / path).stat().st_size
            if size > min(LARGEST, room):
                lacks.append(Problem(path, f"is {size / 1e6:,.1f} MB, which is more than code is"))
                continue
            content = (root / path).read_bytes()
            if found := secret_in_text(path, content.decode("utf-8", "replace"), hidden):
                lacks.append(found)
                continue
            files[path] = content
            room -= size
        return cls(files, tuple(lacks))

    def text(self) -> str:
        """As JSON, the same for the same files: of each its text, or the base64 of what is none."""
        return json.dumps({path: _written(each) for path, each in self.files.items()}, indent=0, ensure_ascii=False)  # fmt: skip

    @classmethod
    def from_text(cls, text: str) -> "Snapshot":
        """The same again.

        Raises:
            RunError: It names a file outside of a project, or one that is no code.
        """
        files = {}
        for name, each in json.loads(text).items():
            path = PurePosixPath(name)
            if path.is_absolute() or ".." in path.parts or path.parts[0] in FORBIDDEN:
                raise RunError(f"the code of a build in the store names {name!r}, which is no code of a project")  # fmt: skip
            files[name] = each.encode() if isinstance(each, str) else base64.b64decode(each[0])
        return cls(files)

    def write(self, folder: Path) -> None:
        """Write the files into a folder."""
        for name, content in self.files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)


def _written(content: bytes) -> str | list[str]:
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return [base64.b64encode(content).decode()]


def _tracked(root: Path) -> list[str]:
    """What git knows of or would add; nothing where it ignores the project itself."""
    found = git(root, "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", ".")
    names = [each for each in (found or "").split("\0") if each and _wanted(PurePosixPath(each))]
    names = [each for each in names if (root / each).is_file() and not (root / each).is_symlink()]
    return names if "pyproject.toml" in names else []


def _walked(root: Path) -> Iterator[str]:
    for folder, folders, files in os.walk(root):
        here = Path(folder)
        folders[:] = [
            each
            for each in folders
            if each[0] != "."
            and _wanted((here / each).relative_to(root))
            and not (here / each / "pyvenv.cfg").is_file()
        ]
        for each in files:
            path = (here / each).relative_to(root)
            if _wanted(path) and not (here / each).is_symlink():
                yield path.as_posix()


def _wanted(path: PurePosixPath | Path) -> bool:
    parts = path.parts
    own = parts[0] in FORBIDDEN or parts[0] in LEFT_OUT or "__pycache__" in parts
    return not own and not any(each.startswith(".env") for each in parts)
