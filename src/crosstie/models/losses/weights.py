"""Weights of classes as the file gives them."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from crosstie.data.batch import Output
from crosstie.errors import ConfigError


def by_class(output: Output, given: Sequence[float] | str | None) -> Tensor | None:
    """A weight for each class as a buffer; `balanced` makes all classes count alike in the training rows.

    Raises:
        ConfigError: Their number is not that of the classes.
    """
    if given is None:
        return None
    if isinstance(given, str):
        shares = torch.tensor(output.prior or (1 / output.size,) * output.size).clamp(min=1e-6)
        return nn.Buffer(1 / (output.size * shares), persistent=False)
    if len(given) != output.size:
        raise ConfigError(
            f"{output.name}.loss.class_weights: has {len(given)} weights, the output has {output.size} classes. "
            "Write one for each, in the order of the classes."
        )
    return nn.Buffer(torch.tensor(given), persistent=False)
