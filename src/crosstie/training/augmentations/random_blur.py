"""Pictures out of focus."""

from typing import TYPE_CHECKING, Annotated

from annotated_types import Ge, Le

from crosstie.errors import ConfigError, Problem
from crosstie.training.augmentations.augmentation import (
    Augmentation,
    augmentations,
    needs_kornia,
)

if TYPE_CHECKING:
    from torch import nn


@augmentations("random_blur", elsewhere=("gaussian_blur",))
class RandomBlur(Augmentation):
    """Out of focus, as a bell of `kernel_size` pixels makes them.

    Args:
        kernel_size: Pixels that become one, each way; an odd number.
        probability: Share of the pictures that are changed.
    """

    def __init__(
        self,
        *,
        kernel_size: Annotated[int, Ge(3)] = 3,
        probability: Annotated[float, Ge(0), Le(1)] = 0.5,
    ) -> None:
        if kernel_size % 2 == 0:
            raise ConfigError(
                Problem("kernel_size", f"must be odd, got {kernel_size}. Take {kernel_size + 1}")
            )
        self.kernel_size = kernel_size
        self.probability = probability

    def module(self) -> "nn.Module":
        needs_kornia("random_blur")
        from kornia.augmentation import RandomGaussianBlur

        made: nn.Module = RandomGaussianBlur(
            (self.kernel_size, self.kernel_size), (0.1, 2.0), p=self.probability
        )
        return made
