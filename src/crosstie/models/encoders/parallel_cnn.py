"""Text or a series through convolutions of several widths side by side."""

from typing import Annotated

import torch
from annotated_types import Ge, Lt
from torch import Tensor, nn

from crosstie.models.encoders.encoder import Columns, encoders
from crosstie.models.encoders.pooled_states import PooledStates
from crosstie.models.layers.convolution import (
    Convolution,
    Convolutional,
    Filter,
    Pooling,
    plan,
)
from crosstie.models.layers.dropout import Dropout
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

WIDTHS = (2, 3, 4, 5)


@encoders(
    "parallel_cnn",
    of=("text", "sequence", "timeseries", "audio"),
    elsewhere=("cnn", "text_cnn", "conv1d"),
)
class ParallelCNN(PooledStates):
    """Filters that each look for short phrases of one length, anywhere in the row (arXiv:1408.5882).

    Args:
        embedding_size: Width of the vector of a token, or of a step of a series.
        characters: Beside a token's vector one of its letters, found by convolutions: true, or how many of them
            (arXiv:1508.06615). A word that training never saw is then known by its spelling.
        num_conv_layers: Convolutions side by side, all of `filter_size`. None: four, of 2, 3, 4 and 5 tokens.
        conv_layers: The convolutions one by one; what one leaves out is as said for all.
        num_filters: Phrases that each convolution looks for.
        filter_size: Tokens in a phrase.
        pool_function: How neighbours are pooled where there is a `pool_size`: their `max` or `average`.
        pool_size: Neighbours that become one after a convolution; None leaves all.
        reduce_output: How a row becomes one vector: `max` (is it there?), `mean`, `sum`, `last`, `attention`.
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
        num_conv_layers: Annotated[int, Ge(1)] | None = None,
        conv_layers: list[Convolutional] | None = None,
        num_filters: Annotated[int, Ge(1)] = 128,
        filter_size: Annotated[int, Ge(1)] = 3,
        pool_function: Pooling = "max",
        pool_size: Annotated[int, Ge(1)] | None = None,
        reduce_output: Reduction = "max",
        activation: Activation = "relu",
        dropout: Annotated[float, Ge(0), Lt(1)] = 0.1,
        norm: Norm | None = None,
        num_fc_layers: Annotated[int, Ge(0)] = 0,
        output_size: Annotated[int, Ge(1)] = 256,
        fc_layers: list[FullyConnected] | None = None,
    ) -> None:
        super().__init__()
        if conv_layers is None and num_conv_layers is None:
            conv_layers = [{"filter_size": width} for width in WIDTHS]
        default = Filter(
            num_filters,
            filter_size,
            activation=activation,
            norm=norm,
            pool_function=pool_function,
            pool_size=pool_size,
        )
        self.tokens = vectors_of(columns, embedding_size, dropout=dropout, characters=characters)
        filters = plan(conv_layers, num_conv_layers=num_conv_layers or 0, default=default)
        self.convolutions = nn.ModuleList(Convolution(self.tokens.width, each) for each in filters)
        self.reducers = nn.ModuleList(Reduce(reduce_output, each.num_filters) for each in filters)
        width = sum(each.num_filters for each in filters)
        self.dropout = Dropout(dropout)
        self.stack = fully_connected(
            width, fc_layers, num_fc_layers, Layer(output_size, activation, dropout, norm)
        )
        self.widths = (self.stack.width,)
        if not any(each.pools for each in filters):
            self.states_width = width
            self.parts = [each.num_filters for each in filters]

    def forward(self, values: Tensor) -> Tensor:
        """Ids `[batch, length]`, or a series, to `[batch, width]`."""
        vectors, present = self.tokens(values)
        found = [
            reduce(*convolution(vectors, present))
            for convolution, reduce in zip(self.convolutions, self.reducers, strict=True)
        ]
        combined: Tensor = self.stack(self.dropout(torch.cat(found, dim=1)))
        return combined

    def states(self, values: Tensor) -> tuple[Tensor, Tensor]:
        """Ids `[batch, length]`, or a series, to all filters' vectors `[batch, length, width]`, and where there is no padding."""
        vectors, present = self.tokens(values)
        found = [convolution(vectors, present)[0] for convolution in self.convolutions]
        return torch.cat(found, dim=2), present

    def row(self, states: Tensor, present: Tensor) -> Tensor:
        """`[batch, width]`."""
        parts = zip(self.reducers, torch.split(states, self.parts, dim=2), strict=True)
        found = torch.cat([reduce(part, present) for reduce, part in parts], dim=1)
        combined: Tensor = self.stack(self.dropout(found))
        return combined
