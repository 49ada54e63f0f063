"""Real training rows of a run, for a model that is to show them in place of made-up ones."""

import base64
from typing import Any

import numpy as np

from crosstie.artifact.artifact import Artifact
from crosstie.artifact.example import ROWS
from crosstie.artifact.loading import load
from crosstie.data import parse
from crosstie.data.media import Unreadable, content
from crosstie.data.reader import ROWS_AT_ONCE
from crosstie.data.style import PLAIN
from crosstie.data.table import Table
from crosstie.errors import RunError
from crosstie.features.feature import Feature
from crosstie.pipeline.prepare import assign
from crosstie.pipeline.request import request_for
from crosstie.pipeline.run import Run


def sample_rows(run: Run, *, data: Any = None, rows: int = ROWS + 1) -> list[dict[str, Any]]:
    """Some of the rows that a run was trained on, as `artifact.saving.amend` takes them.

    Numbers are numbers, files are `data:` addresses, everything else is text as the table writes it. Private
    columns are left out.

    Args:
        run: A finished run.
        data: Its table, where the run's file names none.
        rows: At most so many.

    Raises:
        RunError: The table is not what the run was trained on any more.
        DataError: It cannot be read.
    """
    plan = request_for(run.path / "config.yaml", data=data).plan()
    source = plan.sources["train"]
    then = run.manifest["data"]["train"]
    if then["fingerprint"] != source.fingerprint:
        raise RunError(
            f"{run.path}: {source.name} is not the table that it was trained on any more, so none of its rows can "
            "be shown. Bring the old one back, or go without them"
        )
    artifact = load(run.model)
    trained = np.flatnonzero(assign(plan) == 0)
    rng = np.random.default_rng(plan.seed)
    chosen = np.sort(rng.permutation(trained)[:rows])
    if artifact.windows is not None:
        source = artifact.windows.of(source, artifact.members[0].preprocessor.styles)
    source = source.before or source
    shown = [each for each in artifact.direct if each[0] not in plan.private]
    raw = {} if artifact.rowwise is None else artifact.rowwise.inputs
    names = [name for name in dict.fromkeys([*(name for name, _ in shown), *raw, *artifact.groups]) if name not in plan.private]  # fmt: skip
    parts, start = [], 0
    for table in source.chunks(ROWS_AT_ONCE, names):
        own = chosen[(chosen >= start) & (chosen < start + len(table))] - start
        parts.append(table.take(own))
        start += len(table)
    some = Table.concat([each for each in parts if len(each)], names)
    columns = {name: some.cells(name) for name in names}
    columns |= {name: _cells(artifact, some, each, name) for name, each in shown}
    return [{name: cells[i] for name, cells in columns.items()} for i in range(len(some))]


def _cells(artifact: Artifact, table: Table, feature: Feature, name: str) -> list[Any]:
    """A column's cells as JSON holds them."""
    style = artifact.members[0].preprocessor.styles.get(feature.column, PLAIN)
    if feature.reads == "media":
        return [_embedded(each) for each in table.column(name, "media").values]
    cells = table.cells(name)
    if feature.reads != "number":
        return list(cells)
    typed = table.stored(name) != "text"
    found = [each and parse.number(each, PLAIN if typed else style) for each in cells]
    return [int(each) if each is not None and each == int(each) else each for each in found]


def _embedded(value: Any) -> Any:
    """A file as an address that holds all of it; None where it cannot be read."""
    if value is None or (isinstance(value, str) and value.startswith("data:")):
        return value
    if isinstance(value, np.ndarray):
        return value.tolist()
    try:
        body = base64.b64encode(content(value)).decode()
    except Unreadable:
        return None
    return f"data:application/octet-stream;base64,{body}"
