"""The contract of an augmentation: training pictures a little changed, so that what does not matter is not learned.

This module imports no torch: `check` reads options without it.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from crosstie.config.options import build
from crosstie.config.registry import Registry
from crosstie.config.words import Answer
from crosstie.errors import ConfigError, MissingExtra, Problem
from crosstie.features.views import View, in_turn

if TYPE_CHECKING:
    from torch import nn


class Augmentation(ABC):
    """Changes the pictures of a batch, each in its own way and some not at all.

    Its constructor's keyword-only parameters are the options of an entry of `augmentation:`.
    """

    answers: ClassVar[dict[str, Answer]] = {
        "p": Answer("write `probability: …`"),
        "prob": Answer("write `probability: …`"),
    }

    @abstractmethod
    def module(self) -> "nn.Module":
        """What maps floats from 0 to 1 `[batch, channels, height, width]` to the same.

        Raises:
            MissingExtra: kornia is not installed.
        """

    def views(self) -> Sequence[View]:
        """The pictures of the middle of what it draws, for predictions that are averaged; none where that tells nothing."""
        return ()


def needs_kornia(name: str) -> None:
    """Raise what says how to install kornia, if it is not there."""
    try:
        import kornia.augmentation  # noqa: F401 - 1 s beside torch
    except ModuleNotFoundError:
        raise MissingExtra("kornia", "image", needed_for=name) from None


def check_range(low: float, high: float) -> None:
    """Raise if a range is the wrong way round."""
    if low > high:
        raise ConfigError(
            Problem("min", f"must not be more than max {high:g}, got {low:g}. Change one of them")
        )


augmentations: Registry[Augmentation] = Registry(
    "augmentation", home="crosstie.training.augmentations"
)

# What nearly every picture bears, a letter or a face; a flip is no part of it.
USUAL = ({"type": "random_shift"}, {"type": "random_rotate", "degree": 10})


def views(sections: Sequence[Mapping[str, Any]]) -> list[View]:
    """In which other ways pictures may be seen that were trained on with these.

    Args:
        sections: Filled, of `augmentation:`; one that changes no picture gives none.
    """
    kinds = []
    for section in sections:
        options = {name: value for name, value in section.items() if name != "type"}
        if options.get("probability") != 0:
            kinds.append(build(augmentations.get(section["type"]), **options).views())
    return in_turn(kinds)
