"""A step as a notebook to work in: what it takes is loaded, then its own code. A copy, which no build reads."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from crosstie.data.files import write_text
from crosstie.errors import ProjectError, nearest
from crosstie.project.build.build import Say, build
from crosstie.project.build.workspace import Workspace
from crosstie.project.steps.duck import statements
from crosstie.project.steps.kernel import hidden_settings, loading
from crosstie.project.steps.notebook import PARAMETERS, code_cells
from crosstie.project.steps.step import Step
from crosstie.project.steps.task import Task

MADE = ("sql", "python", "notebook")
OPENERS = ("jupyter-lab", "jupyter-notebook")


def write_scratch(here: Workspace, name: str, *, fresh: bool = False, say: Say = print) -> Path:
    """Write a step as a notebook; what it takes is built first.

    Args:
        here: The project.
        name: The step.
        fresh: Also where there is one already, which is overwritten.
        say: Called with each line worth showing.

    Raises:
        ProjectError: There is no such step, or what it takes cannot be built or be in a notebook.
    """
    path = here.project.own / "scratch" / f"{name}.ipynb"
    task = _task(here, name, path, say)
    if path.exists() and not fresh:
        say(f"{name}: as you left it; --fresh begins anew")
        return path
    cells = [_cell(source, place) for place, source in enumerate(_sources(here.steps[name], task))]
    metadata = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
    text = {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    write_text(path, json.dumps(text, indent=1, ensure_ascii=False) + "\n")
    say(f"{name}: written; changes there are yours to take back to {here.where(here.steps[name])}")
    return path


def open_scratch(here: Workspace, name: str, path: Path) -> int | None:
    """Open a notebook in Jupyter and wait for its end: its exit code; None if no Jupyter is installed."""
    places = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    command = next(filter(None, (shutil.which(each, path=places) for each in OPENERS)), None)
    if command is None:
        return None
    settings = hidden_settings(here.task(here.steps[name], to=path))
    done = subprocess.run([command, path], cwd=here.project.root, env={**os.environ, **settings}, check=False)  # fmt: skip
    return done.returncode


def _task(here: Workspace, name: str, path: Path, say: Say) -> Task:
    own = [each for each, step in here.steps.items() if step.kind in MADE]
    if name not in own:
        raise ProjectError(f"{name!r} is no step here; {nearest(name, own)}")
    takes = here.steps[name].upstreams
    far = [each for each in takes if here.steps[each].kind in {"source", "fetched"}]
    if far:
        raise ProjectError(f"{name}: reads {', '.join(far)} of the database, which a notebook has not")  # fmt: skip
    if takes:
        for first in build(here, takes, say=say).failed:
            raise ProjectError(f"{name} needs {first}, which failed; see where: crosstie debug {first}")  # fmt: skip
    return here.task(here.steps[name], to=path)


def _sources(step: Step, task: Task) -> Iterator[str]:
    yield (
        "# stand in the project's folder; its modules are imported again when they change\n"
        "%load_ext autoreload\n%autoreload 2\n"
        f"import os, sys\nos.chdir({task.root!r})\nsys.path.insert(0, {task.root!r})"
    )
    text = step.path.read_text(encoding="utf-8")
    where = step.path.name
    if step.kind == "python":
        yield loading(task)
        yield text.strip()
        yield f"{step.name}({', '.join([*step.upstreams, *(f'{each}={each}' for each in step.settings)])})"
    elif step.kind == "sql":
        yield loading(task)
        yield "import duckdb"
        for query in statements(text, where):
            given = ", ".join(f"{name!r}: {name}" for name in sorted(query.names))
            yield f'duckdb.execute("""\n{_escaped(query.sql)}\n""", {{{given}}}).df()'
    else:
        cells = code_cells(text, where)
        tagged = [place for place, each in enumerate(cells) if PARAMETERS in each.tags]
        if not tagged:
            yield loading(task)
        for place, each in enumerate(cells):
            yield each.source
            if tagged and place == tagged[-1]:
                yield loading(task)


def _escaped(sql: str) -> str:
    return sql.replace("\\", "\\\\").replace('"""', '""\\"')


def _cell(source: str, place: int) -> dict[str, Any]:
    return {
        "cell_type": "code",
        "id": f"cell-{place}",
        "metadata": {},
        "source": source.splitlines(keepends=True),
        "outputs": [],
        "execution_count": None,
    }
