"""What decoders of plain scores do alike: layers of the output's own, then a linear unit for each score."""

from typing import Annotated

from annotated_types import Ge, Lt
from torch import Tensor, nn

from crosstie.data.batch import Output
from crosstie.models.decoders.decoder import Decoder
from crosstie.models.layers.ensemble import head
from crosstie.models.layers.prior import start_at_prior
from crosstie.models.layers.stack import (
    Activation,
    FullyConnected,
    Layer,
    Norm,
    fully_connected,
)


class Scores(Decoder):
    """`output.size` linear units, which start at what is known of the output without any input.

    Args:
        num_fc_layers: Fully connected layers before the scores.
        fc_layers: Those layers one by one; what one leaves out is as said for all.
        fc_output_size: Their width.
        fc_activation: After each of them.
        fc_dropout: Share of their outputs set to 0 in training.
        fc_norm: Normalise before the activation: over the `batch`, or over a row's `layer`.
        fc_use_bias: Whether they add a bias.
    """

    def __init__(
        self,
        output: Output,
        width: int,
        members: int,
        *,
        num_fc_layers: Annotated[int, Ge(0)] = 0,
        fc_layers: list[FullyConnected] | None = None,
        fc_output_size: Annotated[int, Ge(1)] = 256,
        fc_activation: Activation = "relu",
        fc_dropout: Annotated[float, Ge(0), Lt(1)] = 0.0,
        fc_norm: Norm | None = None,
        fc_use_bias: bool = True,
    ) -> None:
        super().__init__()
        default = Layer(fc_output_size, fc_activation, fc_dropout, fc_norm, fc_use_bias)
        self.stack = fully_connected(width, fc_layers, num_fc_layers, default)
        self.head = head(self.stack.width, output.size, members)
        start_at_prior(self.head, output)

    def class_axes(self) -> dict[str, int]:
        """Those of the last layer."""
        axis = 0 if isinstance(self.head, nn.Linear) else 2
        return {f"head.{name}": axis for name, _ in self.head.named_parameters()}

    def forward(self, combined: Tensor) -> Tensor:
        """`[batch, width]` to `[batch, size]`; a member axis stays."""
        found: Tensor = self.head(self.stack(combined))
        return found
