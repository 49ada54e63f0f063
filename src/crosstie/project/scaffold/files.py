"""Files of a project that are written for its owner: what happens to each is said, and nothing of theirs is overwritten."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from string import Template
from typing import Literal

from crosstie.data.files import write_text

TEMPLATES = Path(__file__).parent / "templates"
Verb = Literal["create", "identical", "conflict", "overwrite", "remove", "absent"]


@dataclass(frozen=True)
class Change:
    """What happened to a file.

    Attributes:
        verb: `create`; `identical`, it is there as it would be written; `conflict`, it is there and otherwise, and was
            left alone; `overwrite`; `remove`; `absent`, there is nothing to remove.
        path: The file, relative to the project.
    """

    verb: Verb
    path: str

    def __str__(self) -> str:
        return f"{self.verb:>9}  {self.path}"


@dataclass(frozen=True)
class Draft:
    """A file to write, from a template.

    Attributes:
        path: Where, relative to the project.
        template: A file of `templates/`.
        values: What `$name` in it stands for.
        free: Those that may have been others when the file was written, as the table a step reads may.
    """

    path: str
    template: str
    values: Mapping[str, str] = field(default_factory=dict)
    free: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The file's text."""
        return self._template().substitute(self.values)

    def is_as_written(self, text: str) -> bool:
        """Whether a text is this draft's, whatever its free values are."""
        marks = {name: f"\x00{name}\x00" for name in self.free}
        pattern = re.escape(self._template().substitute({**self.values, **marks}))
        for name, mark in marks.items():
            first, rest = f"(?P<{name}>[^\\n]+?)", f"(?P={name})"
            pattern = pattern.replace(re.escape(mark), first, 1).replace(re.escape(mark), rest)
        return re.fullmatch(pattern, text) is not None

    def _template(self) -> Template:
        return Template((TEMPLATES / f"{self.template}.txt").read_text(encoding="utf-8"))


def write(drafts: Iterable[Draft], root: Path, *, force: bool = False) -> list[Change]:
    """Write what is not there.

    Args:
        drafts: The files.
        root: The project's folder.
        force: Overwrite what is there and otherwise.
    """
    return [Change(_write(each, root / each.path, force=force), each.path) for each in drafts]


def _write(draft: Draft, path: Path, *, force: bool) -> Verb:
    there = _text(path)
    if there is not None and draft.is_as_written(there):
        return "identical"
    if path.exists() and not (force and path.is_file()):
        return "conflict"
    verb: Verb = "overwrite" if path.exists() else "create"
    write_text(path, draft.text)
    return verb


def remove(drafts: Iterable[Draft], root: Path) -> list[Change]:
    """Remove what is as it was written, and the folder that is empty then."""
    return [Change(_remove(each, root / each.path), each.path) for each in drafts]


def _remove(draft: Draft, path: Path) -> Verb:
    if not path.exists():
        return "absent"
    there = _text(path)
    if there is None or not draft.is_as_written(there):
        return "conflict"
    path.unlink()
    if not any(path.parent.iterdir()):
        path.parent.rmdir()
    return "remove"


def _text(path: Path) -> str | None:
    """What a file holds; None if there is none, or it is no text."""
    try:
        return path.read_text(encoding="utf-8")
    except (FileNotFoundError, IsADirectoryError, UnicodeDecodeError):
        return None
