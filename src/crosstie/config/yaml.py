"""YAML 1.2 (and JSON, which is a part of it) to plain values, with the line of each.

The tree of nodes is composed by ruamel.yaml and turned into values here, because only nodes know their lines.
No tag is ever followed: a file can hold texts, numbers, true, false, null, lists and sections, nothing else.
`yes`, `no`, `on` and dates stay texts.
"""

from dataclasses import dataclass, field
from typing import Any

from crosstie.errors import ConfigError, Problem

Keys = tuple[str | int, ...]
MAX_NODES = 200_000  # a file that holds more unfolds its aliases to fill memory

_PLAIN_TAGS = ("str", "int", "float", "bool", "null", "timestamp")


@dataclass
class Tree:
    """Values and what is known of them.

    Attributes:
        value: The plain value.
        lines: Line of each path, from 1.
        plain: Paths of texts written without quotes.
        written: Texts with `${NAME}` as written, by path (filled by `environment.substitute`).
    """

    value: Any
    lines: dict[Keys, int] = field(default_factory=dict)
    plain: set[Keys] = field(default_factory=set)
    written: dict[Keys, str] = field(default_factory=dict)


def read_yaml(text: str, name: str) -> Tree:
    """The file's values.

    Raises:
        ConfigError: It is no YAML, holds a key twice, or a tag; with the line.
    """
    from ruamel.yaml import YAML  # 60 ms
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    yaml = YAML(typ="safe", pure=True)
    try:
        node = yaml.compose(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = f":{mark.line + 1}" if mark else ""
        raise ConfigError(
            Problem(f"{name}{line}", _plainly(error.problem or "", text, mark))
        ) from None
    except YAMLError as error:
        raise ConfigError(Problem(name, f"is not YAML: {error}")) from None
    builder = _Builder(yaml, name)
    tree = builder.tree
    tree.value = builder.build(node, ()) if node is not None else None
    if builder.problems:
        raise ConfigError(builder.problems)
    return tree


def read_scalar(text: str, name: str) -> Tree:
    """A value given on the command line: `3`, `true`, `[0.7, 0.1, 0.2]`, `adam`."""
    return read_yaml(text, name)


class _Builder:
    """Turns nodes into values; notes lines and everything that is wrong."""

    def __init__(self, yaml: Any, name: str) -> None:
        self.constructor = yaml.constructor
        self.name = name
        self.tree = Tree(None)
        self.problems: list[Problem] = []
        self._open: list[int] = []
        self._count = 0

    def build(self, node: Any, path: Keys) -> Any:
        line = node.start_mark.line + 1
        self.tree.lines.setdefault(path, line)
        self._count += 1
        if id(node) in self._open or self._count > MAX_NODES:
            self._wrong(
                node, "an alias that holds itself" if id(node) in self._open else "too many aliases"
            )
            return None
        self._open.append(id(node))
        try:
            return self._value(node, path)
        finally:
            self._open.pop()

    def _value(self, node: Any, path: Keys) -> Any:
        kind = str(node.tag or "").removeprefix("tag:yaml.org,2002:")
        if kind == "map":
            return self._section(node, path)
        if kind == "seq":
            return [self.build(each, (*path, index)) for index, each in enumerate(node.value)]
        if kind not in _PLAIN_TAGS:
            self._wrong(node, f"the tag {node.tag!r} is not followed; write a plain value")
            return None
        if kind in {"str", "timestamp"}:
            if node.style is None:
                self.tree.plain.add(path)
            return str(node.value)
        return getattr(self.constructor, f"construct_yaml_{kind}")(node)

    def _section(self, node: Any, path: Keys) -> dict[str, Any]:
        found: dict[str, Any] = {}
        merged: dict[str, Any] = {}
        for key, value in node.value:
            if str(key.tag).endswith(":merge"):
                for each in value.value if str(value.tag).endswith(":seq") else [value]:
                    merged = {**(self.build(each, path) or {}), **merged}
                continue
            if not isinstance(key.value, str):
                self._wrong(key, "a key must be a text")
                continue
            if key.value in found:
                self._wrong(key, f"the key {key.value!r} is given twice; keep one of them")
            self.tree.lines[*path, key.value] = key.start_mark.line + 1
            found[key.value] = self.build(value, (*path, key.value))
        return {**merged, **found}

    def _wrong(self, node: Any, what: str) -> None:
        self.problems.append(Problem(f"{self.name}:{node.start_mark.line + 1}", what))


def _plainly(problem: str, text: str, mark: Any) -> str:
    line = text.splitlines()[mark.line] if mark and mark.line < len(text.splitlines()) else ""
    if "\t" in line[: len(line) - len(line.lstrip())] or "'\\t'" in problem:
        return "a tab stands where spaces must; indent with spaces"
    if "${" in line and "but got '{'" in problem:
        return "inside braces or brackets ${NAME} must be quoted, or stand on a line of its own"
    if "<stream end>" in problem:
        return "the file ends inside a list or section; a bracket is opened and never closed"
    if "expected '<document start>'" in problem:
        return (
            "the indentation does not fit the lines above; keys of one section start in one column"
        )
    if "mapping values are not allowed" in problem:
        return "a colon stands where no key can; check the indentation, or quote the text that holds it"
    if "could not find expected ':'" in problem:
        return "a key without a colon; write `key: value`"
    if "expected <block end>" in problem or "did not find expected" in problem:
        return (
            "the indentation does not fit the lines above; keys of one section start in one column"
        )
    if "scanning a quoted scalar" in problem or "found unexpected end of stream" in problem:
        return "a quote is opened and never closed"
    return f"is not YAML: {problem}"
