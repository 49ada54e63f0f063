"""Pictures turned a little."""

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


@augmentations("random_rotate", elsewhere=("rotation", "rotate"))
class RandomRotate(Augmentation):
    """Turned about the middle; what comes in at the corners is the colour of the edge.

    Args:
        degree: The most that a picture is turned, either way.
        probability: Share of the pictures that are changed.
    """

    def __init__(
        self,
        *,
        degree: Annotated[float, Ge(0), Le(180)] = 15,
        probability: Annotated[float, Ge(0), Le(1)] = 0.5,
    ) -> None:
        self.degree = degree
        self.probability = probability

    def module(self) -> "nn.Module":
        needs_kornia("random_rotate")
        from kornia.augmentation import RandomAffine

        made: nn.Module = RandomAffine(
            float(self.degree), padding_mode="border", p=self.probability
        )
        return made

    def views(self) -> tuple[View, ...]:
        half = self.degree / 2
        return (View(degrees=half), View(degrees=-half)) if half else ()
