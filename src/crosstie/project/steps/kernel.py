"""Notebooks run as steps: in a kernel of their own, cell by cell, with their tables loaded behind their parameters.

What was run is kept as a notebook with its outputs, as papermill keeps it. Nothing of the user's own Jupyter takes part:
no start-up files, no history, no ports.
"""

import json
import math
import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from crosstie.data.files import write_text
from crosstie.errors import DataError, MissingExtra, nearest
from crosstie.project.steps.notebook import PARAMETERS, code_cells, place
from crosstie.project.steps.task import Failure, Task

INJECTED = "injected-parameters"  # papermill's name for such a cell
READERS = {
    "pandas": "pandas.read_parquet",
    "polars": "polars.read_parquet",
    "arrow": "pyarrow.parquet.read_table",
    "ibis": "ibis.read_parquet",
}
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_FRAME = re.compile(r"^\s*(?:Cell In ?\[(\d+)\], line |File (.+?):)(\d+)", re.MULTILINE)


class CellFailed(Exception):
    """A cell raised, or its kernel died.

    Args:
        failure: Where, and why.
    """

    def __init__(self, failure: Failure) -> None:
        self.failure = failure
        super().__init__(failure.why)


def run_notebook(task: Task) -> list[str]:
    """Make the table of a notebook; what whoever wrote it should know.

    The executed copy lies beside the table, with the suffix `.ipynb`, also where a cell fails.

    Raises:
        MissingExtra: What runs notebooks is not installed.
        CellFailed: A cell raised, or its kernel died.
        DataError: Nothing is called like the step at the end, or what is, is no table.
    """
    try:
        import ipykernel  # noqa: F401 - the kernel's process imports it  # 200 ms
        import nbformat
        from jupyter_client.manager import AsyncKernelManager
        from nbclient import NotebookClient
        from nbclient.exceptions import CellExecutionError, DeadKernelError

        notebook = _notebook(Path(task.path))
    except ModuleNotFoundError as error:
        raise MissingExtra.of_module(error.name, "notebooks", needed_for="a notebook that is a step") from None  # fmt: skip
    codes = [each for each in notebook.cells if each.cell_type == "code"]
    given = nbformat.v4.new_code_cell(loading(task), metadata={"tags": [INJECTED]})
    last = nbformat.v4.new_code_cell(_keeping(task))
    tagged = [each for each in codes if PARAMETERS in each.metadata.get("tags", ())]
    notebook.cells.insert(notebook.cells.index(tagged[-1]) + 1 if tagged else 0, given)
    notebook.cells.append(last)
    with TemporaryDirectory(prefix="crosstie-") as folder:
        own = {"IPYTHONDIR": folder, "JUPYTER_RUNTIME_DIR": folder}
        kernel = AsyncKernelManager(
            kernel_name="python3",
            transport="tcp" if sys.platform == "win32" else "ipc",
            connection_file=f"{folder}/kernel.json",
        )
        client = NotebookClient(
            notebook,
            km=kernel,
            timeout=None,
            record_timing=False,
            resources={"metadata": {"path": task.root}},
        )
        cell = last
        try:
            with client.setup_kernel(env={**os.environ, **own, **hidden_settings(task)}):
                for index, cell in enumerate(notebook.cells):
                    counted = cell is not given and cell is not last
                    client.execute_cell(cell, index, store_history=counted)
        except CellExecutionError as error:
            if cell is last and error.ename == "DataError":
                raise DataError(error.evalue) from None
            raise CellFailed(_failure(error, task, [each is cell for each in codes])) from None
        except DeadKernelError:
            raise CellFailed(Failure("", "its kernel died, as it does when memory runs out", "")) from None  # fmt: skip
        finally:
            notebook.cells.remove(last)
            for each in codes:
                each.outputs = [_discreet(output, task) for output in each.outputs]
            write_text(Path(task.to).with_suffix(".ipynb"), nbformat.writes(notebook) + "\n")
    found: list[str] = json.loads(_told(task).read_text(encoding="utf-8"))
    return found


def loading(task: Task) -> str:
    """The code that loads what a step is given; paths are relative to the project."""
    lines = ["# what this step is given here"]
    readers = {name: READERS[task.frames.get(name, "pandas")] for name in task.tables}
    lines += dict.fromkeys(f"import {reader.rpartition('.')[0]}" for reader in readers.values())
    lines += [
        f"{name} = {readers[name]}({os.path.relpath(path, task.root)!r})"
        for name, path in task.tables.items()
    ]
    if set(task.hidden) & set(task.settings):
        lines.append("import json, os")
    lines += [f"{name} = {_written(name, value, task)}" for name, value in task.settings.items()]
    return "\n".join(lines)


def hidden_settings(task: Task) -> dict[str, str]:
    """Settings that may be secrets, as the environment variables from which the code that loads takes them."""
    return {_variable(name): json.dumps(task.settings[name]) for name in task.hidden if name in task.settings}  # fmt: skip


def keep(names: Mapping[str, Any], step: str, to: str) -> None:
    """Write the table that a notebook made; called in its kernel, behind its last cell.

    Args:
        names: The notebook's variables.
        step: What the one with the table is called.
        to: The Parquet file.

    Raises:
        DataError: There is none, or it is no table.
    """
    from pyarrow import parquet

    from crosstie.project.steps.frames import returned

    if step not in names:
        own = [each for each in names if not each.startswith("_")]
        near = nearest(step, own)
        hint = f"; {near}" if near.startswith("did") else ""
        raise DataError(f"no variable is called {step} at the end of the notebook, which makes the table {step!r}{hint}")  # fmt: skip
    table, warnings = returned(names[step], f"{step}, at the end of the notebook, is", "make it a table")  # fmt: skip
    parquet.write_table(table, to, compression="zstd")
    write_text(Path(f"{to}.told"), json.dumps(warnings))


def _notebook(path: Path) -> Any:
    if path.suffix == ".ipynb":
        import nbformat

        return nbformat.read(path, as_version=4)
    import jupytext

    return jupytext.read(path, fmt="py:percent")


def _keeping(task: Task) -> str:
    return f"from {__name__} import keep\nkeep(globals(), {task.step!r}, {task.to!r})"


def _told(task: Task) -> Path:
    return Path(f"{task.to}.told")


def _written(name: str, value: Any, task: Task) -> str:
    if name in task.hidden:  # perhaps a secret, and the executed copy is kept
        return f"json.loads(os.environ[{_variable(name)!r}])"
    if isinstance(value, float) and not math.isfinite(value):
        return f"float({str(value)!r})"
    return repr(value)


def _variable(name: str) -> str:
    return f"CROSSTIE_SETTING_{name}"


def _failure(error: Any, task: Task, failed: list[bool]) -> Failure:
    """Where a cell failed: the deepest line that is the project's own."""
    where = Path(task.path).relative_to(task.root).as_posix()
    cells = code_cells(Path(task.path).read_text(encoding="utf-8"), where)
    said = _COLOUR.sub("", error.traceback)
    why = f"{error.ename}: {error.evalue.partition(chr(10))[0]}"
    number = failed.index(True) + 1 if True in failed else 0
    found = f"{where} cell {number}" if number else where
    for cell, file, line in _FRAME.findall(said):
        if cell and int(cell) <= len(cells):
            found = place(where, int(cell), int(line), cells[int(cell) - 1])
        elif file and (own := _own(file, task)):
            found = f"{own}:{line}"
    return Failure(found, why, said + "\n")


def _discreet(value: Any, task: Task) -> Any:
    """What a cell showed, without values that may be secrets."""
    if isinstance(value, str):
        return task.discreet(value)
    if isinstance(value, list):
        return [_discreet(each, task) for each in value]
    if isinstance(value, dict):
        return type(value)({name: _discreet(each, task) for name, each in value.items()})
    return value


def _own(file: str, task: Task) -> str:
    path = Path(file).expanduser()
    path = path if path.is_absolute() else Path(task.root) / path
    inside = path.is_relative_to(task.root) and ".venv" not in path.parts
    return path.relative_to(task.root).as_posix() if inside else ""
