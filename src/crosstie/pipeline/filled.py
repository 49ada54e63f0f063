"""The filled file: as it was written where that matters, so that a run never holds a secret."""

import os
from collections.abc import Mapping
from typing import Any

from crosstie.config.document import Document, copy_plain
from crosstie.config.environment import REFERENCE
from crosstie.config.yaml import Keys
from crosstie.pipeline.entries import Columns

SECRET = (
    8  # characters: a value this long that came from the environment is hidden wherever it stands
)


def as_written(config: Mapping[str, Any], columns: Columns, document: Document) -> dict[str, Any]:
    """The filled file with `${NAME}` where the file has it, and any other `${` escaped.

    Args:
        config: The filled file, variables filled in; its `data` is as written already.
        columns: Where the features of the filled file stand in the document's lists.
        document: What was written.
    """
    secrets = _secrets(document)
    filled = {
        key: each if key == "data" else _hidden(copy_plain(each), secrets)
        for key, each in config.items()
    }
    for path, text in document.written.items():
        moved = _moved(path, columns)
        if moved is not None:
            _put(filled, moved, text)
    return filled


def _secrets(document: Document) -> dict[str, str]:
    """Value to variable, of the long ones that the document uses."""
    names = {
        name
        for text in document.written.values()
        for escaped, name in REFERENCE.findall(text)
        if not escaped
    }
    return {
        os.environ[name]: name for name in sorted(names) if len(os.environ.get(name, "")) >= SECRET
    }


def _moved(path: Keys, columns: Columns) -> Keys | None:
    """Where in the filled file stands what the document has at `path`."""
    lists = {"input_features": columns.inputs, "output_features": columns.outputs}
    if path[0] == "data":
        return None
    if path[0] == "split":
        return ("preprocessing", *path)
    if path[0] in lists and len(path) > 1:
        places = [i for i, entry in enumerate(lists[str(path[0])]) if entry.index == path[1]]
        return (path[0], places[0], *path[2:]) if places else None
    return path


def _put(filled: Any, path: Keys, text: str) -> None:
    for key in path[:-1]:
        if isinstance(filled, Mapping) and key not in filled:
            return
        filled = filled[key]
        if not isinstance(filled, dict | list):
            return
    last: Any = path[-1]
    if isinstance(filled, list) or last in filled:
        filled[last] = text


def _hidden(value: Any, secrets: Mapping[str, str]) -> Any:
    if isinstance(value, list):
        return [_hidden(each, secrets) for each in value]
    if isinstance(value, dict):
        return {key: _hidden(each, secrets) for key, each in value.items()}
    if not isinstance(value, str):
        return value
    value = value.replace("${", "$${")
    for secret, name in secrets.items():
        value = value.replace(secret.replace("${", "$${"), f"${{{name}}}")
    return value
