"""Text or a series through convolutions, then read in order."""

from typing import Annotated

from annotated_types import Ge, Lt
from torch import Tensor

from crosstie.models.encoders.encoder import Columns, encoders
from crosstie.models.encoders.pooled_states import PooledStates
from crosstie.models.layers.convolution import Convolutional, Filter, Pooling, plan
from crosstie.models.layers.convolutions import Convolutions
from crosstie.models.layers.recurrent import Cell, Recurrent
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


@encoders("cnnrnn", of=("text", "sequence", "timeseries", "audio"))
class CNNRNN(PooledStates):
    """Convolutions find short phrases and shorten the row; recurrent layers read what is left (arXiv:1511.08630).

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
        conv_activation: After each convolution.
        conv_dropout: Share of a convolution's outputs set to 0 in training.
        cell_type: `rnn` (Elman, tanh), `lstm` or `gru`.
        state_size: Width of a cell's state.
        num_rec_layers: Recurrent layers, each over the states of the one below.
        bidirectional: Whether each layer also reads backwards; its states stand beside the others.
        reduce_output: How a row becomes one vector: `last` (each direction's state after the whole row),
            `mean`, `sum`, `max`, or `attention`: a mean weighted by a learned score.
        dropout: Share of vectors' entries, and of states between layers, set to 0 in training.
        num_fc_layers: Fully connected layers at the end.
        output_size: Their width.
        fc_layers: Those layers one by one; what one leaves out is as said for all.
        fc_activation: After each of them.
        fc_dropout: Share of their outputs set to 0 in training.
        norm: Normalise in them before the activation: over the `batch`, or over a row's `layer`.
    """

    def __init__(
        self,
        columns: Columns,
        *,
        embedding_size: Annotated[int, Ge(1)] = 128,
        characters: Characters = False,
        num_conv_layers: Annotated[int, Ge(1)] = 1,
        conv_layers: list[Convolutional] | None = None,
        num_filters: Annotated[int, Ge(1)] = 128,
        filter_size: Annotated[int, Ge(1)] = 5,
        dilation_rate: Annotated[int, Ge(1)] = 1,
        pool_function: Pooling = "max",
        pool_size: Annotated[int, Ge(1)] | None = 2,
        conv_activation: Activation = "relu",
        conv_dropout: Annotated[float, Ge(0), Lt(1)] = 0.0,
        cell_type: Cell = "lstm",
        state_size: Annotated[int, Ge(1)] = 128,
        num_rec_layers: Annotated[int, Ge(1)] = 1,
        bidirectional: bool = True,
        reduce_output: Reduction = "last",
        dropout: Annotated[float, Ge(0), Lt(1)] = 0.1,
        num_fc_layers: Annotated[int, Ge(0)] = 0,
        output_size: Annotated[int, Ge(1)] = 256,
        fc_layers: list[FullyConnected] | None = None,
        fc_activation: Activation = "relu",
        fc_dropout: Annotated[float, Ge(0), Lt(1)] = 0.0,
        norm: Norm | None = None,
    ) -> None:
        super().__init__()
        default = Filter(
            num_filters,
            filter_size,
            dilation_rate,
            activation=conv_activation,
            dropout=conv_dropout,
            pool_function=pool_function,
            pool_size=pool_size,
        )
        filters = plan(conv_layers, num_conv_layers=num_conv_layers, default=default)
        self.tokens = vectors_of(columns, embedding_size, dropout=dropout, characters=characters)
        self.convolutions = Convolutions(self.tokens.width, filters)
        self.recurrent = Recurrent(
            self.convolutions.width,
            cell_type=cell_type,
            state_size=state_size,
            num_layers=num_rec_layers,
            bidirectional=bidirectional,
            dropout=dropout,
        )
        self.reduce = Reduce(reduce_output, self.recurrent.width, backward=self.recurrent.backward)
        self.stack = fully_connected(
            self.recurrent.width,
            fc_layers,
            num_fc_layers,
            Layer(output_size, fc_activation, fc_dropout, norm),
        )
        self.widths = (self.stack.width,)
        if not any(each.pools for each in filters):
            self.states_width = self.recurrent.width

    def states(self, values: Tensor) -> tuple[Tensor, Tensor]:
        """Ids `[batch, length]`, or a series, to states `[batch, length, width]`, shorter if pooled, and where there is no padding."""
        vectors, present = self.convolutions(*self.tokens(values))
        return self.recurrent(vectors, present), present
