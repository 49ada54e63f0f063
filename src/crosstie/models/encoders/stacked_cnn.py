"""Text or a series through convolutions one after the other."""

from typing import Annotated

from annotated_types import Ge, Lt
from torch import Tensor

from crosstie.models.encoders.encoder import Columns, encoders
from crosstie.models.encoders.pooled_states import PooledStates
from crosstie.models.layers.convolution import Convolutional, Filter, Pooling, plan
from crosstie.models.layers.convolutions import Convolutions
from crosstie.models.layers.reduce import Reduce, Reduction
from crosstie.models.layers.stack import (
    Activation,
    FullyConnected,
    Layer,
    Norm,
    fully_connected,
)
from crosstie.models.layers.steps import vectors_of
from crosstie.models.layers.tokens import Characters


@encoders("stacked_cnn", of=("text", "sequence", "timeseries", "audio"))
class StackedCNN(PooledStates):
    """Convolutions and pooling in turn, so that each sees further than the one before (arXiv:1509.01626).

    Args:
        embedding_size: Width of the vector of a token, or of a step of a series.
        characters: Beside a token's vector one of its letters, found by convolutions: true, or how many of them
            (arXiv:1508.06615). A word that training never saw is then known by its spelling.
        num_conv_layers: Convolutions, one after the other.
        conv_layers: The convolutions one by one; what one leaves out is as said for all.
        num_filters: Width of a convolution's output.
        filter_size: Neighbours that a convolution sees.
        dilation_rate: Steps from one of those neighbours to the next.
        pool_function: How neighbours are pooled after a convolution: their `max` or `average`.
        pool_size: Neighbours that become one; None leaves all.
        reduce_output: How a row becomes one vector: `max`, `mean`, `sum`, `last` or `attention`.
        activation: After each convolution and each layer.
        dropout: Share of vectors' entries and of layers' outputs set to 0 in training.
        norm: Normalise before each activation: over the `batch`, or over a row's `layer`.
        num_fc_layers: Fully connected layers at the end.
        output_size: Their width.
        fc_layers: Those layers one by one; what one leaves out is as said for all.
    """

    def __init__(
        self,
        columns: Columns,
        *,
        embedding_size: Annotated[int, Ge(1)] = 128,
        characters: Characters = False,
        num_conv_layers: Annotated[int, Ge(1)] = 3,
        conv_layers: list[Convolutional] | None = None,
        num_filters: Annotated[int, Ge(1)] = 128,
        filter_size: Annotated[int, Ge(1)] = 5,
        dilation_rate: Annotated[int, Ge(1)] = 1,
        pool_function: Pooling = "max",
        pool_size: Annotated[int, Ge(1)] | None = 2,
        reduce_output: Reduction = "max",
        activation: Activation = "relu",
        dropout: Annotated[float, Ge(0), Lt(1)] = 0.1,
        norm: Norm | None = None,
        num_fc_layers: Annotated[int, Ge(0)] = 1,
        output_size: Annotated[int, Ge(1)] = 256,
        fc_layers: list[FullyConnected] | None = None,
    ) -> None:
        super().__init__()
        default = Filter(
            num_filters,
            filter_size,
            dilation_rate,
            activation=activation,
            norm=norm,
            dropout=dropout,
            pool_function=pool_function,
            pool_size=pool_size,
        )
        filters = plan(conv_layers, num_conv_layers=num_conv_layers, default=default)
        self.tokens = vectors_of(columns, embedding_size, dropout=dropout, characters=characters)
        self.convolutions = Convolutions(self.tokens.width, filters)
        self.reduce = Reduce(reduce_output, self.convolutions.width)
        self.stack = fully_connected(
            self.convolutions.width,
            fc_layers,
            num_fc_layers,
            Layer(output_size, activation, dropout, norm),
        )
        self.widths = (self.stack.width,)
        if not any(each.pools for each in filters):
            self.states_width = self.convolutions.width

    def states(self, values: Tensor) -> tuple[Tensor, Tensor]:
        """Ids `[batch, length]`, or a series, to vectors `[batch, length, width]`, shorter if pooled, and where there is no padding."""
        found: tuple[Tensor, Tensor] = self.convolutions(*self.tokens(values))
        return found
