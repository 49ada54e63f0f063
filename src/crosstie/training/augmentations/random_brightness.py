"""Pictures of another brightness."""

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


@augmentations("random_brightness", elsewhere=("color_jitter",))
class RandomBrightness(Augmentation):
    """Lighter and darker: a number added to all pixels, where black is 0 and white is 1.

    Args:
        min: 1 and the least number; 0.7 makes them darker by 0.3 at most. (Ludwig's default is 0.5.)
        max: 1 and the greatest number. (Ludwig's default is 2, which is white.)
        probability: Share of the pictures that are changed.
    """

    def __init__(
        self,
        *,
        min: Annotated[float, Ge(0)] = 0.7,
        max: Annotated[float, Ge(0)] = 1.3,
        probability: Annotated[float, Ge(0), Le(1)] = 0.5,
    ) -> None:
        check_range(min, max)
        self.min = min
        self.max = max
        self.probability = probability

    def module(self) -> "nn.Module":
        needs_kornia("random_brightness")
        from kornia.augmentation import RandomBrightness

        made: nn.Module = RandomBrightness(brightness=(self.min, self.max), p=self.probability)
        return made

    def views(self) -> tuple[View, ...]:
        middle = (self.max - 1) / 2, (self.min - 1) / 2
        return tuple(View(lighter=each) for each in middle if each)
