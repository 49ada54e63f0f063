"""The contract of an adapter: a few new weights beside published ones, which then need not be trained themselves."""

from abc import ABC, abstractmethod

from torch import nn

from crosstie.config.registry import Registry


class Adapter(ABC):
    """Adds weights to a published network, and in the end merges them into its own."""

    @abstractmethod
    def add(self, network: nn.Module) -> nn.Module:
        """The network with new weights, which alone are trained."""

    @abstractmethod
    def merge(self, network: nn.Module) -> nn.Module:
        """The network as it was, its weights changed by what the new ones learned."""


adapters: Registry[Adapter] = Registry("adapter", home="crosstie.models.adapters")
