"""The rows that a finished model is most wrong about, with their cells: `top_losses.json` of a run."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from crosstie.data.source import HELD
from crosstie.evaluation.group_thresholds import of_rows
from crosstie.features.output_feature import OutputFeature
from crosstie.pipeline.candidate import Part
from crosstie.pipeline.plan import Plan
from crosstie.pipeline.prepare import Prepared
from crosstie.serving.top_losses import JUDGED, Misses, row_losses

MOST = 10  # of each output
LONG = 300  # characters of a cell that is kept


def worst_rows(
    plan: Plan,
    outputs: Sequence[OutputFeature],
    part: Part,
    prepared: Prepared,
    judged: str,
    thresholds: Mapping[str, Any],
) -> list[dict[str, Any]]:
    """As JSON values, the worst first, output by output; cells of private columns do not show.

    None of a table too large to be held, which would have to be read once more, nor of one that was cut into series,
    whose rows are not those of the file.

    Args:
        plan: For the sources.
        outputs: What is predicted.
        part: What is true and what the model says of it.
        prepared: For the numbers of the rows.
        judged: Which part of the data it is.
        thresholds: By output.
    """
    source = plan.sources.get(judged, plan.sources["train"])
    if plan.windows is not None or source.size > HELD:
        return []
    columns = list(dict.fromkeys(each.column for each in plan.inputs))
    misses = Misses(MOST, plan.private)
    numbers = {}
    for feature in outputs:
        if feature.type not in JUDGED:
            continue
        target, raw = part.truth[feature.name], part.raw[feature.name]
        losses = row_losses(feature.type, target, raw)
        worst = np.argsort(-losses, kind="stable")[:MOST]
        numbers[feature.name] = rows = prepared.rows[judged][worst]
        wanted = list(dict.fromkeys((*columns, feature.column)))
        misses.add(
            feature,
            source.table(wanted).take(rows),
            columns,
            start=0,
            usable=np.ones(len(rows), np.bool_),
            target=target[worst],
            raw=raw[worst],
            threshold=of_rows(thresholds[feature.name], worst),
        )
    found = []
    for each in misses.found:
        row = int(numbers[each.output][each.row - 1]) + 1
        cells = {name: _short(cell) for name, cell in each.cells.items()}
        found.append(vars(replace(each, row=row, truth=_short(each.truth), cells=cells)))
    return found


def _short(cell: str | None) -> str | None:
    return cell if cell is None or len(cell) <= LONG else f"{cell[: LONG - 1]}…"
