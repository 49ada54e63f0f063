"""Convolutions over rows of vectors whose result does not depend on how far a row is padded."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Literal

import torch
from annotated_types import Ge, Lt
from torch import Tensor, nn
from torch.nn import functional
from typing_extensions import TypedDict

from crosstie.models.layers.dropout import Dropout
from crosstie.models.layers.stack import ACTIVATIONS, Activation, Norm

Pooling = Literal["max", "average"]

TINY = 1e-6  # under a window that is all padding


class Convolutional(TypedDict, total=False):
    """One entry of `conv_layers`; what it leaves out is as for all."""

    __pydantic_config__ = {"extra": "forbid"}  # type: ignore[misc] # noqa: RUF012 - pydantic's own place for it

    num_filters: Annotated[int, Ge(1)]
    filter_size: Annotated[int, Ge(1)]
    dilation_rate: Annotated[int, Ge(1)]
    activation: Activation
    norm: Norm | None
    dropout: Annotated[float, Ge(0), Lt(1)]
    pool_function: Pooling
    pool_size: Annotated[int, Ge(1)] | None


@dataclass(frozen=True)
class Filter:
    """One convolution: `num_filters` of them, then norm, activation, dropout and pooling."""

    num_filters: int
    filter_size: int = 3
    dilation_rate: int = 1
    activation: str = "relu"
    norm: str | None = None
    dropout: float = 0.0
    pool_function: str = "max"
    pool_size: int | None = None

    @property
    def pools(self) -> bool:
        """Whether the row becomes shorter."""
        return self.pool_size is not None and self.pool_size > 1


def plan(
    conv_layers: Sequence[Convolutional] | None, *, num_conv_layers: int, default: Filter
) -> list[Filter]:
    """The filters that `conv_layers` describes, or `num_conv_layers` of the default."""
    if conv_layers is None:
        return [default] * num_conv_layers
    return [replace(default, **each) for each in conv_layers]  # type: ignore[misc] # pydantic's key is none


class Convolution(nn.Module):
    """One `Filter` over `[batch, length, width]`; the length stays, but for pooling.

    Attributes:
        width: Of the output.
    """

    def __init__(self, width: int, layer: Filter) -> None:
        super().__init__()
        self.width = layer.num_filters
        reach = layer.dilation_rate * (layer.filter_size - 1)
        self.edges = (reach // 2, reach - reach // 2)
        self.conv = nn.Conv1d(
            width, layer.num_filters, layer.filter_size, dilation=layer.dilation_rate
        )
        self.norm: nn.Module | None = None
        if layer.norm == "batch":
            self.norm = PresentNorm(layer.num_filters)
        elif layer.norm == "layer":
            self.norm = nn.LayerNorm(layer.num_filters)
        self.activation = ACTIVATIONS[layer.activation]()
        self.dropout = Dropout(layer.dropout)
        self.pool_function, self.pool_size = layer.pool_function, layer.pool_size

    def forward(self, vectors: Tensor, present: Tensor) -> tuple[Tensor, Tensor]:
        """Vectors (zero where padded) and bool `[batch, length]` to the same, shorter if pooled."""
        padded = functional.pad(vectors.transpose(1, 2), self.edges)
        found = self.conv(padded).transpose(1, 2)
        if isinstance(self.norm, PresentNorm):
            found = self.norm(found, present)
        elif self.norm is not None:
            found = self.norm(found)
        found = self.dropout(self.activation(found))
        if self.pool_size is not None and self.pool_size > 1:
            return self.pool(found, present)
        return found * present.unsqueeze(-1), present

    def pool(self, vectors: Tensor, present: Tensor) -> tuple[Tensor, Tensor]:
        """Windows of `pool_size` side by side; what is padding in them does not count."""
        size = self.pool_size
        assert size is not None
        there = present.unsqueeze(1)
        share = functional.avg_pool1d(there.to(vectors.dtype), size, ceil_mode=True)
        left = share > 0
        values = vectors.transpose(1, 2)
        if self.pool_function == "max":
            hidden = values.masked_fill(~there, torch.finfo(values.dtype).min)
            pooled = functional.max_pool1d(hidden, size, ceil_mode=True)
        else:  # both divided by the window's size, which cancels
            pooled = functional.avg_pool1d(values * there, size, ceil_mode=True)
            pooled = pooled / share.clamp(min=TINY)
        return pooled.masked_fill(~left, 0.0).transpose(1, 2), left.squeeze(1)


class PresentNorm(nn.BatchNorm1d):
    """Batch normalisation with the statistics of what is there, not of padding."""

    def forward(self, values: Tensor, present: Tensor) -> Tensor:  # type: ignore[override]
        """`[batch, length, width]` and bool `[batch, length]`; padding becomes whatever."""
        if not self.training:
            return super().forward(values.flatten(0, 1)).view_as(values)
        found = torch.zeros_like(values)
        found[present] = super().forward(values[present])
        return found
