"""What a model says of a holdout, beside what is true there: the arrays that everything else is counted from."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crosstie.artifact.artifact import Artifact
from crosstie.data.table import Table
from crosstie.features.output_feature import OutputFeature
from crosstie.serving.model import Model
from crosstie.serving.pieces import joined, joined_limits, pieces
from crosstie.serving.truth import true_values


@dataclass(frozen=True)
class Answer:
    """Of one output.

    Attributes:
        feature: Which.
        target: As metrics take it; anything where not usable.
        usable: bool `[rows]`: the table has a true value that the model knows.
        raw: As metrics take it.
        shown: What a caller is given, one a row.
        threshold: Of a binary output or a set; an array `[rows]` where each row has its own.
    """

    feature: OutputFeature
    target: NDArray[Any]
    usable: NDArray[np.bool_]
    raw: NDArray[Any]
    shown: list[Any]
    threshold: Any


@dataclass(frozen=True)
class Answers:
    """Of a model.

    Attributes:
        name: What the holdout is called.
        table: The rows, a long table as windows.
        outputs: By name.
    """

    name: str
    table: Table
    outputs: dict[str, Answer]


def answers(model: Model, holdout: Any) -> Answers:
    """Predict a holdout.

    Args:
        model: What is asked.
        holdout: As for `Model.predict`, the targets in it.

    Raises:
        DataError: As for `Model.evaluate`.
    """
    artifact = model.artifact
    preprocessor = artifact.members[0].preprocessor
    source = model.open(holdout)
    windows = artifact.windows
    if windows is not None and windows.fits(source.table()):
        source = windows.of(source, preprocessor.styles)
    tables: list[Table] = []
    parts: dict[str, list[tuple[Any, ...]]] = {each.name: [] for each in artifact.outputs}
    for table in pieces(source, source.columns, model.rows_at_once):
        tables.append(table)
        for name, part in _piece(artifact, table).items():
            parts[name].append(part)
    outputs = {}
    for feature in artifact.outputs:
        *arrays, limits = zip(*parts[feature.name], strict=True)
        target, usable, raw, shown = map(joined, arrays)
        threshold = joined_limits(limits)
        outputs[feature.name] = Answer(feature, target, usable, raw, shown, threshold)
    return Answers(source.name, Table.concat(tables, tables[0].columns), outputs)


def _piece(artifact: Artifact, table: Table) -> dict[str, tuple[Any, ...]]:
    """(target, usable, raw, shown, threshold) of each output."""
    encoded = artifact.encode(table)
    raw, tokens = artifact.raw(encoded), encoded[0].tokens
    shown = artifact.decode(raw, encoded[0])
    preprocessor = artifact.members[0].preprocessor
    return {
        feature.name: (
            *true_values(preprocessor, feature, table, tokens),
            raw[feature.name],
            list(shown[f"{feature.name}_prediction"]),
            artifact.threshold_of(feature.name, encoded[0]),
        )
        for feature in artifact.outputs
    }
