"""A running average of the weights: often better than the last ones, at the cost of a copy."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn


class Average:
    """The average of a network's weights over the steps.

    Args:
        network: Whose weights.
        decay: Of an exponential average; None averages all steps alike (SWA, Izmailov et al. 2018, arXiv:1803.05407).

    Attributes:
        count: Steps averaged so far.
        weights: The average; before the first step, the weights at the start.
    """

    def __init__(self, network: nn.Module, decay: float | None) -> None:
        self.network = network
        self.decay = decay
        self.count = 0
        self.weights = {name: each.detach().clone() for name, each in network.state_dict().items()}

    @torch.no_grad()
    def update(self) -> None:
        """Take the present weights in."""
        self.count += 1
        # an exponential average is warmed up, or the first weights would weigh for long
        share = (
            1 / self.count
            if self.decay is None
            else 1 - min(self.decay, self.count / (self.count + 9))
        )
        learned = dict(self.network.named_parameters())
        torch._foreach_lerp_(
            [self.weights[name] for name in learned], list(learned.values()), share
        )
        for name, value in self.network.named_buffers():
            if (
                name in self.weights
            ):  # bins may be infinite, and an average of infinities is no number
                self.weights[name].copy_(value)

    def state(self) -> dict[str, Tensor]:
        """For a checkpoint."""
        return {**self.weights, "count.": torch.tensor(self.count)}

    def restore(self, state: dict[str, Tensor]) -> None:
        """Put back what `state` gave."""
        self.count = int(state["count."])
        self.weights = {name: each.clone() for name, each in state.items() if name != "count."}

    @contextmanager
    def applied(self) -> Iterator[None]:
        """The network with averaged weights, for the length of a block; its own while there is no average yet."""
        if not self.count:
            yield
            return
        own = {name: each.detach().clone() for name, each in self.network.state_dict().items()}
        self.network.load_state_dict(self.weights)
        try:
            yield
        finally:
            self.network.load_state_dict(own)
