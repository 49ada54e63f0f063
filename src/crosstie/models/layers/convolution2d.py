"""Convolutions over pictures as the file describes them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Literal

import torch
from annotated_types import Ge, Lt
from torch import Tensor, nn
from typing_extensions import TypedDict

from crosstie.errors import ConfigError, Problem
from crosstie.models.layers.dropout import Dropout
from crosstie.models.layers.stack import ACTIVATIONS, Activation, Norm

Padding = Literal["same", "valid"]
Pooling = Literal["max", "average", "avg", "mean"]


class Convolutional2d(TypedDict, total=False):
    """One entry of `conv_layers`; what it leaves out is as for all."""

    __pydantic_config__ = {"extra": "forbid"}  # type: ignore[misc] # noqa: RUF012 - pydantic's own place for it

    out_channels: Annotated[int, Ge(1)]
    kernel_size: Annotated[int, Ge(1)]
    stride: Annotated[int, Ge(1)]
    padding: Padding
    dilation: Annotated[int, Ge(1)]
    groups: Annotated[int, Ge(1)]
    conv_activation: Activation
    conv_norm: Norm | None
    conv_dropout: Annotated[float, Ge(0), Lt(1)]
    conv_use_bias: bool
    pool_function: Pooling
    pool_kernel_size: Annotated[int, Ge(1)] | None
    pool_stride: Annotated[int, Ge(1)] | None


@dataclass(frozen=True)
class Filter2d:
    """One convolution: `out_channels` filters, then norm, activation, dropout and pooling."""

    out_channels: int
    kernel_size: int = 3
    stride: int = 1
    padding: str = "same"
    dilation: int = 1
    groups: int = 1
    conv_activation: str = "relu"
    conv_norm: str | None = None
    conv_dropout: float = 0.0
    conv_use_bias: bool = True
    pool_function: str = "max"
    pool_kernel_size: int | None = None
    pool_stride: int | None = None


def plan(conv_layers: Sequence[Convolutional2d], default: Filter2d) -> list[Filter2d]:
    """The filters that `conv_layers` describes."""
    return [replace(default, **each) for each in conv_layers]  # type: ignore[misc] # pydantic's key is none


class Convolution2d(nn.Module):
    """One `Filter2d` over `[batch, channels, height, width]`.

    Args:
        shape: Channels, height and width of what comes in.
        layer: What it does.
        number: Which layer it is, from 1, for messages.

    Raises:
        ConfigError: Nothing would be left of the picture, or the groups do not divide the channels.

    Attributes:
        shape: Of what goes out.
    """

    def __init__(self, shape: tuple[int, int, int], layer: Filter2d, number: int) -> None:
        super().__init__()
        channels, *sides = shape
        if channels % layer.groups or layer.out_channels % layer.groups:
            raise ConfigError(
                Problem(
                    "groups",
                    f"{layer.groups} groups do not divide the {channels} channels that come in and the "
                    f"{layer.out_channels} that go out of layer {number}. Take a number that does.",
                )
            )
        reach = layer.dilation * (layer.kernel_size - 1)
        edges = (reach // 2, reach - reach // 2) if layer.padding == "same" else (0, 0)
        sides = [(each + sum(edges) - reach - 1) // layer.stride + 1 for each in sides]
        size, step = layer.pool_kernel_size or 1, layer.pool_stride or layer.pool_kernel_size or 1
        if size > 1:
            sides = [(each - size) // step + 1 for each in sides]
        if min(sides) < 1:
            raise ConfigError(
                Problem(
                    "num_conv_layers",
                    f"nothing is left of a picture of {shape[1]}x{shape[2]} after layer {number}. Take fewer "
                    "layers, a smaller kernel or pool, or `padding: same`.",
                )
            )
        self.shape = (layer.out_channels, sides[0], sides[1])
        even = edges[0] == edges[1]  # then the convolution itself pads, without a copy
        self.pad = nn.Identity() if even else nn.ZeroPad2d(edges * 2)
        self.conv = nn.Conv2d(
            channels,
            layer.out_channels,
            layer.kernel_size,
            stride=layer.stride,
            padding=edges[0] if even else 0,
            dilation=layer.dilation,
            groups=layer.groups,
            bias=layer.conv_use_bias and layer.conv_norm != "batch",  # which has one of its own
        )
        if (
            channels == 1
        ):  # then only the weights can say that channels lie side by side: see `Pixels`
            self.conv.to(memory_format=torch.channels_last)  # type: ignore[call-overload] # torch's stub lacks it
        norms = {
            "batch": nn.BatchNorm2d(layer.out_channels),
            "layer": nn.GroupNorm(1, layer.out_channels),
        }
        self.norm = norms.get(layer.conv_norm or "", nn.Identity())
        self.activation = ACTIVATIONS[layer.conv_activation]()
        self.dropout = Dropout(layer.conv_dropout)
        pool = nn.MaxPool2d if layer.pool_function == "max" else nn.AvgPool2d
        self.pool = pool(size, step) if size > 1 else nn.Identity()

    def forward(self, pixels: Tensor) -> Tensor:
        """`[batch, *shape]`."""
        found = self.activation(self.norm(self.conv(self.pad(pixels))))
        pooled: Tensor = self.pool(self.dropout(found))
        return pooled
