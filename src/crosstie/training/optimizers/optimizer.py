"""The contract of an optimizer option: what torch's optimizer of that name takes, and nothing else."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from inspect import unwrap
from typing import Any, ClassVar, TypeVar

import torch
from torch import nn

from crosstie.config.registry import Registry
from crosstie.config.words import Answer

Groups = list[dict[str, Any]]
Made = TypeVar("Made", bound=torch.optim.Optimizer)
_WRAPPED = ("add_param_group", "load_state_dict", "state_dict", "step", "zero_grad")


class Optimizer(ABC):
    """Builds one of torch's optimizers. The constructor's options are those of the file.

    Attributes:
        weight_decay: Of the parameters that decay; biases, norms and scalings never do.
    """

    answers: ClassVar[dict[str, Answer]] = {
        name: Answer("belongs into 'trainer', as `learning_rate: …`")
        for name in ("lr", "learning_rate", "base_learning_rate")
    }
    weight_decay: float

    @abstractmethod
    def build(self, groups: Groups, learning_rate: float) -> torch.optim.Optimizer:
        """Torch's optimizer over these parameter groups."""

    def groups(self, decayed: Iterable[nn.Parameter], spared: Iterable[nn.Parameter]) -> Groups:
        """Parameter groups: with weight decay, and without."""
        found: Groups = [
            {"params": list(decayed), "weight_decay": self.weight_decay},
            {"params": list(spared), "weight_decay": 0.0},
        ]
        return [group for group in found if group["params"]]


optimizers: Registry[Optimizer] = Registry("optimizer", home="crosstie.training.optimizers")


def light(optimizer: type[Made]) -> type[Made]:
    """One of torch's optimizers, computing the same, without what only `torch.compile` needs of it.

    Torch wraps these methods so that its compiler passes them over, and the wrappers import the compiler when they are
    first called, whether anything is compiled or not: 1.8 of the 4.7 s that a short training took.
    """
    own: dict[str, Any] = {name: unwrap(getattr(optimizer, name)) for name in _WRAPPED}
    own["step"] = torch.no_grad()(own["step"])
    return type(optimizer.__name__, (optimizer,), own)


def state_of(optimizer: torch.optim.Optimizer) -> tuple[dict[str, torch.Tensor], dict[str, Any]]:
    """An optimizer's state as tensors by name, and plain values."""
    state = optimizer.state_dict()["state"]
    tensors: dict[str, torch.Tensor] = {}
    plain: dict[str, Any] = {}
    for index, values in state.items():
        for name, value in values.items():
            if isinstance(value, torch.Tensor):
                tensors[f"{index}.{name}"] = value
            else:
                plain[f"{index}.{name}"] = value
    return tensors, plain


def restore(
    optimizer: torch.optim.Optimizer,
    tensors: Mapping[str, torch.Tensor],
    plain: Mapping[str, Any],
) -> None:
    """Put back what `state_of` gave."""
    state: dict[int, dict[str, Any]] = {}
    for key, value in {**tensors, **plain}.items():
        index, _, name = key.partition(".")
        state.setdefault(int(index), {})[name] = value
    groups = optimizer.state_dict()["param_groups"]
    optimizer.load_state_dict({"state": state, "param_groups": groups})
