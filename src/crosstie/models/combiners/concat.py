"""The combiner for tables: everything side by side through an MLP, or through a small ensemble of them (TabM)."""

from collections.abc import Sequence
from typing import Annotated, Literal

import torch
from annotated_types import Ge, Lt
from torch import Tensor, nn

from crosstie.models.combiners.combiner import Combiner, Parts, combiners
from crosstie.models.layers.ensemble import MemberLinear, Scaling, SharedLinear, scaled_linear
from crosstie.models.layers.stack import (
    Activation,
    FullyConnected,
    Layer,
    Norm,
    Residual,
    Stack,
    after,
    plan,
)

TABLE_TYPES = ("number", "binary", "category", "date")
WORD_TYPES = ("text", "sequence", "set", "bag")


@combiners("concat", elsewhere=("mlp", "tabm", "concatenate", "resnet"))
class Concat(Combiner):
    """All encoders' outputs side by side, then fully connected layers.

    With `members` it is TabM (arXiv:2410.24210): that many networks which share most of their weights, trained
    on the mean of their losses; predictions are the mean of theirs. For tables that is the default.

    Args:
        members: Networks in the ensemble; 1 is a plain MLP. None: 8 for a table (16 below 10,000 training
            rows, 32 on a GPU), 1 without table columns or when the layers are given.
        members_style: What members have of their own beside their last layer. `mini`: one scaling of the
            inputs. `tabm`: scalings and biases in every layer. `packed`: everything.
        num_fc_layers: Layers. None is 2; 0 for one column of words, items or pictures alone, where layers only
            learn the rows by heart (banking77: accuracy .90 without, .83 with them).
        output_size: Width of a layer. None is 128 with members, 256 without.
        fc_layers: The layers one by one; what one leaves out is as said for all.
        activation: After each layer.
        dropout: Share of a layer's outputs set to 0 in training. None is 0.1 with members, 0 without.
        norm: Normalise before the activation: over the `batch`, or over a row's `layer`.
        use_bias: Whether layers add a bias.
        residual: Add a layer's input to its output where their widths agree.
    """

    def __init__(
        self,
        parts: Parts,
        *,
        members: Annotated[int, Ge(1)] | None = None,
        members_style: Literal["mini", "tabm", "packed"] = "mini",
        num_fc_layers: Annotated[int, Ge(0)] | None = None,
        output_size: Annotated[int, Ge(1)] | None = None,
        fc_layers: list[FullyConnected] | None = None,
        activation: Activation = "relu",
        dropout: Annotated[float, Ge(0), Lt(1)] | None = None,
        norm: Norm | None = None,
        use_bias: bool = True,
        residual: bool = False,
    ) -> None:
        super().__init__()
        if members is None:
            given = not (num_fc_layers is None and output_size is None and fc_layers is None)
            members = 1 if given else affordable(parts)
            self.decided["members"] = members
        if num_fc_layers is None and fc_layers is None:
            num_fc_layers = 0 if _alone(parts) else 2
            self.decided["num_fc_layers"] = num_fc_layers
        if output_size is None:
            output_size = 128 if members > 1 else 256
            self.decided["output_size"] = output_size
        if dropout is None:
            dropout = 0.1 if members > 1 else 0.0
            self.decided["dropout"] = dropout
        self.members = members
        default = Layer(output_size, activation, dropout, norm, use_bias)
        layers = plan(fc_layers, num_fc_layers=num_fc_layers or 0, default=default)
        self.scaling: Scaling | None = None
        self.stack: Stack | nn.Sequential
        if members == 1:
            self.stack = Stack(parts.width, layers, residual=residual)
        elif members_style == "mini":
            scaling = Scaling(members, parts.width)
            scaling.start(parts.widths, normal=_embeds_numbers(parts))
            self.scaling = scaling
            self.stack = Stack(parts.width, layers, residual=residual)
        else:
            self.stack = _member_stack(parts, layers, members, members_style, residual=residual)
        self.width = layers[-1].output_size if layers else parts.width

    def input_axes(self) -> dict[str, int]:
        """The scalings, and the first layer."""
        axes = {"scaling.weight": 1} if self.scaling is not None else {}
        for name, layer in self.stack.named_modules():
            if isinstance(layer, SharedLinear):
                return {f"stack.{name}.r.weight": 1, f"stack.{name}.linear.weight": 1}
            if isinstance(layer, MemberLinear | nn.Linear):
                return axes | {f"stack.{name}.weight": 1}
        return axes

    def forward(self, encoded: Sequence[Tensor]) -> Tensor:
        """`[batch, width]`, or `[batch, members, width]`."""
        values = encoded[0] if len(encoded) == 1 else torch.cat(list(encoded), 1)
        if self.scaling is None:
            found: Tensor = self.stack(values)
            return found
        assert isinstance(self.stack, Stack)
        blocks = list(self.stack.blocks)
        if self.training and blocks and isinstance(first := blocks[0], nn.Linear):
            values = scaled_linear(values, self.scaling, first)
            del blocks[0]
        else:
            values = self.scaling(values)
        for block in blocks:
            values = block(values)
        return values


def affordable(parts: Parts) -> int:
    """Members that train in seconds to minutes: Adult takes 1.8 s an epoch with 8 on two cores."""
    if not any(part.type in TABLE_TYPES for part in parts.parts):
        return 1
    if torch.cuda.is_available():
        return 32
    return 16 if parts.rows < 10_000 else 8


def _alone(parts: Parts) -> bool:
    """Whether all there is is one column whose encoder has said what there is to say."""
    return len(parts.parts) == 1 and parts.parts[0].type in (*WORD_TYPES, "image")


def _embeds_numbers(parts: Parts) -> bool:
    return any(part.type == "number" and part.embedded for part in parts.parts)


def _member_stack(
    parts: Parts, layers: list[Layer], members: int, style: str, *, residual: bool
) -> nn.Sequential:
    blocks: list[nn.Module] = []
    width = parts.width
    for number, layer in enumerate(layers):
        make = SharedLinear if style == "tabm" else MemberLinear
        linear = make(members, width, layer.output_size, bias=layer.use_bias)
        if number == 0 and isinstance(linear, SharedLinear):
            linear.r.start(parts.widths, normal=_embeds_numbers(parts))
        block = nn.Sequential(linear, *after(layer))
        skip = residual and width == layer.output_size and number > 0
        blocks += [Residual(block)] if skip else [*block]
        width = layer.output_size
    return nn.Sequential(*blocks)
