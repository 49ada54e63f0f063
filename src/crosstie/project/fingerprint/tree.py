"""The project's Python as the closure of a step sees it: files by their path from the root, on disk or as once kept."""

import hashlib
import os
import re
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Protocol

from crosstie.errors import Problem, ProjectError
from crosstie.project.fingerprint.notebook import code_cells

BUILT = (".so", ".pyd")  # compiled modules: their bytes are all that is known of them
NO_TEXT = (
    "\0"  # begins what stands for a file that is no text; then line, what is wrong, and the bytes
)
ROOTS = ("", "src")  # where absolute imports are looked for, from the root
_SKIPPED = {"__pycache__", "node_modules", "site-packages", "runs"}
_CODING = re.compile(rb"^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)", re.MULTILINE)


class Tree(Protocol):
    """Files by their path from the root, with slashes."""

    def text(self, path: str) -> str | None:
        """A file's code; None if there is no such file."""

    def is_folder(self, path: str) -> bool:
        """Whether there is a folder of that path."""

    def exists(self, path: str) -> bool:
        """Whether there is a file or folder of that path."""

    def built(self, below: str) -> str | None:
        """The compiled module of a path without its suffix; None if there is none."""

    def every(self, below: str) -> Iterator[str]:
        """All files of Python below a folder."""


class Folder:
    """A project on disk. Each file is read once.

    Args:
        root: Its folder.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._texts: dict[str, str | None] = {}
        self._folders: dict[str, bool] = {}
        self._built: dict[str, dict[str, str]] = {}

    def text(self, path: str) -> str | None:
        """A file's code, of a compiled module a hash; None if there is no such file."""
        if path not in self._texts:
            self._texts[path] = _read(self.root, path)
        return self._texts[path]

    def is_folder(self, path: str) -> bool:
        """Whether there is a folder of that path."""
        if path not in self._folders:
            self._folders[path] = (self.root / path).is_dir()
        return self._folders[path]

    def exists(self, path: str) -> bool:
        """Whether there is a file or folder of that path."""
        try:
            return (self.root / path).exists()
        except (OSError, ValueError):
            return False  # a text that cannot be a path

    def built(self, below: str) -> str | None:
        """The compiled module of a path without its suffix; None if there is none."""
        folder, _, name = below.rpartition("/")
        if folder not in self._built:
            held = (self.root / folder).iterdir() if self.is_folder(folder) else ()
            self._built[folder] = {
                each.name.partition(".")[0]: f"{folder}/{each.name}" if folder else each.name
                for each in sorted(held)
                if each.suffix in BUILT
            }
        return self._built[folder].get(name)

    def every(self, below: str) -> Iterator[str]:
        """All files of Python below a folder, but for those that other tools put there."""
        for at, folders, names in os.walk(self.root / below):
            folder = Path(at)
            folders[:] = sorted(
                name
                for name in folders
                if not name.startswith(".")
                and name not in _SKIPPED
                and not (folder / name / "pyvenv.cfg").exists()
            )
            for name in sorted(names):
                if name.endswith(".py"):
                    yield (folder / name).relative_to(self.root).as_posix()


class Kept:
    """A project as it was: the texts of the files that counted.

    Args:
        texts: By path.
    """

    def __init__(self, texts: Mapping[str, str]) -> None:
        self._texts = texts

    @cached_property
    def _folders(self) -> set[str]:
        return {str(each) for path in self._texts for each in PurePosixPath(path).parents} | {""}

    def text(self, path: str) -> str | None:
        """A file's code; None if there is no such file."""
        return self._texts.get(path)

    def is_folder(self, path: str) -> bool:
        """Whether there is a folder of that path."""
        return path in self._folders

    def exists(self, path: str) -> bool:
        """Whether there is a file or folder of that path."""
        return path in self._texts or path in self._folders

    def built(self, below: str) -> str | None:
        """The compiled module of a path without its suffix; None if there is none."""
        return next(
            (
                path
                for path in sorted(self._texts)
                if path.endswith(BUILT) and path.startswith(f"{below}.")
            ),
            None,
        )

    def every(self, below: str) -> Iterator[str]:
        """All files of Python below a folder."""
        for path in sorted(self._texts):
            if path.endswith(".py") and (not below or path.startswith(f"{below}/")):
                yield path


def find(tree: Tree, folder: str, parts: tuple[str, ...]) -> tuple[str, list[str]] | None:
    """Where a module lies.

    Args:
        tree: The files.
        folder: Where its first part is looked for.
        parts: Its dotted name's.

    Returns:
        Its file, or its folder if that has no `__init__.py`; and the files of all that importing it runs, itself last.
        None if there is none in the project.
    """
    runs: list[str] = []
    place = folder
    for depth, part in enumerate(parts):
        below = f"{place}/{part}" if place else part
        package, module = f"{below}/__init__.py", f"{below}.py"
        found = module if tree.text(module) is not None else tree.built(below)
        if tree.text(package) is not None:
            runs.append(package)
        elif found is not None:
            runs.append(found)
            return (found, runs) if depth == len(parts) - 1 else None
        elif not tree.is_folder(below):
            return None
        place = below
    package = f"{place}/__init__.py"
    return (package if package in runs else place, runs)


def _read(root: Path, path: str) -> str | None:
    file = root / path
    try:
        content = file.read_bytes()
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
        return None
    except OSError as error:
        raise ProjectError(Problem(path, f"cannot be read: {error.strerror}")) from None
    if path.endswith(BUILT):
        return f"{hashlib.sha256(content).hexdigest()}\n"
    start = b"\n".join(content.split(b"\n", 2)[:2])
    coding = _CODING.search(start)
    encoding = coding[1].decode() if coding else "utf-8"
    try:
        text = content.decode("utf-8-sig" if encoding.lower() in {"utf-8", "utf8"} else encoding)
    except (LookupError, UnicodeDecodeError) as error:
        line = content.count(b"\n", 0, getattr(error, "start", 0)) + 1
        return f"{NO_TEXT}{line} is not text in {encoding}; save it as UTF-8\n{content!a}"
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return code_cells(text, path) if path.endswith(".ipynb") else text
