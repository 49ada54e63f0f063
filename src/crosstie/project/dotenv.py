"""`.env`: what only this machine knows (passwords, addresses) as environment variables. It is git-ignored and never packaged.

A variable that is set already wins. Neither an error nor a log ever shows a value.
"""

import os
from pathlib import Path

from crosstie.errors import ConfigError, MissingExtra, Problem

FILE = ".env"


def use_dotenv(root: Path) -> list[str]:
    """Set what `.env` of a project says and the environment does not.

    Args:
        root: The project's folder.

    Returns:
        Names of the variables that were set.

    Raises:
        ConfigError: Lines that are no `NAME=VALUE`, and names that stand there twice, each with its line.
        MissingExtra: There is such a file and python-dotenv is not installed.
    """
    fresh = {name: value for name, value in values_of(root).items() if name not in os.environ}
    os.environ.update(fresh)
    return list(fresh)


def values_of(root: Path) -> dict[str, str]:
    """What `.env` of a project says, by name; nothing where there is none.

    Args:
        root: The project's folder.

    Raises:
        ConfigError: As `use_dotenv`.
        MissingExtra: As `use_dotenv`.
    """
    try:
        text = (root / FILE).read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return {}
    except UnicodeDecodeError as error:
        raise ConfigError(
            Problem(FILE, f"is not UTF-8 text (byte {error.start}); save it as UTF-8")
        ) from None
    return _values(text)


def _values(text: str) -> dict[str, str]:
    """Name to value; `${NAME}` inside a value stays as it is."""
    try:
        from dotenv.parser import parse_stream  # 10 ms
    except ModuleNotFoundError:
        raise MissingExtra("python-dotenv", "train", needed_for=FILE) from None
    import io

    found: dict[str, str] = {}
    problems: list[Problem] = []
    for each in parse_stream(io.StringIO(text)):
        blank = len(each.original.string) - len(each.original.string.lstrip())
        line = each.original.line + each.original.string.count("\n", 0, blank)
        where = f"{FILE}:{line}"
        if each.error or (each.key is not None and each.value is None):
            problems.append(Problem(where, "is no NAME=VALUE; a line of notes begins with #"))
        elif each.key is not None and each.key in found:
            problems.append(Problem(where, f"sets {each.key!r} a second time; keep one of them"))
        elif each.key is not None:
            found[each.key] = str(each.value)
    if problems:
        raise ConfigError(problems)
    return found
