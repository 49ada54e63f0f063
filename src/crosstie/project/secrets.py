"""What must not stand in a file that is shared: passwords and tokens. `${NAME}` stands there, and the value in `.env`."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from crosstie.config.document import Document
from crosstie.config.environment import REFERENCE
from crosstie.config.yaml import Keys
from crosstie.errors import Problem

_NAMED = re.compile(
    r"(^|[_-])(password|passwd|passphrase|pwd|secret|token|credentials?|"
    r"(api|access|private|account|secret|storage)_?key)($|[_-])"
)
_IN_URL = re.compile(r"\w://[^/\s@]*?:(?P<secret>[^/\s]+)@")
_IN_PAIR = re.compile(
    r"(?i)(?:^|[?&;\s])[a-z_]*(?:password|passwd|pwd|secret|token|access_?key|account_?key|api_?key)\s*=\s*(?P<secret>[^&;\s]+)"
)

_NAMED_SO = re.compile(r"(?i)password|passwd|pwd|secret|token|key|credential")
_TOKENS = re.compile(
    r"\w://[^/\s@\"']*?:(?P<secret>[^/\s\"'@]+)@|-----BEGIN [A-Z ]*PRIVATE KEY-----|\bAKIA[0-9A-Z]{16}\b|"
    r"\b(?:gh[pousr]_|hf_|sk-)[A-Za-z0-9]{30,}\b"
)
_INSTEAD = "; write it into .env, and read it from there by its name"


def secrets_written(document: Document) -> list[Problem]:
    """Where a secret itself stands in place of `${NAME}`. What it is, is not repeated."""
    return [
        Problem(
            document.where(path),
            f"{what}; write ${{NAME}} in its place, and NAME=… in .env, which stays on this machine",
        )
        for path, value in _leaves(document.value, ())
        if (what := _secret(path, document.written.get(path, value)))
    ]


def secret_in_text(path: str, text: str, hidden: Iterable[tuple[str, str]] = ()) -> Problem | None:
    """Where a file holds a secret, which is not repeated; None if nothing there looks like one.

    Args:
        path: The file, as messages name it.
        text: What it says.
        hidden: Names and values of `.env`. Of those whose name says that they are secret the value may stand nowhere,
            unless it is a plain word: the password `postgres` of a laptop stands in half of all files.
    """
    if Path(path).suffix in {".pem", ".key", ".p12", ".pfx"}:
        return Problem(path, f"is a key by its name, which is not shared{_INSTEAD}")
    for name, value in hidden:
        plain = len(value) < 6 or re.fullmatch("[a-z]+", value)
        if _NAMED_SO.search(name) and not plain and value in text:
            line = text.count("\n", 0, text.index(value)) + 1
            return Problem(f"{path}:{line}", f"holds what .env says of {name}{_INSTEAD}")
    for each in _TOKENS.finditer(text):
        if not (each["secret"] or "").startswith(("$", "{", "%", "<", "*", "…")):
            line = text.count("\n", 0, each.start()) + 1
            return Problem(f"{path}:{line}", f"holds a password or key{_INSTEAD}")
    return None


def _leaves(value: Any, path: Keys) -> Iterator[tuple[Keys, Any]]:
    inner: Any = ()
    if isinstance(value, dict):
        inner = value.items()
    elif isinstance(value, list):
        inner = enumerate(value)
    else:
        yield path, value
    for key, each in inner:
        yield from _leaves(each, (*path, key))


def _secret(path: Keys, written: Any) -> str:
    """What kind of secret stands there; empty if none does."""
    name = next((str(key) for key in reversed(path) if isinstance(key, str)), "")
    plain = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", name).lower()
    if isinstance(written, str | int | float) and not isinstance(written, bool):
        if _NAMED.search(plain) and str(written) and not _refers(str(written)):
            return f"{name!r} is a secret, and its value stands in the file"
        found = [*_IN_URL.finditer(str(written)), *_IN_PAIR.finditer(str(written))]
        if any(not _refers(each["secret"]) for each in found):
            return "holds a password or key, which stands in the file"
    return ""


def _refers(text: str) -> bool:
    return any(not escaped for escaped, _ in REFERENCE.findall(text))
