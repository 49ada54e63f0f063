"""Python steps, read without being run: what their function takes."""

import ast
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from crosstie.errors import Problem, ProjectError, nearest
from crosstie.project.steps.step import Frame, Step

FRAMES: Mapping[str, Frame] = {
    "pandas.DataFrame": "pandas",
    "pd.DataFrame": "pandas",
    "polars.DataFrame": "polars",
    "pl.DataFrame": "polars",
    "pyarrow.Table": "arrow",
    "pa.Table": "arrow",
    "ibis.Table": "ibis",
    "ibis.expr.types.Table": "ibis",
}


def read_python(name: str, path: Path, text: str, where: str) -> Step:
    """The step of a Python file.

    Args:
        name: What its function must be called.
        path: The file.
        text: What it holds.
        where: The file as messages name it.

    Raises:
        ProjectError: It is no Python, or has no such function, or one whose parameters cannot be given.
    """
    try:
        tree = ast.parse(text)
    except SyntaxError as error:
        raise ProjectError(f"{where}:{error.lineno}: is no Python: {error.msg}") from None
    functions = {each.name: each for each in tree.body if isinstance(each, ast.FunctionDef)}
    if name not in functions:
        offer = f"; {nearest(name, functions)}" if functions else ""
        raise ProjectError(
            f"{where}: has no function {name}(), which makes the table {name!r}{offer}"
        )
    function = functions[name]
    names = _names(tree)
    frames: dict[str, Frame] = {}
    settings: dict[str, Any] = {}
    given = function.args
    problems = [
        Problem(f"{where}:{odd.lineno}", f"{odd.arg}: name each table that the step takes")
        for odd in (given.vararg, given.kwarg)
        if odd is not None
    ]
    plain = [*given.posonlyargs, *given.args]
    defaults: list[ast.expr | None] = [
        *([None] * (len(plain) - len(given.defaults))),
        *given.defaults,
        *given.kw_defaults,
    ]
    for each, default in zip([*plain, *given.kwonlyargs], defaults, strict=True):
        line = f"{where}:{each.lineno}"
        if default is None:
            frames[each.arg] = _frame(each.annotation, names, line, problems)
            continue
        try:
            settings[each.arg] = ast.literal_eval(default)
        except ValueError:
            problems.append(Problem(line, f"{each.arg}: the default of a setting must be written out, as a number or text"))  # fmt: skip
    if problems:
        raise ProjectError(problems)
    return Step(name, path, "python", tuple(frames), frames, settings)


def makes(name: str, text: str) -> bool:
    """Whether a text is not Python, which `read_python` tells, or has the function that a step is."""
    try:
        tree = ast.parse(text)
    except SyntaxError:
        return True
    return any(isinstance(each, ast.FunctionDef) and each.name == name for each in tree.body)


def _frame(
    annotation: ast.expr | None, names: Mapping[str, str], where: str, problems: list[Problem]
) -> Frame:
    """What a parameter wants: pandas where it does not say."""
    if annotation is None:
        return "pandas"
    written = annotation.value if isinstance(annotation, ast.Constant) else None
    said = written if isinstance(written, str) else ast.unparse(annotation)
    head, _, rest = said.partition(".")
    full = f"{names.get(head, head)}{'.' if rest else ''}{rest}"
    found = FRAMES.get(full) or FRAMES.get(said)
    if found is None:
        wanted = "pd.DataFrame, pl.DataFrame, pa.Table or ibis.Table"
        problems.append(Problem(where, f"a table cannot be given as {said}; say {wanted}"))
        return "pandas"
    return found


def _names(tree: ast.Module) -> dict[str, str]:
    """What names stand for that the file imports."""
    found: dict[str, str] = {}
    for each in tree.body:
        if isinstance(each, ast.Import):
            found |= {one.asname or one.name: one.name for one in each.names}
        elif isinstance(each, ast.ImportFrom) and each.module:
            found |= {one.asname or one.name: f"{each.module}.{one.name}" for one in each.names}
    return found
