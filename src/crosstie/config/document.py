"""A file's values and where each of them was written, so that every error can name a line.

A path is a tuple of keys and indices: `("input_features", 0, "encoder", "hidden")`, shown as
`input_features[0].encoder.hidden`.
"""

import copy
import io
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from crosstie.config.environment import substitute
from crosstie.config.yaml import Keys, read_scalar
from crosstie.errors import ConfigError, Problem, nearest

# keys with an option of the command line
FLAGS = {
    key: f"--{key.replace('_', '-')}" for key in ("target", "model_type", "name", "seed", "folds")
}
FLAGS["start_from"] = "--from"


@dataclass
class Document:
    """A model file (or the dict that stands for one).

    Attributes:
        value: The whole, environment variables filled in.
        name: What errors call it: the path as given; "" for a dict.
        folder: What paths in it are relative to.
        lines: The line of each path, from 1; empty for a dict.
        written: Texts with `${NAME}` by path, as they stand in the file. A run saves these, not the values.
        replaced: Paths that the command line has set.
    """

    value: dict[str, Any]
    name: str = ""
    folder: Path = field(default_factory=Path)
    lines: Mapping[Keys, int] = field(default_factory=dict)
    written: dict[Keys, str] = field(default_factory=dict)
    replaced: set[Keys] = field(default_factory=set)

    def line(self, path: Keys) -> int | None:
        """The line of `path`, or of the nearest thing around it that has one."""
        for end in range(len(path), -1, -1):
            if path[:end] in self.lines:
                return self.lines[path[:end]]
        return None

    def where(self, path: Keys = ()) -> str:
        """`model.yaml:12 trainer.epochs`; `--set trainer.epochs` for what the command line has set."""
        if any(path[:end] in self.replaced for end in range(1, len(path) + 1)):
            flag = len(path) == 1 and path[0] in FLAGS
            return FLAGS[str(path[0])] if flag else f"--set {dotted(path)}"
        for end in range(len(path), 0, -1):
            if path[:end] in self.lines:
                break
            inside = [known for known in self.replaced if known[:end] == path[:end]]
            if inside:  # a section that is there for the command line only
                return f"--set {dotted(min(inside, key=str))}"
        line = self.line(path)
        file = self.name if line is None else f"{self.name}:{line}"
        return f"{file} {dotted(path)}".strip()

    def at(self, *path: str | int) -> "Place":
        """The place of `path` in this document."""
        return Place(self, path)

    def copy(self) -> "Document":
        """An equal document; setting a key in one leaves the other alone."""
        return Document(
            copy_plain(self.value),
            self.name,
            self.folder,
            self.lines,
            dict(self.written),
            set(self.replaced),
        )

    def set(self, assignment: str) -> "Document":
        """Set one key, as `--set` does; sections on the way are made, `encoder: dense` becomes a section.

        Args:
            assignment: `trainer.epochs=3`, `input_features[0].encoder=ple` or, by the entry's name,
                `input_features.age.encoder.bins=16`. The value is read as YAML.

        Returns:
            This document.

        Raises:
            ConfigError: Not of the form KEY=VALUE, or the key leads into something that has no keys.
        """
        key, equals, text = assignment.partition("=")
        keys = [part for part in re.split(r"[.\[\]]+", key.strip()) if part]
        if not equals or not keys:
            raise ConfigError(
                Problem(
                    f"--set {assignment}", "is not of the form KEY=VALUE, as in trainer.epochs=3"
                )
            )
        tree = substitute(
            read_scalar(text.strip(), f"--set {assignment}"), lambda _: f"--set {key}"
        )
        path = self._descend(keys[:-1], f"--set {key}")
        holder, last = self._enter(path, keys[-1], f"--set {key}")
        target = self._get(holder)
        target[last] = tree.value
        path = (*holder, last)
        self.replaced.add(path)
        for known in [known for known in self.written if known[: len(path)] == path]:
            del self.written[known]
        self.written.update({(*path, *inner): text for inner, text in tree.written.items()})
        return self

    def _descend(self, keys: list[str], where: str) -> Keys:
        path: Keys = ()
        for key in keys:
            holder, step = self._enter(path, key, where)
            path = (*holder, step)
            target = self._get(holder)
            if isinstance(step, str) and target.get(step) is None:
                target[step] = [] if step in {"input_features", "output_features"} else {}
            elif isinstance(target[step], str):
                target[step] = {"path" if path == ("data",) else "type": target[step]}
        return path

    def _enter(self, path: Keys, key: str, where: str) -> tuple[Keys, str | int]:
        """(path of what holds `key`, the key or index in it)."""
        target = self._get(path)
        if isinstance(target, dict):
            return path, key
        if not isinstance(target, list):
            raise ConfigError(Problem(where, f"{dotted(path)} is no section, so it has no {key!r}"))
        if key.isdecimal():
            if int(key) >= len(target):
                raise ConfigError(
                    Problem(where, f"{dotted(path)} has {len(target)} entries, counted from 0")
                )
            return path, int(key)
        names = [each.get("name") if isinstance(each, dict) else each for each in target]
        if key in names:
            return path, names.index(key)
        if path and path[-1] in {"input_features", "output_features"}:
            target.append({"name": key})
            return path, len(target) - 1
        raise ConfigError(Problem(where, f"no entry {key!r}; {nearest(key, map(str, names))}"))

    def _get(self, path: Keys) -> Any:
        value: Any = self.value
        for key in path:
            value = value[key]
        return value


@dataclass(frozen=True)
class Place:
    """A path in a document; prints itself as errors do."""

    document: Document
    path: Keys = ()

    def at(self, *path: str | int) -> "Place":
        """A place inside this one."""
        return Place(self.document, (*self.path, *path))

    def __str__(self) -> str:
        return self.document.where(self.path)


@dataclass(frozen=True)
class Loose:
    """A place without a document: options given from Python."""

    path: str = ""

    def at(self, *path: str | int) -> "Loose":
        """A place inside this one."""
        inner = dotted(path)
        joint = "." if self.path and inner and not inner.startswith("[") else ""
        return Loose(f"{self.path}{joint}{inner}")

    def __str__(self) -> str:
        return self.path


def dotted(path: Keys) -> str:
    """`input_features[0].encoder.hidden`."""
    text = ""
    for key in path:
        text += f"[{key}]" if isinstance(key, int) else f".{key}" if text else key
    return text


def copy_plain(value: Any) -> Any:
    """Sections and lists copied all the way down; anything else (a table given from Python) as it is."""
    if isinstance(value, Mapping):
        return {str(key): copy_plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [copy_plain(each) for each in value]
    if isinstance(value, str | int | float | bool) or value is None:
        return copy.copy(value)
    return value


def dump(config: Mapping[str, Any]) -> str:
    """The YAML text of plain values; `load` gives them back."""
    from ruamel.yaml import YAML  # 60 ms

    yaml = YAML(typ="safe", pure=True)
    yaml.default_flow_style = False
    yaml.sort_base_mapping_type_on_output = False  # type: ignore[assignment]  # keys stay in their order
    yaml.allow_unicode = True
    yaml.width = 100
    stream = io.StringIO()
    yaml.dump(copy_plain(config), stream)
    return stream.getvalue()
