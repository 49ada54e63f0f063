"""What a table says that a model should have said."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crosstie.data.table import Table
from crosstie.errors import DataError
from crosstie.features.output_feature import OutputFeature
from crosstie.features.preprocessor import Preprocessor


def true_values(
    preprocessor: Preprocessor,
    feature: OutputFeature,
    table: Table,
    tokens: Mapping[str, list[list[str]]],
) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    """(targets as metrics take them, in the unit of the column, and which rows have a usable one).

    Args:
        preprocessor: Of the model.
        feature: Which output.
        table: The rows.
        tokens: As `Encoded.tokens`, of these rows.

    Raises:
        DataError: The table lacks the column.
    """
    if feature.column not in table.columns:
        raise DataError(
            f"column {feature.column!r}: the data has no such column, and evaluating needs the "
            f"true values; it has {', '.join(map(repr, table.columns))}"
        )
    column = preprocessor.column(table, feature)
    preprocessor.check_aligned(feature, column, tokens)
    words = tokens.get(feature.name) if feature.aligned else None
    target, usable = feature.encode_target_beside(column, words)
    if feature.amount:
        target = np.asarray(feature.decode(target)["prediction"])
    if feature.type == "text":
        target = feature.truth(column)
    return target, usable
