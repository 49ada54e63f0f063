"""Permutation importance of a model's columns, asked of its own graphs on rows that have the true values."""

import math
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crosstie.artifact.artifact import Artifact
from crosstie.artifact.exchange import Exchange
from crosstie.data.notebook import notebook
from crosstie.data.read import Source
from crosstie.errors import ConfigError, DataError
from crosstie.evaluation.importance import Importance, importances
from crosstie.serving.pieces import drawn
from crosstie.serving.top_losses import JUDGED, row_losses
from crosstie.serving.truth import true_values

ROWS, SHUFFLES = 1000, 5  # ten times as narrow intervals would cost a hundred times as much
FEW_ROWS = 300  # that the time of a row is measured by
FEWER = ((ROWS, SHUFFLES), (FEW_ROWS, 3), (100, 2))
WARM = 2  # rows of the first call
LEVEL = 0.95


@dataclass(frozen=True)
class Importances:
    """What the columns are worth to a model.

    Attributes:
        rows: By how many rows it was measured.
        shuffles: How often the cells of each column were shuffled.
        outputs: By output, the columns, the most important first.
        losses: By output, what the loss is: `absolute error`, in the unit of the target, or `log loss`.
    """

    rows: int
    shuffles: int
    outputs: Mapping[str, list[Importance]]
    losses: Mapping[str, str]

    def _repr_html_(self) -> str:
        return "".join(
            notebook(
                f"{name}: growth of its {self.losses[name]} where a column's cells are shuffled, on {self.rows} rows",
                ["column", "importance", "95 % interval"],
                [
                    (each.column, f"{each.value:.4g}", f"{each.low:.4g} to {each.high:.4g}")
                    for each in columns
                ],
            )
            for name, columns in self.outputs.items()
        )

    def to_json(self) -> dict[str, Any]:
        """As `importance.json` has it."""
        return {
            "rows": self.rows,
            "shuffles": self.shuffles,
            "level": LEVEL,
            "outputs": {
                name: {"loss": self.losses[name], "columns": [asdict(each) for each in columns]}
                for name, columns in self.outputs.items()
            },
        }


def can_be_asked(artifact: Artifact) -> bool:
    """Whether each output has one loss a row: texts, tags and series have none."""
    single = artifact.windows is None
    return single and all(feature.type in JUDGED for feature in artifact.outputs)


def measure_on(
    artifact: Artifact, source: Source, *, rows: int = ROWS, shuffles: int = SHUFFLES, seed: int = 0
) -> Importances:
    """How much each column is worth, by rows of a table that has the true values.

    Args:
        artifact: The model.
        source: The table, opened for it.
        rows: At most so many of its rows, drawn at random.
        shuffles: As for `measure`.
        seed: As for `measure`.

    Raises:
        ConfigError: The model has an output that has no loss by row.
        DataError: A target column is absent, or fewer than two rows have all targets.
    """
    _check(artifact)
    preprocessor = artifact.members[0].preprocessor
    table = drawn(source, (*artifact.columns, *preprocessor.target_columns), rows, seed=seed)
    encoded = artifact.encode(table)
    found = {
        each.name: true_values(preprocessor, each, table, encoded[0].tokens)
        for each in artifact.outputs
    }
    usable = np.flatnonzero(np.all([known for _, known in found.values()], axis=0))
    if len(usable) < 2:
        columns = ", ".join(map(repr, preprocessor.target_columns))
        raise DataError(
            f"column {columns}: importance needs two rows with a value the model knows, and {len(usable)} of "
            f"{len(table)} rows have one. Give a table with the true values"
        )
    truth = {name: target[usable] for name, (target, _) in found.items()}
    exchange = Exchange(artifact, encoded).take(usable)
    return measure(artifact, exchange, truth, shuffles=shuffles, seed=seed)


def _check(artifact: Artifact) -> None:
    """Raise unless each output has one loss a row."""
    if can_be_asked(artifact):
        return
    odd = [feature for feature in artifact.outputs if feature.type not in JUDGED]
    what = f"{odd[0].name!r} is a {odd[0].type}" if odd else "this one reads windows of rows"
    raise ConfigError(
        f"importance is measured of models that predict a {', '.join(JUDGED[:-1])} or {JUDGED[-1]} of a row, and "
        f"{what}; `crosstie evaluate` measures the model as a whole"
    )


def measure(
    artifact: Artifact,
    rows: Exchange,
    truth: Mapping[str, NDArray[Any]],
    *,
    weights: NDArray[Any] | None = None,
    shuffles: int = SHUFFLES,
    seed: int = 0,
) -> Importances:
    """How much each column is worth.

    Args:
        artifact: The model; see `can_be_asked`.
        rows: Encoded by it.
        truth: By output, of these rows, as metrics take it.
        weights: `[rows]`, or None for all equal.
        shuffles: Of each column.
        seed: Of shuffles and of intervals.
    """
    rng = np.random.default_rng(seed)
    orders = [rng.permutation(len(rows)) for _ in range(shuffles)]
    base = _losses(artifact, rows.shuffled("", orders[0]), truth)
    worse: dict[str, dict[str, NDArray[Any]]] = {name: {} for name in truth}
    for column in rows.columns:
        asked = [_losses(artifact, rows.shuffled(column, order), truth) for order in orders]
        for name in truth:
            worse[name][column] = np.stack([each[name] for each in asked])
    return Importances(
        len(rows),
        shuffles,
        {
            name: importances(base[name], worse[name], weights=weights, level=LEVEL, seed=seed)
            for name in truth
        },
        {
            each.name: "absolute error" if each.type == "number" else "log loss"
            for each in artifact.outputs
        },
    )


def affordable(artifact: Artifact, rows: Exchange, seconds: float) -> tuple[int, int] | None:
    """How many rows and shuffles take about `seconds` of processor time at most; None where not even few do.

    There are three choices alone, so that a machine that is a little slower measures the same.
    """
    few = math.prod(FEWER[-1])
    each = seconds_a_row(artifact, rows, 4 * seconds / few / len(rows.columns)) * len(rows.columns)
    for some, shuffles in FEWER:
        if each * min(some, len(rows)) * shuffles <= seconds:
            return min(some, len(rows)), shuffles
    return None


def seconds_a_row(artifact: Artifact, rows: Exchange, most: float) -> float:
    """Processor seconds that the model takes for a row; infinity where a few rows show that it is more than `most`.

    A graph's first call takes longer and is not counted.
    """
    each = 0.0
    for probe in (min(WARM, len(rows)), min(32, len(rows)), min(FEW_ROWS, len(rows))):
        began = time.process_time()
        artifact.raw(rows.mixed(np.repeat(np.arange(probe)[:, None], len(rows.columns), axis=1)))
        each = (time.process_time() - began) / max(probe, 1)
        if each > most and probe > WARM:
            return math.inf
    return each


def _losses(
    artifact: Artifact, encoded: Any, truth: Mapping[str, NDArray[Any]]
) -> dict[str, NDArray[np.float64]]:
    raw = artifact.raw(encoded)
    return {
        feature.name: row_losses(feature.type, truth[feature.name], raw[feature.name])
        for feature in artifact.outputs
    }
