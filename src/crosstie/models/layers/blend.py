"""Two rows as one: what mixup does to whatever is a number."""

from typing import NamedTuple

from torch import Tensor


class Blend(NamedTuple):
    """How the rows of a batch are mixed.

    Attributes:
        share: Of a row that stays its own, a scalar from 0 to 1.
        order: The row that the rest comes from, int64 `[batch]`.

    Examples:
        >>> import torch
        >>> Blend(torch.tensor(0.75), torch.tensor([1, 0]))(torch.tensor([[0.0], [4.0]]))
        tensor([[1.],
                [3.]])
    """

    share: Tensor
    order: Tensor

    def __call__(self, values: Tensor) -> Tensor:
        """The mixed rows of floats `[batch, …]`."""
        share = self.share.to(values.dtype)
        return share * values + (1 - share) * values[self.order]
