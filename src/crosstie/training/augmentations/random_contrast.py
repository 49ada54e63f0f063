"""Pictures of another contrast."""

from typing import TYPE_CHECKING, Annotated

from annotated_types import Ge, Le

from crosstie.features.views import View
from crosstie.training.augmentations.augmentation import (
    Augmentation,
    augmentations,
    check_range,
    needs_kornia,
)

if TYPE_CHECKING:
    from torch import nn


@augmentations("random_contrast")
class RandomContrast(Augmentation):
    """More and less contrast: what a pixel is away from black, times a factor.

    Args:
        min: The least factor.
        max: The greatest.
        probability: Share of the pictures that are changed.
    """

    def __init__(
        self,
        *,
        min: Annotated[float, Ge(0)] = 0.5,
        max: Annotated[float, Ge(0)] = 2.0,
        probability: Annotated[float, Ge(0), Le(1)] = 0.5,
    ) -> None:
        check_range(min, max)
        self.min = min
        self.max = max
        self.probability = probability

    def module(self) -> "nn.Module":
        needs_kornia("random_contrast")
        from kornia.augmentation import RandomContrast

        made: nn.Module = RandomContrast(contrast=(self.min, self.max), p=self.probability)
        return made

    def views(self) -> tuple[View, ...]:
        middle = (self.max + 1) / 2, (self.min + 1) / 2
        return tuple(View(contrast=each) for each in middle if each != 1)
