"""How good predictions are that stand in a table, whoever made them: only what can be measured without the model."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from crosstie.data.notebook import notebook
from crosstie.evaluation.score import REPORTED, score
from crosstie.serving.audited import Audited, predicted_in

BY_PROBABILITY = {"roc_auc", "average_precision", "log_loss", "brier", "ece", "hits_at_k"}
OF_CHOSEN = ["f1", "precision", "recall"]  # of two classes, of what is predicted positive


@dataclass(frozen=True)
class Told:
    """What predictions in a table are worth.

    Attributes:
        output: The column that was predicted.
        type: `binary`, `category` or `number`.
        positive: Of a binary one, the class that precision, recall and the like are about.
        rows: How many rows have a true and a predicted value.
        left_out: How many have not.
        metrics: By name.
        notes: What one should know of the predictions, one sentence each.
    """

    output: str
    type: str
    positive: str
    rows: int
    left_out: int
    metrics: dict[str, float]
    notes: Sequence[str] = ()

    @property
    def title(self) -> str:
        """What of, and on how many rows."""
        left = f", {self.left_out} left out" if self.left_out else ""
        positive = f", {self.positive!r} being positive" if self.positive else ""
        return f"{self.output} on {self.rows} rows{left}{positive}"

    def _repr_html_(self) -> str:
        rows = [(name, f"{value:.4g}") for name, value in self.metrics.items()]
        return notebook("; ".join([self.title, *self.notes]), ["metric", "value"], rows)


def judge_told(
    data: Any,
    *,
    target: str,
    prediction: str,
    probability: str | None = None,
    positive: str | None = None,
) -> Told:
    """Measure predictions that stand beside what is true; arguments are those of `predicted_in`.

    Raises:
        ConfigError: There is no such column or class.
        DataError: No row has a true and a predicted value.
    """
    found = predicted_in(
        data, target=target, prediction=prediction, probability=probability, positive=positive
    )
    return Told(
        found.output,
        found.type,
        found.positive,
        len(found.target),
        found.left_out,
        score_told(found),
        found.notes,
    )


def score_told(found: Audited) -> dict[str, float]:
    """The usual metrics of these rows; those that need a probability only where the table holds one.

    Args:
        found: True and predicted values, as `predicted_in` reads them.
    """
    names = REPORTED[found.type].split()
    if found.type == "number":
        return score("number", found.target, found.predicted, names=names)
    target = np.asarray(found.target, np.int64)
    said = np.asarray(found.predicted, np.int64)
    of_classes = [name for name in names if name not in BY_PROBABILITY]
    if found.type == "category":
        chosen = np.eye(int(max(target.max(), said.max())) + 1)[said]
        return score("category", target, chosen, names=of_classes)
    wrong = np.where(
        said < 0, 1 - target, said
    )  # what is neither class is no answer that is right,
    positive = said == 1  # and not the positive one either
    measured = {
        **score("binary", target, wrong.astype(np.float64), names=of_classes),
        **score("binary", target, positive.astype(np.float64), names=OF_CHOSEN),
    }
    if found.probability is not None:
        of_chances = [name for name in names if name in BY_PROBABILITY]
        measured |= score("binary", target, found.probability, names=of_chances)
    return {name: measured[name] for name in names if name in measured}
