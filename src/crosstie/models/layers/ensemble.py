"""Layers with an axis of members: `[batch, members, width]` (TabM, arXiv:2410.24210; BatchEnsemble, arXiv:2002.06715)."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional


class Scaling(nn.Module):
    """A factor for each member and input: what makes members that share weights differ."""

    undecayed = True

    def __init__(self, members: int, width: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(members, width))

    def start(self, widths: Sequence[int], *, normal: bool) -> None:
        """Draw one factor for each member and each chunk of so many inputs: N(0, 1), or -1 and 1."""
        chunks = torch.empty(len(self.weight), len(widths))
        if normal:
            chunks.normal_()
        else:
            chunks.bernoulli_(0.5).mul_(2).sub_(1)
        with torch.no_grad():
            self.weight.copy_(chunks.repeat_interleave(torch.tensor(widths), dim=1))

    def forward(self, values: Tensor) -> Tensor:
        """`[batch, width]` or `[batch, members, width]` to `[batch, members, width]`."""
        return (values.unsqueeze(1) if values.dim() == 2 else values) * self.weight


def scaled_linear(values: Tensor, scaling: Scaling, linear: nn.Linear) -> Tensor:
    """`linear(scaling(values))` of `[batch, width]`, with the factors on the weights instead of the values.

    For the many rows of a training batch that is less to multiply and to keep; for few rows it is more.
    """
    members = len(scaling.weight)
    weight = (scaling.weight.unsqueeze(1) * linear.weight).flatten(0, 1)
    bias = None if linear.bias is None else linear.bias.repeat(members)
    return functional.linear(values, weight, bias).view(len(values), members, -1)


class SharedLinear(nn.Module):
    """One weight for all members, with a scaling before and after it and a bias for each: BatchEnsemble.

    y_i = ((x_i * r_i) W) * s_i + b_i. Biases start equal in all members, r and s at 1.
    """

    def __init__(self, members: int, width: int, size: int, *, bias: bool = True) -> None:
        super().__init__()
        self.r = Scaling(members, width)
        self.s = Scaling(members, size)
        self.linear = nn.Linear(width, size, bias=False)
        self.bias = nn.Parameter(torch.zeros(members, size)) if bias else None
        if self.bias is not None:
            limit = 1 / math.sqrt(width)
            with torch.no_grad():
                self.bias.copy_(torch.empty(size).uniform_(-limit, limit).expand(members, size))

    def forward(self, values: Tensor) -> Tensor:
        """`[batch, width]` or `[batch, members, width]` to `[batch, members, size]`."""
        values = self.linear(self.r(values))
        if self.bias is None:
            return values * self.s.weight
        return torch.addcmul(self.bias, values, self.s.weight)


class MemberLinear(nn.Module):
    """A weight and a bias for each member: as many separate layers in one batched product."""

    def __init__(self, members: int, width: int, size: int, *, bias: bool = True) -> None:
        super().__init__()
        limit = 1 / math.sqrt(width)
        self.weight = nn.Parameter(torch.empty(members, width, size).uniform_(-limit, limit))
        self.bias = (
            nn.Parameter(torch.empty(members, 1, size).uniform_(-limit, limit)) if bias else None
        )

    def forward(self, values: Tensor) -> Tensor:
        """`[batch, width]` or `[batch, members, width]` to `[batch, members, size]`."""
        members = len(self.weight)
        if values.dim() == 2:
            values = values.unsqueeze(0).expand(members, -1, -1)
        else:
            values = values.transpose(0, 1)
        if self.weight.shape[2] == 1:  # a dot product is not worth a batched matrix product
            found = (values * self.weight.transpose(1, 2)).sum(-1, keepdim=True)
            return (found if self.bias is None else found + self.bias).transpose(0, 1)
        if self.bias is None:
            return torch.bmm(values, self.weight).transpose(0, 1)
        return torch.baddbmm(self.bias, values, self.weight).transpose(0, 1)


def head(width: int, size: int, members: int) -> nn.Module:
    """The last layer: each member its own, or one plain layer when there are no members (1)."""
    return MemberLinear(members, width, size) if members > 1 else nn.Linear(width, size)
