"""A vector through fully connected layers."""

from typing import Annotated

from annotated_types import Ge, Lt
from torch import Tensor

from crosstie.models.encoders.encoder import Columns, Encoder, encoders
from crosstie.models.layers.stack import (
    Activation,
    FullyConnected,
    Layer,
    Norm,
    fully_connected,
)


@encoders("dense", of=("vector",))
class VectorDense(Encoder):
    """Fully connected layers over the whole vector.

    Args:
        num_layers: Layers.
        output_size: Width of a layer.
        fc_layers: The layers one by one; what one leaves out is as said for all.
        activation: After each layer.
        dropout: Share of a layer's outputs set to 0 in training.
        norm: Normalise before the activation: over the `batch`, or over a row's `layer`.
        use_bias: Whether layers add a bias.
    """

    def __init__(
        self,
        columns: Columns,
        *,
        num_layers: Annotated[int, Ge(1)] = 1,
        output_size: Annotated[int, Ge(1)] = 256,
        fc_layers: list[FullyConnected] | None = None,
        activation: Activation = "relu",
        dropout: Annotated[float, Ge(0), Lt(1)] = 0.0,
        norm: Norm | None = None,
        use_bias: bool = True,
    ) -> None:
        super().__init__()
        default = Layer(output_size, activation, dropout, norm, use_bias)
        self.stack = fully_connected(self.reads(columns), fc_layers, num_layers, default)
        self.widths = (self.stack.width,)

    @staticmethod
    def reads(columns: Columns) -> int:
        """How many numbers of a row the layers see."""
        return columns.sizes[0]

    def forward(self, values: Tensor) -> Tensor:
        """`[batch, width]` to `[batch, output_size]`."""
        found: Tensor = self.stack(values)
        return found
