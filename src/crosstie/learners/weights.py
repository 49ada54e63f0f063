"""How much each training row counts: its own weight times that of its class."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from crosstie.data.batch import Batch, Output
from crosstie.errors import ConfigError, Problem

ClassWeights = Literal["balanced"] | Sequence[float] | Mapping[str, float] | None


def row_weights(
    batch: Batch, output: Output, class_weights: ClassWeights
) -> NDArray[np.float64] | None:
    """`[rows]`, or None where all rows count the same.

    Args:
        batch: Training rows.
        output: What is predicted: binary or category where there are class weights.
        class_weights: `balanced`: every class has the same total weight, the mean row counts 1. A list: one weight
            a class, in their order; or each under the class's name.

    Raises:
        ConfigError: Not one for each class, or an output without classes.
    """
    own: NDArray[Any] | None = batch.weights
    if class_weights is None:
        return own
    where = "trainer.class_weights"
    if output.type not in ("binary", "category"):
        raise ConfigError(Problem(where, f"a {output.type} output has no classes. Take it out."))
    classes = 2 if output.type == "binary" else output.size
    codes = batch.targets[output.name].astype(np.int64)
    rows = np.ones(len(codes)) if own is None else own.astype(np.float64)
    if class_weights == "balanced":
        mass = np.bincount(codes, rows, classes)
        weights = np.divide(
            rows.sum() / max((mass > 0).sum(), 1), mass, out=np.ones(classes), where=mass > 0
        )
    else:
        try:
            weights = np.asarray(output.in_order(class_weights), np.float64)
        except ConfigError as error:
            raise ConfigError(Problem(where, each.what) for each in error.problems) from None
    return rows * weights[codes]  # type: ignore[no-any-return]
