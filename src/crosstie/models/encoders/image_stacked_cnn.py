"""Pictures through convolutions one after the other."""

from typing import Annotated, ClassVar

from annotated_types import Ge, Lt
from torch import Tensor, nn

from crosstie.config.words import Answer, Elsewhere
from crosstie.models.encoders.encoder import Columns, Encoder, encoders
from crosstie.models.layers.convolution2d import (
    Convolution2d,
    Convolutional2d,
    Filter2d,
    Padding,
    Pooling,
    plan,
)
from crosstie.models.layers.stack import (
    Activation,
    FullyConnected,
    Layer,
    Norm,
    fully_connected,
)

FIRST = 32  # filters of the first convolution; half of them see as well on 100 pixels, in 0.4 of the time
LARGE = 64  # pixels: a picture with more on its shorter side begins with half of them
WIDE = 256  # filters at most, where they double
LEFT = 4  # pixels: a side that needs no further layer


@encoders("stacked_cnn", of=("image",))
class ImageStackedCNN(Encoder):
    """Convolutions and pooling in turn, each layer over what the one before it found (arXiv:1409.1556).

    Args:
        num_conv_layers: Convolutions; None takes as many as halve the shorter side to 4 pixels or a few more.
        conv_layers: The convolutions one by one; what one leaves out is as said for all.
        out_channels: Filters of a convolution; None is 32 for the first (16 where a picture's shorter side has
            more than 64 pixels) and twice as many for each further one, up to 256.
        kernel_size: Pixels that a filter sees, each way.
        stride: Pixels from one place to the next.
        padding: `same` adds zeros around, so that a picture keeps its size; `valid` adds none.
        dilation: Pixels from one that a filter sees to the next.
        groups: Filters see only their group's share of the channels.
        pool_function: How neighbours are pooled after a convolution: `max`, or `average` (`avg`, `mean`).
        pool_kernel_size: Neighbours, each way, that become one; None pools none.
        pool_stride: Pixels from one pool to the next; None is the pool's own size.
        conv_activation: After each convolution.
        conv_norm: Normalise before each activation: over the `batch`, or over a row's `layer`.
        conv_dropout: Share of the convolutions' outputs set to 0 in training.
        conv_use_bias: Whether convolutions add a bias; not where the norm is `batch`, which has one.
        num_fc_layers: Fully connected layers at the end, over all places and filters.
        output_size: Their width.
        fc_layers: Those layers one by one; what one leaves out is as said for all.
        fc_activation: After each of them.
        fc_norm: Normalise before it: over the `batch`, or over a row's `layer`.
        fc_dropout: Share of their outputs set to 0 in training.
        fc_use_bias: Whether they add a bias.
    """

    answers: ClassVar[dict[str, Answer]] = {
        "height": Answer("belongs into 'preprocessing'", (None,)),
        "width": Answer("belongs into 'preprocessing'", (None,)),
        "num_channels": Answer("belongs into 'preprocessing'", (None,)),
        "padding_mode": Answer("what is added around is zeros", ("zeros",)),
        "pool_padding": Answer("nothing is added around before pooling", (0,)),
        "pool_dilation": Answer("neighbours are pooled, without gaps", (1,)),
        "conv_norm_params": Answer("norms have no options in this version", (None,)),
        "fc_norm_params": Answer("norms have no options in this version", (None,)),
        "fc_bias_initializer": Answer("write `bias_initializer: …`", ("zeros",)),
        "fc_weights_initializer": Answer("write `weights_initializer: …`", ("xavier_uniform",)),
    }

    def __init__(
        self,
        columns: Columns,
        *,
        num_conv_layers: Annotated[int, Ge(1)] | None = None,
        conv_layers: list[Convolutional2d] | None = None,
        out_channels: Annotated[int, Ge(1), Elsewhere("num_filters")] | None = None,
        kernel_size: Annotated[int, Ge(1), Elsewhere("filter_size")] = 3,
        stride: Annotated[int, Ge(1)] = 1,
        padding: Padding = "same",
        dilation: Annotated[int, Ge(1)] = 1,
        groups: Annotated[int, Ge(1)] = 1,
        pool_function: Pooling = "max",
        pool_kernel_size: Annotated[int, Ge(1), Elsewhere("pool_size")] | None = 2,
        pool_stride: Annotated[int, Ge(1)] | None = None,
        conv_activation: Activation = "relu",
        conv_norm: Norm | None = "batch",
        conv_dropout: Annotated[float, Ge(0), Lt(1)] = 0.0,
        conv_use_bias: bool = True,
        num_fc_layers: Annotated[int, Ge(0)] = 1,
        output_size: Annotated[int, Ge(1)] = 128,
        fc_layers: list[FullyConnected] | None = None,
        fc_activation: Activation = "relu",
        fc_norm: Norm | None = None,
        fc_dropout: Annotated[float, Ge(0), Lt(1)] = 0.2,
        fc_use_bias: bool = True,
    ) -> None:
        super().__init__()
        channels, height, width = columns.shape
        default = Filter2d(
            out_channels or FIRST,
            kernel_size,
            stride,
            padding,
            dilation,
            groups,
            conv_activation,
            conv_norm,
            conv_dropout,
            conv_use_bias,
            pool_function,
            pool_kernel_size,
            pool_stride,
        )
        if conv_layers is None:
            count = num_conv_layers or _halvings(min(height, width))
            first = FIRST if min(height, width) <= LARGE else FIRST // 2
            widths = [out_channels or min(first << layer, WIDE) for layer in range(count)]
            conv_layers = [{"out_channels": each} for each in widths]
        shape = (channels, height, width)
        convolutions = []
        for number, layer in enumerate(plan(conv_layers, default), start=1):
            convolutions.append(Convolution2d(shape, layer, number))
            shape = convolutions[-1].shape
        self.convolutions = nn.Sequential(*convolutions)
        self.stack = fully_connected(
            shape[0] * shape[1] * shape[2],
            fc_layers,
            num_fc_layers,
            Layer(output_size, fc_activation, fc_dropout, fc_norm, fc_use_bias),
        )
        self.widths = (self.stack.width,)

    def forward(self, values: Tensor) -> Tensor:
        """Pixels `[batch, channels, height, width]` to `[batch, width]`."""
        found: Tensor = self.stack(self.convolutions(values).flatten(1))
        return found


def _halvings(side: int) -> int:
    """How often a side is halved until fewer than twice `LEFT` pixels are left; once at least."""
    count = 1
    while side >> count >= 2 * LEFT:
        count += 1
    return count
