"""The contract of a loss: raw scores against targets, one number a row, averaged here."""

from abc import ABC, abstractmethod
from typing import ClassVar

from torch import Tensor, nn

from crosstie.config.registry import Registry
from crosstie.config.words import Answer
from crosstie.data.batch import Output

TINY = 1e-12  # a batch whose rows all weigh nothing has loss 0, not NaN


class Loss(nn.Module, ABC):
    """What training makes small.

    A constructor takes the `Output` first and its options as keyword-only parameters; those are the options of
    `loss:` in the file, beside `weight`, which all outputs' losses have.
    """

    answers: ClassVar[dict[str, Answer]] = {
        "robust_lambda": Answer("write `label_smoothing: …`", (0, 0.0)),
        "label_smoothing": Answer(
            "is an option of cross-entropies of one class a row, of tags and of words; leave it out",
            (0, 0.0),
        ),
        "class_similarities": Answer(
            "classes that resemble each other count as any other in this version; leave it out",
            (None,),
        ),
        "class_similarities_temperature": Answer("is read of class_similarities", (0, 0.0)),
    }

    def __init__(self, output: Output) -> None:
        super().__init__()
        self.output = output

    @abstractmethod
    def rows(self, logits: Tensor, target: Tensor) -> Tensor:
        """The loss of each row.

        Args:
            logits: number, binary `[n]`; category, set, timeseries `[n, size]`.
            target: number, binary `[n]` float; category `[n]` int64; set, timeseries `[n, size]` float.

        Returns:
            `[n]`; `[n, size]` of a series, the mean of which is taken.
        """

    def class_weights(self, target: Tensor) -> Tensor | None:
        """How much each row counts because of its class `[n]`, or None for all alike."""
        return None

    def over_rows(self, rows: Tensor, weights: Tensor | None) -> Tensor:
        """Weighted mean of `[batch, members]` over rows: `[members]`."""
        if weights is None:
            return rows.mean(0)
        return (rows * weights.unsqueeze(1)).sum(0) / weights.sum().clamp(min=TINY)

    def reduce(self, rows: Tensor, weights: Tensor | None) -> Tensor:
        """The mean over rows, then over members.

        Args:
            rows: Loss of each row and member `[batch, members]`.
            weights: `[batch]`, or None.
        """
        return rows.mean() if weights is None else self.over_rows(rows, weights).mean()

    def forward(self, logits: Tensor, target: Tensor, weights: Tensor | None = None) -> Tensor:
        """The mean loss of a batch, with members the mean of theirs.

        Args:
            logits: As for `rows`, or with a member axis in second place.
            target: As for `rows`.
            weights: `[batch]`, or None.
        """
        logits = logits.float()
        batch = len(target)
        by_class = self.class_weights(target)
        if by_class is not None:
            weights = by_class if weights is None else weights * by_class
        if logits.dim() > (2 if self.output.scored else 1):
            members = logits.shape[1]
            logits, target = logits.flatten(0, 1), target.repeat_interleave(members, 0)
        rows = self.rows(logits, target)
        rows = rows.mean(-1) if rows.dim() > 1 else rows  # the steps of a series count alike
        return self.reduce(rows.view(batch, -1), weights)


losses: Registry[Loss] = Registry("loss", home="crosstie.models.losses")
