"""What the row-wise features of a model make of its training table, for one version to be held against another."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from crosstie.artifact.artifact import Artifact
from crosstie.data.style import PLAIN
from crosstie.data.table import Table
from crosstie.data.write import TableWriter
from crosstie.serving.model import Model

ROW = "(row)"  # what names a row of a table that both models learned from, where no column does


def features_moved(before: Model, after: Model) -> list[str]:
    """Their file where two models make columns otherwise, in words; nothing where they make the same, or none."""
    made = [each.artifact.rowwise for each in (before, after)]
    if len({None if each is None else each.fingerprint for each in made}) < 2:
        return []
    return sorted({f"{Path(each.file).name}" for each in made if each is not None})


def write_features(model: Model, rows: Path, key: Sequence[str], to: Path) -> None:
    """Write the columns that a model reads, as it sees them, and what names each row. Those of private columns stay out.

    Args:
        model: Whose row-wise features are run.
        rows: Its training table.
        key: Columns that name a row; none for the rows' own numbers.
        to: What to write, as Parquet.
    """
    artifact = model.artifact
    start = 0
    with TableWriter(to) as writer:
        for table in model.open(str(rows)).chunks():
            named: dict[str, Any] = {name: table.cells(name) for name in key}
            if not key:
                named[ROW] = np.arange(start, start + len(table))
            writer.append({**_seen(artifact, artifact.seen(table)), **named})
            start += len(table)


def _seen(artifact: Artifact, table: Table) -> dict[str, Any]:
    found: dict[str, Any] = {}
    styles = artifact.members[0].preprocessor.styles
    for feature in artifact.inputs:
        name = feature.column
        sources = (name,) if artifact.rowwise is None else artifact.rowwise.sources(name)
        if set(sources) & set(artifact.private):
            continue
        if feature.type == "number":
            column = table.column(name, "number", style=styles.get(name, PLAIN))
            found[name] = np.where(column.valid, column.values, np.nan)
        else:
            found[name] = table.cells(name)
    return found
