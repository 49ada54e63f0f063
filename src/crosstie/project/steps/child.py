"""The process that runs one step: `python -m crosstie.project.steps.child`, told what on its standard input.

Steps run in processes of their own: what one does to memory, modules or the current folder harms no other, and what it
takes can be measured.
"""

import importlib.util
import json
import os
import resource
import sys
import traceback
from dataclasses import asdict
from pathlib import Path
from typing import Any

from crosstie.data.files import write_json
from crosstie.errors import CrosstieError
from crosstie.project.steps.kernel import CellFailed
from crosstie.project.steps.sink import rows_written
from crosstie.project.steps.spent import Meter, Spent
from crosstie.project.steps.task import Failure, Made, Task


def main() -> int:
    """Run it, and write beside its table what came of it: 0 where there is one."""
    told = json.load(sys.stdin)
    memory = told.pop("memory")
    if memory is not None:
        resource.setrlimit(resource.RLIMIT_DATA, (memory, memory))
    task = Task(**told)
    root = Path(task.root)
    os.chdir(root)
    sys.path.insert(0, str(root))
    meter = Meter(children=True)  # a notebook's kernel is a child
    try:
        warnings = run(task)
    except BaseException as error:  # noqa: BLE001 - whatever the user's code raises is told to whoever runs it
        write_json(_beside(task), {"failure": asdict(_discreet(failure_of(error, root), task))})
        return 1
    rows = rows_written(Path(task.to)) if task.kind == "sink" else None
    made = _made(Path(task.to), meter.read(), warnings, rows=rows)
    write_json(_beside(task), {"made": asdict(made)})
    return 0


def run(task: Task) -> list[str]:
    """Make the table of a step; what whoever wrote it should know."""
    path = Path(task.path)
    where = path.relative_to(task.root).as_posix()
    tables = {name: Path(each) for name, each in task.tables.items()}
    if task.kind == "raw":
        from crosstie.project.steps.raw import run_raw

        run_raw(path, where, task.settings["sample"], Path(task.to))
        return []
    if task.kind == "fetched":
        from crosstie.project.steps.fetched import run_fetched

        assert task.database is not None
        address = task.database["connection"]
        run_fetched(task.step, task.settings["sample"], Path(task.to), connection=address, root=Path(task.root))  # fmt: skip
        return []
    if task.kind == "sink":
        from crosstie.project.steps.sink import run_sink

        assert task.database is not None
        (table,) = tables.values()
        run_sink(table, task.database, Path(task.to))
        return []
    if task.kind == "sql" and task.database is not None and "engine" in task.database:
        from crosstie.project.steps import through_ibis

        through_ibis.run_sql(
            path.read_text(encoding="utf-8"),
            where,
            tables,
            task.settings,
            Path(task.to),
            connection=task.database["connection"],
            foreign=task.foreign,
        )
        return []
    if task.kind == "sql" and task.database is not None:
        from crosstie.project.steps.postgres import run as postgres
        from crosstie.project.steps.postgres.connection import Database

        postgres.run_sql(
            path.read_text(encoding="utf-8"),
            where,
            tables,
            task.settings,
            Path(task.to),
            database=Database(**task.database),
            foreign=task.foreign,
        )
        return []
    if task.kind == "sql":
        from crosstie.project.steps.duck import run_sql

        run_sql(path.read_text(encoding="utf-8"), where, tables, task.settings, Path(task.to))
        return []
    if task.kind == "notebook":
        from crosstie.project.steps.kernel import run_notebook

        return run_notebook(task)
    from pyarrow import parquet  # 131 ms

    from crosstie.project.steps.frames import given_as, returned

    function = getattr(_module(path, task.step), task.step)
    frames = {name: given_as(each, task.frames[name]) for name, each in tables.items()}
    table, warnings = returned(function(**frames, **task.settings), f"{task.step}() returns")
    parquet.write_table(table, task.to, compression="zstd")
    return warnings


def _module(path: Path, name: str) -> Any:
    """A file as a module, whatever it is called."""
    spec = importlib.util.spec_from_file_location(f"steps.{name}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def _made(path: Path, spent: Spent, warnings: list[str], *, rows: int | None) -> Made:
    from pyarrow import parquet

    from crosstie.project.fingerprint.content import table_digest

    schema = parquet.read_schema(path)
    return Made(
        table_digest(path),
        parquet.read_metadata(path).num_rows if rows is None else rows,
        {each.name: str(each.type) for each in schema},
        spent,
        tuple(warnings),
    )


def failure_of(error: BaseException, root: Path) -> Failure:
    """Where in the project it happened, and why."""
    if isinstance(error, CellFailed):
        return error.failure
    if isinstance(error, CrosstieError):
        return Failure("", "; ".join(map(str, error.problems)), "")
    own = [
        each
        for each in traceback.extract_tb(error.__traceback__)
        if Path(each.filename).is_relative_to(root) and ".venv" not in each.filename
    ]
    where = f"{Path(own[-1].filename).relative_to(root).as_posix()}:{own[-1].lineno}" if own else ""
    message = str(error).partition("\n")[0]
    return Failure(where, f"{type(error).__name__}: {message}", traceback.format_exc())


def _discreet(failure: Failure, task: Task) -> Failure:
    """The same without values that may be secrets, which messages like to quote."""
    return Failure(failure.where, task.discreet(failure.why), task.discreet(failure.traceback))


def _beside(task: Task) -> Path:
    return Path(f"{task.to}.json")


if __name__ == "__main__":
    sys.exit(main())
