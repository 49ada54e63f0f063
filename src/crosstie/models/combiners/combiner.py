"""The contract of a combiner: what the encoders made, put together into one vector a row."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from torch import Tensor, nn

from crosstie.config.registry import Registry
from crosstie.config.words import Answer
from crosstie.models.layers.called import CALLED

_PLAIN = "leave it out"


@dataclass(frozen=True)
class Part:
    """What the framework tells a combiner about one encoder's output.

    Attributes:
        type: The feature type of its columns.
        widths: Of each column, in the order in which they stand side by side.
        embedded: Whether its numbers are learned (an embedding) rather than the values themselves.
    """

    type: str
    widths: tuple[int, ...]
    embedded: bool = True


@dataclass(frozen=True)
class Parts:
    """All encoders' outputs, and how many training rows there are (0 where that is not known)."""

    parts: tuple[Part, ...]
    rows: int = 0

    @property
    def width(self) -> int:
        """Of everything side by side."""
        return sum(sum(part.widths) for part in self.parts)

    @property
    def widths(self) -> tuple[int, ...]:
        """Of every column."""
        return tuple(width for part in self.parts for width in part.widths)


class Combiner(nn.Module, ABC):
    """Makes one vector of all encoders' outputs.

    A constructor takes the `Parts` first and its options as keyword-only parameters; those are the options
    of `combiner:` in the file. It must set `width`. An option left open (None) that it decides from the
    data goes into `decided`, so that a network can be rebuilt from its configuration.

    Attributes:
        width: Of the output.
        members: Members of the ensemble; 1 where there is none and no member axis.
        decided: Options left open that the data decided.

    Examples:
        >>> import torch
        >>> @combiners("gate")
        ... class Gate(Combiner):
        ...     '''Everything side by side, each number let through by as much as a layer says.
        ...
        ...     Args:
        ...         sharpness: How hard the gates are.
        ...     '''
        ...
        ...     def __init__(self, parts: Parts, *, sharpness: float = 1.0) -> None:
        ...         super().__init__()
        ...         self.width = parts.width
        ...         self.sharpness = sharpness
        ...         self.gate = nn.Linear(parts.width, parts.width)
        ...
        ...     def forward(self, encoded: Sequence[Tensor]) -> Tensor:
        ...         values = torch.cat(list(encoded), dim=1)
        ...         return values * torch.sigmoid(self.sharpness * self.gate(values))
    """

    called: ClassVar[dict[str, tuple[str, ...]]] = CALLED
    answers: ClassVar[dict[str, Answer]] = {
        "flatten_inputs": Answer("inputs are vectors, side by side", (True, False)),
        "use_bias": Answer(f"the layers of this combiner add a bias; {_PLAIN}", (True,)),
        "norm_params": Answer(f"norms have no options in this version; {_PLAIN}", (None,)),
        "entmax_mode": Answer("tabnet chooses by `sparsemax` in this version", ("sparsemax",)),
        "entmax_alpha": Answer("is read of entmax, which is not part of this version", (1.5,)),
        "epsilon": Answer("is called 'bn_epsilon' here"),
    }
    width: int
    members: int = 1

    def __init__(self) -> None:
        super().__init__()
        self.decided: dict[str, Any] = {}

    @abstractmethod
    def forward(self, encoded: Sequence[Tensor]) -> Tensor:
        """Combine.

        Args:
            encoded: One `[batch, sum(widths)]` for each `Parts.parts`.

        Returns:
            `[batch, width]`, or `[batch, members, width]` where there are members.
        """

    def input_axes(self) -> dict[str, int]:
        """Weights with an axis that runs over all inputs side by side, and which; for a start from earlier weights.

        A combiner that names none begins with earlier weights only where it reads exactly what the earlier one did.
        """
        return {}

    def penalty(self) -> Tensor | None:
        """What the last training forward adds to the loss, or None."""
        return None


combiners: Registry[Combiner] = Registry("combiner", home="crosstie.models.combiners")
