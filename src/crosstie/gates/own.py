"""Gates of a project's own as functions: `def gate_seniors(comparison): return passed, "in words"` in a file of `tests/`.

A class in `components/` can do no more; a function is what one writes who does not know Crosstie's classes.
"""

import ast
import functools
import inspect
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from crosstie.config.docstring import first_line
from crosstie.config.registry import import_file
from crosstie.errors import ConfigError, Problem
from crosstie.gates.blame import line_of, where
from crosstie.gates.comparison import Comparison, Finding
from crosstie.gates.gate import Gate, gates
from crosstie.gates.predicted import NOTHING_BEFORE

PREFIX = "gate_"  # as pytest goes by `test_`
SHAPE = 'return whether it passes and why, as in `return share < 0.02, f"{share:.1%} flip"`'


def own_gates(folders: Sequence[Path]) -> dict[str, type[Gate]]:
    """The functions `gate_…` of the Python files in some folders, by their names without that.

    A file without one is not imported. What a function takes behind the comparison are its options in `gates.yaml`.

    Raises:
        ConfigError: Everything that is wrong with them, each with file and line.
    """
    found: dict[str, type[Gate]] = {}
    places: dict[str, str] = {}
    problems: list[Problem] = []
    for path in (each for folder in folders for each in sorted(folder.glob("*.py"))):
        text = path.read_text(encoding="utf-8-sig", errors="replace")
        if PREFIX not in text:
            continue
        try:
            named = list(_functions(text))
            module = _imported(path, text) if named else None
        except SyntaxError as error:
            problems.append(Problem(where(path, error.lineno), f"is no Python: {error.msg}"))
            continue
        except ConfigError as error:
            problems += error.problems
            continue
        for each in named:
            name, place = each.name.removeprefix(PREFIX), where(path, each.lineno)
            wrong = _wrong(each, name, places)
            if wrong:
                problems.append(Problem(place, wrong))
                continue
            places[name] = place
            found[name] = _as_class(name, getattr(module, each.name), place)
    if problems:
        raise ConfigError(problems)
    return found


def _functions(text: str) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for each in ast.parse(text).body:
        if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef) and each.name.startswith(PREFIX):  # fmt: skip
            yield each


def _wrong(function: ast.FunctionDef | ast.AsyncFunctionDef, name: str, known: dict[str, str]) -> str:  # fmt: skip
    """What keeps a function from being a gate; "" if nothing does."""
    given = function.args
    if isinstance(function, ast.AsyncFunctionDef):
        return f"{function.name}: a gate is a plain function: def {function.name}(comparison):"
    if name in known:
        return f"{function.name}: is in {known[name]} already; give one of them another name"
    if name in gates.names():
        return f"{function.name}: there is a gate {name!r} already; choose another name"
    if not name or not (given.posonlyargs or given.args) or given.vararg or given.kwarg:
        return f"{function.name}: must take the comparison, then its options: def {PREFIX}{name or 'seniors'}(comparison, most=0.1):"
    return ""


def _imported(path: Path, text: str) -> Any:
    """A file as it is now as a module, which may import others of its folder and of the project."""
    beside = [str(path.parent.parent), str(path.parent)]
    sys.path[:0] = beside
    try:
        return import_file(path, version=text)
    finally:
        for each in beside:
            sys.path.remove(each)


def _as_class(name: str, function: Callable[..., Any], place: str) -> type[Gate]:
    """A function as the class that it stands for."""
    _, *rest = inspect.signature(function).parameters.values()
    kinds = {each.name: type(each.default) for each in rest if isinstance(each.default, bool | int | float | str)}  # fmt: skip

    @functools.wraps(function)
    def __init__(self: Any, **given: Any) -> None:  # noqa: N807 - the constructor of the class below
        self.given = given

    options = [each.replace(kind=inspect.Parameter.KEYWORD_ONLY) for each in rest]
    __init__.__signature__ = inspect.Signature(options)  # type: ignore[attr-defined]
    __init__.__annotations__ = {**kinds, **function.__annotations__}

    def check(self: Any, comparison: Comparison) -> list[Finding]:
        return _asked(function, comparison, self.given, place)

    named = {
        "__init__": __init__,
        "check": check,
        "__doc__": function.__doc__,
        "code": staticmethod(function),
    }
    return type(name, (Gate,), named)


def _asked(
    function: Callable[..., Any], comparison: Comparison, given: dict[str, Any], place: str
) -> list[Finding]:
    try:
        said = function(comparison, **given)
    except AssertionError as error:  # who writes tests may well assert
        words = str(error) or "an assertion does not hold"
        return [Finding("failed", f"{words} ({line_of(error, function)})")]
    except (AttributeError, TypeError) as error:
        if comparison.production is None and "NoneType" in str(error):
            return [
                Finding("not applicable", f"{NOTHING_BEFORE}; {line_of(error, function)} needs it")
            ]
        raise
    if isinstance(said, list) and all(isinstance(each, Finding) for each in said):
        return said
    passed, words = said if isinstance(said, tuple) and len(said) == 2 else (said, "")
    if not isinstance(passed, bool | np.bool_) or not isinstance(words, str):
        raise ConfigError(Problem(place, f"{function.__name__}: must {SHAPE}; got {said!r:.60}"))
    words = words or first_line(function.__doc__ or "") or function.__name__.replace("_", " ")
    return [Finding("passed", words) if passed else Finding("failed", f"{words} ({place})")]
