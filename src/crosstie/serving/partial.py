"""What a model predicts on average as one column goes through its values, asked of its own graphs."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crosstie.artifact.artifact import Artifact
from crosstie.artifact.exchange import Exchange
from crosstie.data.column import Column
from crosstie.data.table import Table
from crosstie.evaluation.partial import averages, exchanges, frequent, spread
from crosstie.features.feature import Feature
from crosstie.features.output_feature import OutputFeature
from crosstie.serving.explain import EXPLAINED

LEVELS = 12  # of a column, the most frequent
CLASSES = 5  # of an output, the most frequent
TICKS = 99  # percentiles that say where a column's numbers are
DRAWN = ("number", "binary", "category")  # types of columns whose values can stand on an axis


@dataclass(frozen=True)
class Dependence:
    """What is predicted on average where a column has one value in all rows.

    Attributes:
        output: Which output.
        column: Which column.
        of: By class the `means`, or by "" of a number: one for each value.
        numbers: The column's values where it is of numbers, rising.
        levels: The column's values where it is of levels, the most frequent first.
        rows: How many rows have each level.
        ticks: Percentiles of a column of numbers, that show where its rows are.
    """

    output: str
    column: str
    of: Mapping[str, Sequence[float]]
    numbers: Sequence[float] = ()
    levels: Sequence[str] = ()
    rows: Sequence[int] = ()
    ticks: Sequence[float] = ()

    def to_json(self) -> dict[str, Any]:
        """As JSON values."""
        return asdict(self)


def drawable(artifact: Artifact) -> dict[str, Feature]:
    """By column, an input whose values can stand on an axis; of private columns nothing is shown."""
    return {
        each.column: each
        for each in artifact.inputs
        if each.type in DRAWN and each.column not in artifact.private
    }


def measure_partial(
    artifact: Artifact,
    table: Table,
    rows: Exchange,
    columns: Sequence[str],
    *,
    places: int,
    weights: NDArray[Any] | None = None,
) -> list[Dependence]:
    """What is predicted on average as each of some columns goes through its values.

    Args:
        artifact: The model.
        table: The rows with the columns that its features read.
        rows: The same, encoded by it.
        columns: Of `drawable`.
        places: Values of a column of numbers, at most; of levels `LEVELS` at most, too.
        weights: `[rows]`, or None for all equal.
    """
    inputs = drawable(artifact)
    found = []
    for name in columns:
        column = artifact.members[0].preprocessor.column(table, inputs[name])
        donors, about = _values(column, places)
        if len(donors) < 2:
            continue
        place = rows.columns.index(name)
        picks = exchanges(len(rows), len(rows.columns), place, donors)
        raw = artifact.raw(rows.mixed(picks))
        for feature in artifact.outputs:
            if feature.type in EXPLAINED:
                means = averages(raw[feature.name], len(donors), weights)
                found.append(Dependence(feature.name, name, _named(feature, means), **about))
    return found


def _values(column: Column, places: int) -> tuple[NDArray[np.int64], dict[str, Any]]:
    """Rows that values are taken from, and what to say of these."""
    values = np.asarray(column.values)
    if column.levels:
        donors, counts = frequent(values, min(places, LEVELS))
        if 2 * counts.sum() < np.count_nonzero(column.valid):  # nearly every row has one of its own
            donors = donors[:0]
        levels = [column.levels[code] for code in values[donors]]
        return donors, {"levels": levels, "rows": counts.tolist()}
    donors = spread(values, places)
    there = values[np.isfinite(values)]
    ticks = there
    if len(there):
        ticks = np.unique(np.percentile(there, np.arange(1, TICKS + 1), method="nearest"))
    return donors, {"numbers": values[donors].tolist(), "ticks": ticks.tolist()}


def _named(feature: OutputFeature, means: NDArray[np.float64]) -> dict[str, list[float]]:
    """By class what it is given on average: of two classes the positive one, of many the most frequent."""
    if feature.type == "number":
        return {"": means[:, 0].tolist()}
    if feature.type == "binary":
        return {feature.labels[1]: means[:, 0].tolist()}
    order = np.argsort(-np.asarray(feature.prior), kind="stable")[:CLASSES]
    return {feature.labels[place]: means[:, place].tolist() for place in order}
