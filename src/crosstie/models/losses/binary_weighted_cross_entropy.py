"""The negative log-likelihood of two classes."""

import math
from typing import Annotated, Literal

import torch
from annotated_types import Ge, Gt, Lt
from torch import Tensor, nn
from torch.nn import functional

from crosstie.data.batch import Output
from crosstie.models.losses.loss import Loss, losses


@losses(
    "binary_weighted_cross_entropy",
    of=("binary",),
    elsewhere=(
        "bce",
        "binary_cross_entropy",
        "binary_crossentropy",
        "bce_with_logits",
        "log_loss",
        "cross_entropy",
        "sigmoid_cross_entropy",
        "softmax_cross_entropy",
    ),
)
class BinaryWeightedCrossEntropy(Loss):
    """-w y log p - (1 - y) log(1 - p), where w is the weight of the positive class.

    Args:
        positive_class_weight: How much a positive row counts against a negative one; `balanced` makes both
            classes count alike; None is 1.
        label_smoothing: Share e of certainty given up: targets are e/2 and 1 - e/2.
        confidence_penalty: Times (log 2 - entropy of the prediction), added: against overconfidence
            (arXiv:1701.06548).
    """

    def __init__(
        self,
        output: Output,
        *,
        positive_class_weight: Annotated[float, Gt(0)] | Literal["balanced"] | None = None,
        label_smoothing: Annotated[float, Ge(0), Lt(1)] = 0.0,
        confidence_penalty: Annotated[float, Ge(0)] = 0.0,
    ) -> None:
        super().__init__(output)
        if positive_class_weight == "balanced":
            share = min(max(output.prior[0], 1e-6), 1 - 1e-6) if output.prior else 0.5
            positive_class_weight = (1 - share) / share
        weight = None if positive_class_weight is None else torch.tensor(positive_class_weight)
        self.positive: Tensor | None = (
            None if weight is None else nn.Buffer(weight, persistent=False)
        )
        self.label_smoothing = label_smoothing
        self.confidence_penalty = confidence_penalty

    def rows(self, logits: Tensor, target: Tensor) -> Tensor:
        """`[n]`."""
        if self.label_smoothing:
            target = target * (1 - self.label_smoothing) + self.label_smoothing / 2
        found = functional.binary_cross_entropy_with_logits(
            logits, target, reduction="none", pos_weight=self.positive
        )
        if self.confidence_penalty:
            entropy = functional.softplus(logits) - logits * torch.sigmoid(logits)
            found = found + self.confidence_penalty * (math.log(2) - entropy)
        return found
