"""Notebooks as steps, read without being run: their cells, and what the cell tagged `parameters` asks for.

The convention is papermill's and Ploomber's: in that cell `upstream = ["calls", "callers"]` names the tables, and every
other name that is given a value is a setting. The table that the step makes is the variable called like it at the end.
"""

import ast
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path
from typing import Any

from crosstie.errors import Problem, ProjectError
from crosstie.project.steps.step import Step

PARAMETERS = "parameters"
UPSTREAM = "upstream"
NO_SETTINGS = (
    UPSTREAM,
    "product",
)  # the latter is Ploomber's, which says there where the table goes
_MARK = re.compile(r"#\s?%%+(?:\s+(.*))?")
_TAGS = re.compile(r"tags\s*=\s*(\[[^\]]*\])")
_TEXT = re.compile(r"\[(markdown|md|raw)\]")


@dataclass(frozen=True)
class Cell:
    """A cell of code.

    Attributes:
        source: Its text.
        tags: What it is marked with.
        line: Where it begins in its file; 0 in an `.ipynb`, whose lines nobody reads.
    """

    source: str
    tags: tuple[str, ...]
    line: int


def is_percent(text: str) -> bool:
    """Whether Python is cut into cells by lines with `# %%`."""
    return any(_MARK.fullmatch(line) for line in text.splitlines())


def code_cells(text: str, where: str) -> list[Cell]:
    """The cells of code of a notebook, in order.

    Args:
        text: Of an `.ipynb`, or Python cut into cells.
        where: The file as messages name it.

    Raises:
        ProjectError: It is an `.ipynb` that is none, or one of another language than Python.
    """
    return _of_json(text, where) if where.endswith(".ipynb") else list(_of_python(text))


def place(where: str, number: int, line: int, cell: Cell) -> str:
    """A line of a cell as messages name it.

    Args:
        where: The file.
        number: Which cell of code it is, from 1.
        line: Of the cell, from 1.
        cell: The cell.
    """
    return f"{where}:{cell.line + line - 1}" if cell.line else f"{where} cell {number}, line {line}"


def read_notebook(name: str, path: Path, text: str, where: str) -> Step:
    """The step of a notebook.

    Args:
        name: What the variable with its table must be called.
        path: The file.
        text: What it holds.
        where: The file as messages name it.

    Raises:
        ProjectError: It is no notebook, or what its parameters say cannot be read without running it.
    """
    cells = list(enumerate(code_cells(text, where), 1))
    tagged = [(number, cell) for number, cell in cells if PARAMETERS in cell.tags]
    upstreams: list[str] = []
    settings: dict[str, Any] = {}
    problems: list[Problem] = []
    for number, cell in tagged:
        for target, value, line in _assigned(cell.source, where, number, cell):
            at = place(where, number, line, cell)
            try:
                found = ast.literal_eval(value)
            except ValueError:
                problems.append(Problem(at, f"{target}: what stands in the cell tagged {PARAMETERS!r} must be written out, as a number or text; work it out in another cell"))  # fmt: skip
                continue
            if target == UPSTREAM:
                upstreams += _tables(found, at, problems)
            elif target not in NO_SETTINGS:
                settings[target] = found
    for number, cell in cells if not tagged else ():
        for target, _, line in _assigned(cell.source, where, number, cell, strict=False):
            if target == UPSTREAM:
                problems.append(Problem(place(where, number, line, cell), f"tag the cell that says {UPSTREAM} = … with {PARAMETERS!r}{_how(cell)}"))  # fmt: skip
    if problems:
        raise ProjectError(problems)
    return Step(name, path, "notebook", tuple(dict.fromkeys(upstreams)), settings=settings)


def _of_json(text: str, where: str) -> list[Cell]:
    try:
        value = json.loads(text)
        found = [
            Cell("".join(each["source"]), tuple(each.get("metadata", {}).get("tags", ())), 0)
            for each in value["cells"]
            if each["cell_type"] == "code"
        ]
        language = value.get("metadata", {}).get("kernelspec", {}).get("language", "python")
    except (ValueError, KeyError, TypeError, AttributeError):
        raise ProjectError(Problem(where, "is not a notebook: it is not JSON with 'cells'. Save it again from Jupyter.")) from None  # fmt: skip
    if language != "python":
        raise ProjectError(Problem(where, f"is written in {language}; notebooks that are steps are written in Python"))  # fmt: skip
    return found


def _of_python(text: str) -> Iterator[Cell]:
    lines = text.splitlines()
    marks = [place for place, line in enumerate(lines) if _MARK.fullmatch(line)]
    for begin, end in zip([-1, *marks], [*marks, len(lines)], strict=True):
        mark = _MARK.fullmatch(lines[begin]) if begin >= 0 else None
        head = (mark[1] or "") if mark else ""
        blank = list(takewhile(lambda line: not line.strip(), lines[begin + 1 : end]))
        first = begin + 1 + len(blank)
        held = lines[first:end]
        code = any(line.strip() and not line.startswith("#") for line in held)
        if _TEXT.search(head) or (mark is None and not code):
            continue
        tags = _TAGS.search(head)
        yield Cell("\n".join(held).rstrip(), _listed(tags[1]) if tags else (), first + 1)


def _listed(text: str) -> tuple[str, ...]:
    try:
        return tuple(map(str, ast.literal_eval(text)))
    except (ValueError, SyntaxError):
        return ()


def _assigned(
    source: str, where: str, number: int, cell: Cell, *, strict: bool = True
) -> Iterator[tuple[str, ast.expr, int]]:
    """Names that a cell gives values to, with what stands behind `=` and the line."""
    try:
        tree = ast.parse(source)
    except SyntaxError as error:
        if strict:
            at = place(where, number, error.lineno or 1, cell)
            raise ProjectError(Problem(at, f"is no Python: {error.msg}")) from None
        return
    for each in tree.body:
        targets = each.targets if isinstance(each, ast.Assign) else [getattr(each, "target", None)]
        value = getattr(each, "value", None)
        for target in targets:
            if isinstance(target, ast.Name) and isinstance(value, ast.expr):
                yield target.id, value, each.lineno


def _tables(found: Any, at: str, problems: list[Problem]) -> list[str]:
    names = [] if found is None else list(found) if isinstance(found, list | tuple | set) else None
    if names is None or not all(isinstance(each, str) and each.isidentifier() for each in names):
        problems.append(Problem(at, f"{UPSTREAM} must be a list of names of tables, as in ['calls', 'callers'], got {found!r}"))  # fmt: skip
        return []
    return names


def _how(cell: Cell) -> str:
    return f': # %% tags=["{PARAMETERS}"]' if cell.line else ", in Jupyter under Property Inspector"
