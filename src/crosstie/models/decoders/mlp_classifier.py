"""One score for each class, after layers of the output's own."""

from typing import Annotated

from annotated_types import Ge, Lt

from crosstie.data.batch import Output
from crosstie.models.decoders.decoder import decoders
from crosstie.models.decoders.scores import Scores
from crosstie.models.layers.stack import Activation, FullyConnected, Norm


@decoders("mlp_classifier", of=("category",))
class MLPClassifier(Scores):
    """A classifier with fully connected layers before its scores unless told otherwise.

    Args:
        num_fc_layers: Those layers.
        fc_layers: The layers one by one; what one leaves out is as said for all.
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
        num_fc_layers: Annotated[int, Ge(1)] = 1,
        fc_layers: list[FullyConnected] | None = None,
        fc_output_size: Annotated[int, Ge(1)] = 256,
        fc_activation: Activation = "relu",
        fc_dropout: Annotated[float, Ge(0), Lt(1)] = 0.0,
        fc_norm: Norm | None = None,
        fc_use_bias: bool = True,
    ) -> None:
        super().__init__(
            output,
            width,
            members,
            num_fc_layers=num_fc_layers,
            fc_layers=fc_layers,
            fc_output_size=fc_output_size,
            fc_activation=fc_activation,
            fc_dropout=fc_dropout,
            fc_norm=fc_norm,
            fc_use_bias=fc_use_bias,
        )
