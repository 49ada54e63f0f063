"""Pictures left to right."""

from typing import TYPE_CHECKING, Annotated

from annotated_types import Ge, Le

from crosstie.features.views import View
from crosstie.training.augmentations.augmentation import (
    Augmentation,
    augmentations,
    needs_kornia,
)

if TYPE_CHECKING:
    from torch import nn


@augmentations("random_horizontal_flip", elsewhere=("hflip", "fliplr"))
class RandomHorizontalFlip(Augmentation):
    """Left and right change places; not for letters and digits.

    Args:
        probability: Share of the pictures that are changed.
    """

    def __init__(self, *, probability: Annotated[float, Ge(0), Le(1)] = 0.5) -> None:
        self.probability = probability

    def module(self) -> "nn.Module":
        needs_kornia("random_horizontal_flip")
        from kornia.augmentation import RandomHorizontalFlip

        made: nn.Module = RandomHorizontalFlip(p=self.probability)
        return made

    def views(self) -> tuple[View, ...]:
        return (View(mirror="horizontal"),)
