"""The rows a model is most wrong about: where a wrong label, or what the model does not see, is found first."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crosstie.data.table import Table
from crosstie.evaluation.group_thresholds import of_rows
from crosstie.features.output_feature import OutputFeature

LEAST = 1e-12  # of a probability
JUDGED = ("number", "binary", "category", "set")


@dataclass(frozen=True)
class Miss:
    """A row that the model is wrong about.

    Attributes:
        row: Its number in the data, from 1.
        output: Which output.
        loss: For a number how far off, else minus the logarithm of what the true class was given.
        truth: What stands in the data.
        prediction: What the model says.
        cells: The inputs as text, None where missing; `(private)` where the column is.
    """

    row: int
    output: str
    loss: float
    truth: str | None
    prediction: str
    cells: Mapping[str, str | None]


@dataclass
class Misses:
    """The worst rows of each output, gathered piece by piece.

    Args:
        most: So many of each output.
        private: Columns whose cells are not shown.
    """

    most: int
    private: Collection[str] = ()
    _found: dict[str, list[Miss]] = field(default_factory=dict)

    def add(
        self,
        feature: OutputFeature,
        table: Table,
        columns: Sequence[str],
        *,
        start: int,
        usable: NDArray[np.bool_],
        target: NDArray[Any],
        raw: NDArray[Any],
        threshold: Any,
    ) -> None:
        """Look at another piece of the data.

        Args:
            feature: The output.
            table: The piece.
            columns: Inputs to keep of it.
            start: Number of its first row, from 0.
            usable: Which rows have a target.
            target: Of those rows, as metrics take it.
            raw: Of those rows, what the model puts out.
            threshold: From which probability on the positive class is predicted: of all, or an array of those rows'.
        """
        if feature.type not in JUDGED or not len(target):
            return
        losses = row_losses(feature.type, target, raw)
        worst = np.argsort(-losses, kind="stable")[: self.most]
        rows = np.flatnonzero(usable)[worst]
        chosen = table.take(rows)
        truths = chosen.cells(feature.column)
        said = _said(feature, raw[worst], of_rows(threshold, worst))
        cells = {
            name: ["(private)"] * len(rows) if name in self.private else chosen.cells(name)
            for name in columns
            if name in table.columns
        }
        hidden = feature.column in self.private
        new = [
            Miss(
                start + int(row) + 1,
                feature.name,
                float(losses[place]),
                "(private)" if hidden else truths[i],
                "(private)" if hidden else said[i],
                {name: values[i] for name, values in cells.items()},
            )
            for i, (row, place) in enumerate(zip(rows, worst, strict=True))
        ]
        known = [*self._found.get(feature.name, []), *new]
        self._found[feature.name] = sorted(known, key=lambda each: -each.loss)[: self.most]

    @property
    def found(self) -> list[Miss]:
        """The worst first, output by output."""
        return [each for misses in self._found.values() for each in misses]


def row_losses(kind: str, target: NDArray[Any], raw: NDArray[Any]) -> NDArray[np.float64]:
    """How wrong each row is, float64 `[rows]`.

    Args:
        kind: `number`, `binary`, `category` or `set`.
        target: As metrics take it: numbers, 0 and 1 `[rows]`, codes, or 0 and 1 `[rows, labels]`.
        raw: Numbers or probabilities `[rows]`; `[rows, classes]`.

    Examples:
        >>> row_losses("number", np.array([1.0, 5.0]), np.array([2.0, 2.0]))
        array([1., 3.])
        >>> row_losses("category", np.array([0]), np.array([[0.5, 0.5]])).round(3)
        array([0.693])
    """
    raw = np.asarray(raw, np.float64)
    losses: NDArray[np.float64]
    if kind == "number":
        losses = np.abs(raw - target)
        return losses
    if kind == "category":
        given = raw[np.arange(len(target)), target]
    else:
        given = np.where(np.asarray(target) > 0, raw, 1 - raw)
    losses = -np.log(np.maximum(given, LEAST))
    return losses if losses.ndim == 1 else losses.mean(1)


def _said(feature: OutputFeature, raw: NDArray[Any], threshold: Any) -> list[str]:
    if feature.type == "number":
        return [f"{each:.6g}" for each in raw.tolist()]
    found = feature.decode(np.asarray(raw, np.float32), threshold=threshold)["prediction"]
    return [", ".join(each) if isinstance(each, list) else str(each) for each in found]
