"""Evening out groups of people, as the file asks for it: weights of training rows, and a threshold for each group.

The two go together. What either costs is measured on rows that it was not chosen by.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crosstie.artifact.artifact import OutputSettings
from crosstie.data.batch import Batch
from crosstie.data.profile import ColumnProfile
from crosstie.evaluation.fairness import LEAST
from crosstie.evaluation.group_thresholds import GroupThresholds, even_out
from crosstie.evaluation.groups import FEW, LEVELS
from crosstie.evaluation.mitigation import reweighing
from crosstie.features.row_groups import Key

UNWEIGHTED = (
    "without reweighing"  # what the same learner without weights is called beside the model
)


@dataclass(frozen=True)
class Fair:
    """What the file says of groups.

    Attributes:
        by: Columns that tell them apart.
        thresholds: The criterion that a threshold for each group is chosen by; None for one threshold for all.
        reweighing: Whether training rows are weighted.
        bound: How far apart rates may be on the rows that thresholds are chosen on.
    """

    by: tuple[str, ...]
    thresholds: str | None
    reweighing: bool
    bound: float

    def state(self) -> dict[str, Any]:
        """As the filled file has it."""
        return {**asdict(self), "by": list(self.by)}


def ungrouped(looks: ColumnProfile) -> str:
    """Why nothing can be evened out by a column of so many values."""
    return (
        f"{looks.name!r} holds {looks.distinct} different values, and groups are of at most {LEVELS} texts or {FEW} numbers; "
        "put them into ranges in a column of its own"
    )


def reweighed(batch: Batch, output: str, groups: NDArray[Any]) -> Batch:
    """The rows with weights under which class and group are independent, beside those that they have.

    Args:
        batch: Encoded rows.
        output: What is predicted, by name.
        groups: The key of each row, `[rows]`.
    """
    places = {key: place for place, key in enumerate(dict.fromkeys(groups.tolist()))}
    codes = np.array([places[key] for key in groups.tolist()], np.int64)
    own = reweighing(np.asarray(batch.targets[output]).astype(np.int64), codes, batch.weights)
    before = 1.0 if batch.weights is None else np.asarray(batch.weights, np.float64)
    return replace(batch, weights=(own * before).astype(np.float32))


def with_groups(
    settings: OutputSettings,
    fair: Fair,
    target: NDArray[Any],
    probability: NDArray[Any],
    groups: NDArray[Any],
    others: Sequence[Key],
    *,
    costs: Sequence[Sequence[float]] | None,
    weights: NDArray[Any] | None,
) -> OutputSettings:
    """An output's settings with a threshold for each group.

    Args:
        settings: With the threshold of all rows.
        fair: Of the file.
        target: 0 and 1, of validation rows.
        probability: Calibrated, of the same.
        groups: The key of each of them.
        others: Keys of other rows that are known to occur.
        costs: What decisions cost; None for what the threshold of all rows says of it.
        weights: Of the rows, or None.
    """
    assert fair.thresholds is not None
    assert not isinstance(settings.threshold, list), "two classes have one threshold"
    keys: list[Key] = sorted(
        {*groups.tolist(), *others}, key=lambda key: [(each is None, each or "") for each in key]
    )
    places = {key: place for place, key in enumerate(keys)}
    codes = np.array([places[key] for key in groups.tolist()], np.int64)
    found = even_out(
        np.asarray(target),
        np.asarray(probability),
        codes,
        np.bincount(codes, minlength=len(keys)) >= LEAST,
        criterion=fair.thresholds,
        bound=fair.bound,
        costs=costs,
        otherwise=settings.threshold,
        weights=weights,
    )
    own = dict(zip(keys, found.tolist(), strict=True))
    return replace(
        settings, groups=GroupThresholds(fair.by, fair.thresholds, own, settings.threshold)
    )
