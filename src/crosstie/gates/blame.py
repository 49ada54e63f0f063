"""Which line of a project's own code an error came up at, and in what words."""

import inspect
from pathlib import Path
from traceback import extract_tb
from typing import Any

from crosstie.config.wording import hint


def where(path: str | Path, line: int | None) -> str:
    """`tests/gates.py:4`, from the current folder if it lies beneath."""
    file = Path(path)
    if file.is_relative_to(Path.cwd()):
        file = file.relative_to(Path.cwd())
    return f"{file}:{line}"


def line_of(error: BaseException, code: Any) -> str:
    """File and line of an error: the last in the file of `code`, a class or a function, that was gone through."""
    try:
        file = inspect.getsourcefile(code)
    except TypeError:  # written in a console
        file = None
    lines = extract_tb(error.__traceback__)
    own = [each for each in lines if each.filename == file] or lines
    return where(own[-1].filename, own[-1].lineno)


def words_of(error: Exception) -> str:
    """Type and message in a line, with the name that was perhaps meant."""
    said = f"{type(error).__name__}: {error}".partition("\n")[0]
    if not isinstance(error, AttributeError) or error.name is None or error.obj is None:
        return said
    near = hint(error.name, [each for each in dir(error.obj) if not each.startswith("_")])
    return f"{said}; {near}" if near.startswith("did you mean") else said
