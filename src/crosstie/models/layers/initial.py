"""What weights start from, where the file says so."""

from collections.abc import Callable, Mapping
from typing import Any, Literal

import torch
from torch import Tensor, nn

from crosstie.config.options import build, options
from crosstie.models.layers.ensemble import MemberLinear, SharedLinear

Initializer = Literal[
    "uniform",
    "normal",
    "zeros",
    "ones",
    "xavier_uniform",
    "xavier_normal",
    "kaiming_uniform",
    "kaiming_normal",
    "orthogonal",
]

INITIALIZERS: dict[str, Callable[[Tensor], Tensor]] = {
    "uniform": nn.init.uniform_,
    "normal": nn.init.normal_,
    "zeros": nn.init.zeros_,
    "ones": nn.init.ones_,
    "xavier_uniform": nn.init.xavier_uniform_,
    "xavier_normal": nn.init.xavier_normal_,
    "kaiming_uniform": nn.init.kaiming_uniform_,
    "kaiming_normal": nn.init.kaiming_normal_,
    "orthogonal": nn.init.orthogonal_,
}


class Initial:
    """What every encoder, combiner and decoder has beside its own options.

    Args:
        weights_initializer: What the weights of its linear, convolutional and recurrent layers start from, by
            torch's names; null is what each layer does of itself.
        bias_initializer: The same of their biases.
    """

    def __init__(
        self,
        *,
        weights_initializer: Initializer | None = None,
        bias_initializer: Literal["zeros", "ones", "uniform", "normal"] | None = None,
    ) -> None:
        self.weights = None if weights_initializer is None else INITIALIZERS[weights_initializer]
        self.bias = None if bias_initializer is None else INITIALIZERS[bias_initializer]

    def apply(self, part: nn.Module) -> None:
        """Start the layers of a part anew."""
        published = getattr(part, "published", None)
        known = set(published.modules()) if isinstance(published, nn.Module) else set()
        for module in part.modules():
            if module in known:  # its weights were published
                continue
            if isinstance(module, MemberLinear):
                self._start(("bias", module.bias))
                for member in module.weight.detach():
                    self._start(("weight", member.T))
            elif isinstance(module, SharedLinear):
                self._start(("bias", module.bias))
            elif isinstance(module, nn.Linear | nn.Conv1d | nn.RNNBase):
                self._start(*module.named_parameters(recurse=False))
            elif isinstance(module, nn.MultiheadAttention):
                self._start(("weight", module.in_proj_weight), ("bias", module.in_proj_bias))

    @torch.no_grad()
    def _start(self, *parameters: tuple[str, Tensor | None]) -> None:
        for name, values in parameters:
            start = self.bias if name.startswith("bias") else self.weights
            if start is not None and values is not None:
                start(values)


def build_part(cls: type[Any], *wiring: Any, section: Mapping[str, Any]) -> Any:
    """A part of the network from its filled section without `type`, its layers started as that says."""
    own = options(cls)
    beside = {name: section[name] for name in options(Initial) if name in section}
    part = build(
        cls, *wiring, **{k: each for k, each in section.items() if k in own or k not in beside}
    )
    build(Initial, **{name: each for name, each in beside.items() if name not in own}).apply(part)
    return part
