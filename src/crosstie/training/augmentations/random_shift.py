"""Pictures moved a little."""

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


@augmentations("random_shift", elsewhere=("translate", "random_translate"))
class RandomShift(Augmentation):
    """Moved up, down, left and right; what comes in is the colour of the edge.

    Args:
        share: The most that a picture is moved, of its height and of its width.
        probability: Share of the pictures that are changed.
    """

    def __init__(
        self,
        *,
        share: Annotated[float, Ge(0), Le(1)] = 0.1,
        probability: Annotated[float, Ge(0), Le(1)] = 0.5,
    ) -> None:
        self.share = share
        self.probability = probability

    def module(self) -> "nn.Module":
        needs_kornia("random_shift")
        from kornia.augmentation import RandomAffine

        made: nn.Module = RandomAffine(
            0.0, translate=(self.share, self.share), padding_mode="border", p=self.probability
        )
        return made

    def views(self) -> tuple[View, ...]:
        half = self.share / 2
        ways = View(right=half), View(right=-half), View(down=half), View(down=-half)
        return ways if half else ()
