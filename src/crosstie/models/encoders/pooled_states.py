"""What encoders that read a row step by step do alike: a state for each token or step, pooled, then layers."""

from collections.abc import Mapping
from typing import Any

from torch import Tensor

from crosstie.models.encoders.encoder import Encoder
from crosstie.models.layers.reduce import Reduce
from crosstie.models.layers.stack import Stack


class PooledStates(Encoder):
    """Gives `states`; a row's vector is made of them.

    An encoder's constructor sets what stands below.

    Attributes:
        reduce: Makes one vector of the states.
        stack: The layers after it.
    """

    reduce: Reduce
    stack: Stack

    def forward(self, values: Tensor) -> Tensor:
        """Ids `[batch, length]`, or a series, to `[batch, width]`."""
        return self.row(*self.states(values))

    def row(self, states: Tensor, present: Tensor) -> Tensor:
        """`[batch, width]`."""
        found: Tensor = self.stack(self.reduce(states, present))
        return found

    @classmethod
    def feature_options(cls, options: Mapping[str, Any]) -> dict[str, Any]:
        """Letters, where they are read."""
        return {"characters": True} if options.get("characters") else {}
