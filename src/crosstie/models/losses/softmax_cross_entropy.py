"""The negative log-likelihood of several classes."""

from typing import Annotated, Literal

import torch
from annotated_types import Ge, Lt
from torch import Tensor, nn
from torch.nn import functional

from crosstie.data.batch import Output
from crosstie.errors import ConfigError
from crosstie.models.losses.loss import Loss, losses


@losses("softmax_cross_entropy", of=("category",))
class SoftmaxCrossEntropy(Loss):
    """-log of the probability of the true class.

    Args:
        class_weights: How much rows of each class count, in the order of the classes; `balanced` makes all
            classes count alike; None is all rows alike.
        label_smoothing: Share of certainty spread evenly over all classes.
    """

    def __init__(
        self,
        output: Output,
        *,
        class_weights: list[Annotated[float, Ge(0)]] | Literal["balanced"] | None = None,
        label_smoothing: Annotated[float, Ge(0), Lt(1)] = 0.0,
    ) -> None:
        super().__init__(output)
        self.weight: Tensor | None = class_weight(output, class_weights)
        self.label_smoothing = label_smoothing

    def class_weights(self, target: Tensor) -> Tensor | None:
        """The weight of each row's class."""
        return None if self.weight is None else self.weight[target]

    def rows(self, logits: Tensor, target: Tensor) -> Tensor:
        """`[n]`."""
        return functional.cross_entropy(
            logits, target, reduction="none", label_smoothing=self.label_smoothing
        )


def class_weight(output: Output, given: list[float] | str | None) -> Tensor | None:
    """Weights by class as a buffer.

    Raises:
        ConfigError: Their number is not that of the classes.
    """
    if given is None:
        return None
    if isinstance(given, str):
        shares = torch.tensor(output.prior or (1.0,) * output.size).clamp(min=1e-6)
        return nn.Buffer(1 / (output.size * shares), persistent=False)
    if len(given) != output.size:
        raise ConfigError(
            f"{output.name}.loss.class_weights: has {len(given)} weights but the output has "
            f"{output.size} classes. Write one for each."
        )
    return nn.Buffer(torch.tensor(given), persistent=False)
