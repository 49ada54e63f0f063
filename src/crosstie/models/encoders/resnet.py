"""Pictures through residual blocks."""

from typing import Annotated, ClassVar, Literal

from annotated_types import Ge, Lt
from torch import Tensor, nn

from crosstie.config.words import Alias, Answer
from crosstie.models.encoders.encoder import Columns, Encoder, encoders
from crosstie.models.layers.stack import Activation, FullyConnected, Layer, Norm, fully_connected

SMALL = 64  # pixels: a shorter side is not made smaller before the first block
_BLOCKS = {10: (1, 1, 1, 1), 18: (2, 2, 2, 2), 34: (3, 4, 6, 3), 50: (3, 4, 6, 3)}
_PRETRAINED = (
    "this one starts from nothing; for published weights write `{type: pretrained, model: …}`"
)


@encoders("resnet", of=("image",))
class ResNet(Encoder):
    """Convolutions whose input is added to their output (arXiv:1512.03385); starts from nothing.

    Args:
        model_variant: Layers with weights: 10, 18 and 34 are of two convolutions a block, 50 of three.
        out_channels: Filters of the first blocks; each of the three further stages has twice as many. The
            published networks have 64.
        dropout: Share of the pooled filters set to 0 in training.
        num_fc_layers: Fully connected layers at the end.
        output_size: Their width.
        fc_layers: Those layers one by one; what one leaves out is as said for all.
        fc_activation: After each of them.
        fc_norm: Normalise before it: over the `batch`, or over a row's `layer`.
        fc_dropout: Share of their outputs set to 0 in training.
    """

    answers: ClassVar[dict[str, Answer]] = {
        "use_pretrained": Answer(_PRETRAINED, (False,)),
        **dict.fromkeys(
            ("model", "model_name", "pretrained_model_name_or_path"), Answer(_PRETRAINED, (None,))
        ),
        "trainable": Answer("what starts from nothing is trained", (True,)),
        "model_cache_dir": Answer("nothing is fetched", (None,)),
        "saved_weights_in_checkpoint": Answer("a checkpoint holds all weights", (True, False)),
        "height": Answer("belongs into 'preprocessing'", (None,)),
        "width": Answer("belongs into 'preprocessing'", (None,)),
        "num_channels": Answer("belongs into 'preprocessing'", (None,)),
    }

    def __init__(
        self,
        columns: Columns,
        *,
        model_variant: Annotated[Literal[10, 18, 34, 50], Alias("resnet_version")] = 18,
        out_channels: Annotated[int, Ge(1)] = 32,
        dropout: Annotated[float, Ge(0), Lt(1)] = 0.0,
        num_fc_layers: Annotated[int, Ge(0)] = 0,
        output_size: Annotated[int, Ge(1)] = 128,
        fc_layers: list[FullyConnected] | None = None,
        fc_activation: Activation = "relu",
        fc_norm: Norm | None = None,
        fc_dropout: Annotated[float, Ge(0), Lt(1)] = 0.0,
    ) -> None:
        super().__init__()
        channels, height, width = columns.shape
        small = min(height, width) <= SMALL
        self.stem = nn.Sequential(
            nn.Conv2d(
                channels,
                out_channels,
                3 if small else 7,
                1 if small else 2,
                1 if small else 3,
                bias=False,
            ),
            nn.BatchNorm2d(out_channels),
            nn.ReLU(),
            nn.Identity() if small else nn.MaxPool2d(3, 2, 1),
        )
        grow = 4 if model_variant == 50 else 1
        blocks, inside = [], out_channels
        for stage, count in enumerate(_BLOCKS[model_variant]):
            for place in range(count):
                outside = (out_channels << stage) * grow
                stride = 2 if stage and not place else 1
                blocks.append(Block(inside, outside, stride=stride, narrow=grow))
                inside = outside
        self.blocks = nn.Sequential(*blocks)
        self.dropout = nn.Dropout(dropout)
        layer = Layer(output_size, fc_activation, fc_dropout, fc_norm)
        self.stack = fully_connected(inside, fc_layers, num_fc_layers, layer)
        self.widths = (self.stack.width,)

    def forward(self, values: Tensor) -> Tensor:
        """Pixels `[batch, channels, height, width]` to `[batch, width]`."""
        pooled = self.blocks(self.stem(values)).mean(dim=(2, 3))
        found: Tensor = self.stack(self.dropout(pooled))
        return found


class Block(nn.Module):
    """Two convolutions of 3x3, or where it is `narrow` one of 3x3 between two of 1x1, and the input beside them."""

    def __init__(self, inside: int, outside: int, *, stride: int, narrow: int) -> None:
        super().__init__()
        middle = outside // narrow
        shapes = [(inside, middle, 3, stride), (middle, outside, 3, 1)]
        if narrow > 1:
            shapes = [(inside, middle, 1, 1), (middle, middle, 3, stride), (middle, outside, 1, 1)]
        layers: list[nn.Module] = []
        for before, after, kernel, step in shapes:
            layers += [
                nn.Conv2d(before, after, kernel, step, kernel // 2, bias=False),
                nn.BatchNorm2d(after),
                nn.ReLU(),
            ]
        self.layers = nn.Sequential(*layers[:-1])
        self.shortcut: nn.Module = nn.Identity()
        if stride > 1 or inside != outside:
            self.shortcut = nn.Sequential(
                nn.Conv2d(inside, outside, 1, stride, bias=False), nn.BatchNorm2d(outside)
            )

    def forward(self, values: Tensor) -> Tensor:
        """`[batch, channels, height, width]`, the sides halved by a stride of 2."""
        found: Tensor = (self.layers(values) + self.shortcut(values)).relu()
        return found
