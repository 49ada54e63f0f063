"""The model that a project built last, and the rows that it learned from and was tested on."""

from pathlib import Path

from crosstie.config.yaml import read_yaml
from crosstie.data.read import open_source
from crosstie.data.table import Table
from crosstie.data.write import arrow_table
from crosstie.errors import ProjectError
from crosstie.pipeline.run import Run
from crosstie.project.build.build import standing
from crosstie.project.build.workspace import Workspace
from crosstie.project.steps.read import MODEL
from crosstie.project.store.store import Record


def built_model(here: Workspace) -> tuple[Run, Record]:
    """The run of the model that is built, and what the store has of it.

    Raises:
        ProjectError: It is not, or something of it has moved since.
    """
    found = {each.step.name: each for each in standing(here)}.get(MODEL)
    if found is None:
        raise ProjectError("there is no model.yaml here; nothing is trained")
    if found.standing != "current" or found.record is None:
        raise ProjectError(
            f"the model is not built as it is now ({found.why}). Type: crosstie build"
        )
    return Run(here.place(found.step)), found.record


def write_rows(run: Run, to: Path, part: str) -> None:
    """The rows of a part of a run's table, as text, so that they are read as training read them."""
    import pyarrow as pa  # 131 ms
    from pyarrow import compute, ipc, parquet

    with pa.memory_map(str(run.path / "splits.arrow")) as source:
        splits = ipc.open_file(source).read_all()
        wanted = splits.filter(compute.equal(splits["part"], part))["row"].to_numpy()
    table = data_of(run).take(wanted)
    parquet.write_table(arrow_table({name: table.cells(name) for name in table.columns}), to)


def data_of(run: Run) -> Table:
    """The table that a run was given."""
    config = read_yaml((run.path / "config.yaml").read_text(encoding="utf-8"), "config.yaml").value
    return open_source(config["data"], base=run.path).table()
