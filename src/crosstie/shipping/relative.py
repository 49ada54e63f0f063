"""Absolute imports of ours as relative ones, so that code runs wherever it is put.

Only the words of import statements change, at the places that the parser names: lines stay where they are, and what
a traceback shows can be looked up.
"""

import re
from collections.abc import Collection, Sequence

from crosstie.errors import ConfigError, Problem
from crosstie.shipping.modules import OWN, Import, Module

_FROM = re.compile(rf"from(\s+){OWN}((?:\.\w+)*)(?=\s)".encode())
_IMPORT = re.compile(rf"import(\s+){OWN}((?:\.\w+)+)\s+as\s+(\w+)".encode())
_PLAIN = re.compile(rb"import\s+[\w.]+\s+as\s+\w+[ \t]*(#.*)?\r?$", re.MULTILINE)


def relative(module: Module, package: Sequence[str], home: Sequence[str], *, shown: str) -> str:
    r"""A module's text with relative imports in place of absolute ones of ours.

    Args:
        module: What to rewrite.
        package: The package that it is put into, as parts below a common root.
        home: Where our rooms lie below that root.
        shown: What an error calls its file.

    Raises:
        ConfigError: It imports us in a way that has no relative form.

    Examples:
        >>> text = "from crosstie.data.table import Table  # rows\n"
        >>> relative(Module.of("crosstie.data.read", text), ["_runtime", "data"], ["_runtime"], shown="read.py")
        'from .table import Table  # rows\n'
        >>> relative(Module.of("ipv4", text), ["_components"], ["_runtime"], shown="ipv4.py")
        'from .._runtime.data.table import Table  # rows\n'
    """
    lines = module.source.encode().splitlines(keepends=True)
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line))
    text = b"".join(lines)
    pieces, done = [], 0
    problems = []
    for each in module.imports:
        if each.module.partition(".")[0] != OWN:
            continue
        start = starts[each.line - 1] + each.column
        found = _rewritten(each, text, start, package, home)
        if found is None:
            problems.append(
                Problem(
                    f"{shown}:{each.line}",
                    f"`import {each.module}` cannot go into a wheel. Write `from {OWN}.… import …`",
                )
            )
            continue
        words, end = found
        pieces += [text[done:start], words.encode()]
        done = end
    if problems:
        raise ConfigError(problems)
    return b"".join([*pieces, text[done:]]).decode()


def beside(
    module: Module, package: Sequence[str], home: str, names: Collection[str], *, shown: str
) -> Module:
    r"""The same with relative imports in place of absolute ones of the files that it lay with.

    Args:
        module: What to rewrite.
        package: The package that it is put into.
        home: The one that they all are put into.
        names: What `import` knew them by.
        shown: What an error calls its file.

    Raises:
        ConfigError: It imports one in a way that has no relative form.

    Examples:
        >>> text = "from helpers import half  # of it\nimport helpers as h\n"
        >>> print(beside(Module.of("features", text), ["_features"], "_features", ["helpers"], shown="").source, end="")
        from .helpers import half  # of it
        from . import helpers as h
    """
    lines = module.source.encode().splitlines(keepends=True)
    problems = []
    for each in module.imports:
        if each.module not in names:
            continue
        line, start = lines[each.line - 1], each.column
        said = each.module.encode()
        dots = _dotted(package, [home, *each.module.split(".")]).encode()
        *parents, last = each.module.split(".")
        known = re.compile(rb"from(\s+)" + re.escape(said) + rb"(?=\s)").match(line, start)
        plain = re.compile(rb"import\s+" + re.escape(said) + rb"(\s+as\s+\w+)?[ \t]*(?=#|\r?\n|$)").match(line, start)  # fmt: skip
        if known is not None:
            lines[each.line - 1] = line[:start] + b"from" + known[1] + dots + line[known.end() :]
        elif plain is not None and (plain[1] is not None or not parents):
            above = _dotted(package, [home, *parents]).encode()
            words = b"from " + above + b" import " + last.encode() + (plain[1] or b"")
            lines[each.line - 1] = line[:start] + words + line[plain.end() :]
        else:
            what = f"`import {each.module}` cannot go into a wheel. Write `from {each.module} import …`"
            problems.append(Problem(f"{shown}:{each.line}", what))
    if problems:
        raise ConfigError(problems)
    return Module.of(module.name, b"".join(lines).decode(), package=module.package)


def _rewritten(
    each: Import, text: bytes, start: int, package: Sequence[str], home: Sequence[str]
) -> tuple[str, int] | None:
    """The words that take the place of a statement's, and where those end; None if there are none."""
    found = _FROM.match(text, start)
    if found is not None:
        target = [*home, *found[2].decode().split(".")[1:]]
        return f"from{found[1].decode()}{_dotted(package, target)}", found.end()
    found = _IMPORT.match(text, start)
    if found is None or _PLAIN.match(text, start) is None:
        return None
    *parents, last = found[2].decode().split(".")[1:]
    return f"from {_dotted(package, [*home, *parents])} import {last} as {each.alias}", found.end()


def _dotted(package: Sequence[str], target: Sequence[str]) -> str:
    same = 0
    while same < min(len(package), len(target)) and package[same] == target[same]:
        same += 1
    return "." * (len(package) - same + 1) + ".".join(target[same:])
