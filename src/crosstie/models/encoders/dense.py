"""Each number through a small network of its own."""

from typing import Annotated

from annotated_types import Ge, Lt
from torch import Tensor, nn

from crosstie.models.encoders.encoder import Columns, Encoder, encoders
from crosstie.models.layers.dropout import Dropout
from crosstie.models.layers.ensemble import MemberLinear
from crosstie.models.layers.stack import (
    ACTIVATIONS,
    Activation,
    FullyConnected,
    Layer,
    Norm,
    plan,
)


@encoders("dense", of=("number", "binary"), elsewhere=("mlp",))
class Dense(Encoder):
    """Fully connected layers on each number alone; the columns share no weights.

    Args:
        num_layers: Layers.
        output_size: Width of a layer.
        fc_layers: The layers one by one; what one leaves out is as said for all.
        activation: After each layer.
        dropout: Share of a layer's outputs set to 0 in training.
        norm: Normalise before the activation: over the `batch`, or over a column's `layer`.
        use_bias: Whether layers add a bias.
    """

    undecayed = True

    def __init__(
        self,
        columns: Columns,
        *,
        num_layers: Annotated[int, Ge(1)] = 1,
        output_size: Annotated[int, Ge(1)] = 16,
        fc_layers: list[FullyConnected] | None = None,
        activation: Activation = "relu",
        dropout: Annotated[float, Ge(0), Lt(1)] = 0.0,
        norm: Norm | None = None,
        use_bias: bool = True,
    ) -> None:
        super().__init__()
        default = Layer(output_size, activation, dropout, norm, use_bias)
        layers = plan(fc_layers, num_fc_layers=num_layers, default=default)
        count, width = len(columns.names), 1
        blocks: list[nn.Module] = []
        for layer in layers:
            blocks.append(MemberLinear(count, width, layer.output_size, bias=layer.use_bias))
            if layer.norm == "batch":
                blocks.append(ColumnsNorm(count, layer.output_size))
            elif layer.norm == "layer":
                blocks.append(nn.LayerNorm(layer.output_size))
            blocks += [ACTIVATIONS[layer.activation](), Dropout(layer.dropout)]
            width = layer.output_size
        self.blocks = nn.Sequential(*blocks)
        self.widths = (width,) * count
        self.by_column = not any(layer.norm for layer in layers)

    def forward(self, values: Tensor) -> Tensor:
        """`[batch, columns]` to `[batch, columns, output_size]`."""
        found: Tensor = self.blocks(values.unsqueeze(-1))
        return found


class ColumnsNorm(nn.BatchNorm1d):
    """Batch normalisation of every column's every unit."""

    def __init__(self, columns: int, width: int) -> None:
        super().__init__(columns * width)

    def forward(self, values: Tensor) -> Tensor:
        """`[batch, columns, width]` to the same."""
        return super().forward(values.flatten(1)).view_as(values)
