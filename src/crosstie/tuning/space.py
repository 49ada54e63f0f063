"""The contract of a space: the values that a parameter of a search may have. Names and options are Ludwig's."""

import json
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from crosstie.config.registry import Registry
from crosstie.errors import ConfigError, Problem

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution


class Space(ABC):
    """Values that a parameter may have.

    Class attributes:
        whole: Whether every value is tried with every one of the other such spaces, whatever draws the rest.
    """

    whole = False

    @abstractmethod
    def distribution(self) -> "BaseDistribution":
        """What optuna draws from."""

    def value(self, drawn: Any) -> Any:
        """The option's value for what was drawn."""
        return drawn

    @abstractmethod
    def corners(self) -> list[Any]:
        """Values by which a file is checked: all of a list, the ends of a range."""

    def points(self) -> Sequence[Any] | None:
        """What can be drawn, one after the other; None where that has no end."""
        return None


spaces: Registry[Space] = Registry("space", home="crosstie.tuning.spaces")


def ordered(lower: float, upper: float, *, log: bool = False) -> None:
    """Check a range.

    Raises:
        ConfigError: It is none.
    """
    if log and lower <= 0:
        raise ConfigError(Problem("lower", f"must be more than 0 on a log scale, got {lower:g}"))
    if upper <= lower:
        raise ConfigError(Problem("upper", f"must be more than lower, {lower:g}, got {upper:g}"))


def label(value: Any) -> str:
    """A value as one line of text: of a section its JSON.

    Examples:
        >>> label(0.5), label("adam"), label({"type": "concat"})
        ('0.5', 'adam', '{"type": "concat"}')
    """
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
