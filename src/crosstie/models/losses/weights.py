"""Weights of classes as the file gives them."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Literal

import torch
from annotated_types import Ge
from torch import Tensor, nn

from crosstie.config.words import Elsewhere
from crosstie.data.batch import Output

Weight = Annotated[float, Ge(0)]
Weights = Annotated[list[Weight] | dict[str, Weight], Elsewhere("class_weight", "weights", "alpha")]
ClassWeights = Annotated[
    list[Weight] | dict[str, Weight] | Literal["balanced"], Elsewhere("class_weight", "alpha")
]


def by_class(
    output: Output, given: Sequence[float] | Mapping[str, float] | str | None
) -> Tensor | None:
    """A weight for each class as a buffer; `balanced` makes all classes count alike in the training rows.

    Raises:
        ConfigError: Their number is not that of the classes, or a name that of none.
    """
    if given is None:
        return None
    if isinstance(given, str):
        shares = torch.tensor(output.prior or (1 / output.size,) * output.size).clamp(min=1e-6)
        return nn.Buffer(1 / (output.size * shares), persistent=False)
    return nn.Buffer(torch.tensor(output.in_order(given)), persistent=False)
