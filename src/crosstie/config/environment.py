"""`${NAME}` in a file: the environment's value goes to the model, the text stays in what a run saves."""

import os
import re
from collections.abc import Callable
from typing import Any

from crosstie.config.yaml import Keys, Tree, read_scalar
from crosstie.errors import ConfigError, Problem, nearest

REFERENCE = re.compile(r"\$(\$)?\{([^}]*)\}")


def substitute(tree: Tree, where: Callable[[Keys], str]) -> Tree:
    """Fill in every `${NAME}`; `$${NAME}` stands for the text `${NAME}` itself.

    A value that is nothing but one unquoted reference is read as YAML, so `epochs: ${EPOCHS}` is a number.

    Args:
        tree: The values; the result shares its lines.
        where: What an error calls a path.

    Raises:
        ConfigError: Variables that are not set, all of them, each with its line.
    """
    problems: list[Problem] = []

    def fill(value: Any, path: Keys) -> Any:
        if isinstance(value, dict):
            return {key: fill(each, (*path, key)) for key, each in value.items()}
        if isinstance(value, list):
            return [fill(each, (*path, index)) for index, each in enumerate(value)]
        if not isinstance(value, str) or "${" not in value:
            return value
        tree.written[path] = value
        for escaped, name in REFERENCE.findall(value):
            if not escaped and name not in os.environ:
                problems.append(Problem(where(path), _missing(name)))
        text = REFERENCE.sub(_replace, value)
        if path in tree.plain and re.fullmatch(r"\$\{[^}]*\}", value):
            found = read_scalar(text, where(path)).value
            return text if isinstance(found, dict | list) else found
        return text

    tree.value = fill(tree.value, ())
    if problems:
        raise ConfigError(problems)
    return tree


def _replace(match: re.Match[str]) -> str:
    escaped, name = match.groups()
    return f"${{{name}}}" if escaped else os.environ.get(name, "")


def _missing(name: str) -> str:
    # Names only near to this one: the whole environment is long, and not for an error message.
    close = nearest(name, os.environ) if name else ""
    hint = f"; {close}" if close.startswith("did you mean") else ""
    return f"the environment variable {name!r} is not set{hint}"
