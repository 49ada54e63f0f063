"""Fully connected layers as the file describes them: for combiners, decoders and encoders alike."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Literal

from annotated_types import Ge, Lt
from torch import Tensor, nn
from typing_extensions import TypedDict

from crosstie.models.layers.dropout import Dropout

Activation = Literal[
    "relu", "leakyRelu", "elu", "selu", "gelu", "silu", "mish", "tanh", "sigmoid", "logsigmoid"
]
Norm = Literal["batch", "layer"]

ACTIVATIONS: dict[str, type[nn.Module]] = {
    "relu": nn.ReLU,
    "leakyRelu": nn.LeakyReLU,
    "elu": nn.ELU,
    "selu": nn.SELU,
    "gelu": nn.GELU,
    "silu": nn.SiLU,
    "mish": nn.Mish,
    "tanh": nn.Tanh,
    "sigmoid": nn.Sigmoid,
    "logsigmoid": nn.LogSigmoid,
}


class FullyConnected(TypedDict, total=False):
    """One entry of `fc_layers`; what it leaves out is as for the whole stack."""

    __pydantic_config__ = {"extra": "forbid"}  # type: ignore[misc] # noqa: RUF012 - pydantic's own place for it

    output_size: Annotated[int, Ge(1)]
    activation: Activation
    dropout: Annotated[float, Ge(0), Lt(1)]
    norm: Norm | None
    use_bias: bool


@dataclass(frozen=True)
class Layer:
    """One layer: `output_size` units, then norm, activation, dropout."""

    output_size: int
    activation: str = "relu"
    dropout: float = 0.0
    norm: str | None = None
    use_bias: bool = True


def plan(
    fc_layers: Sequence[FullyConnected] | None, *, num_fc_layers: int, default: Layer
) -> list[Layer]:
    """The layers that `fc_layers` describes, or `num_fc_layers` of the default."""
    if fc_layers is None:
        return [default] * num_fc_layers
    return [replace(default, **each) for each in fc_layers]  # type: ignore[misc] # pydantic's key is none


def fully_connected(
    width: int,
    fc_layers: Sequence[FullyConnected] | None,
    num_fc_layers: int,
    default: Layer,
    *,
    residual: bool = False,
) -> "Stack":
    """The `Stack` that a component's options describe.

    Args:
        width: Of the input.
        fc_layers: The layers one by one; None for `num_fc_layers` of the default.
        num_fc_layers: How many; not read where `fc_layers` says it.
        default: Every layer, or what an entry of `fc_layers` leaves out.
        residual: As for `Stack`.
    """
    return Stack(
        width, plan(fc_layers, num_fc_layers=num_fc_layers, default=default), residual=residual
    )


class Stack(nn.Module):
    """Fully connected layers over the last axis of `[batch, …, width]`.

    Args:
        width: Of the input.
        layers: What follows.
        residual: Add a layer's input to its output where their widths agree.

    Attributes:
        width: Of the output.
    """

    def __init__(self, width: int, layers: Sequence[Layer], *, residual: bool = False) -> None:
        super().__init__()
        blocks: list[nn.Module] = []
        for layer in layers:
            linear = nn.Linear(width, layer.output_size, bias=layer.use_bias)
            block = nn.Sequential(linear, *after(layer))
            skip = residual and width == layer.output_size
            blocks += [Residual(block)] if skip else [*block]
            width = layer.output_size
        self.blocks = nn.Sequential(*blocks)
        self.width = width

    def forward(self, values: Tensor) -> Tensor:
        """`[…, width in]` to `[…, width out]`."""
        found: Tensor = self.blocks(values)
        return found


class Residual(nn.Module):
    """A block's input beside its output."""

    def __init__(self, block: nn.Module) -> None:
        super().__init__()
        self.block = block

    def forward(self, values: Tensor) -> Tensor:
        """The sum; shapes agree."""
        found: Tensor = self.block(values)
        return values + found


class RowsNorm(nn.BatchNorm1d):
    """Batch normalisation over all axes but the last, members included."""

    def forward(self, values: Tensor) -> Tensor:
        """Same shape."""
        if values.dim() == 2:
            return super().forward(values)
        return super().forward(values.flatten(0, -2)).view_as(values)


def after(layer: Layer) -> list[nn.Module]:
    """What follows a layer's product."""
    found: list[nn.Module] = []
    if layer.norm == "batch":
        found.append(RowsNorm(layer.output_size))
    if layer.norm == "layer":
        found.append(nn.LayerNorm(layer.output_size))
    found.append(ACTIVATIONS[layer.activation]())
    if layer.dropout:
        found.append(Dropout(layer.dropout))
    return found
