"""Where and in what precision a step is computed. One plain processor needs nothing; the rest is accelerate's.

A single process on a CPU in 32 bits must not pay for importing accelerate (1.9 s), so it has a runner of its own.
"""

from contextlib import AbstractContextManager, nullcontext
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from crosstie.errors import ConfigError, MissingExtra, Problem


class Runner(Protocol):
    """Computes losses and gradients on some device."""

    device: torch.device

    def prepare(
        self, network: nn.Module, optimizer: torch.optim.Optimizer
    ) -> torch.optim.Optimizer:
        """Move both to the device; the optimizer to step with."""

    def autocast(self) -> AbstractContextManager[Any]:
        """The precision of a forward pass."""

    def backward(self, loss: Tensor) -> None:
        """Gradients of a loss."""

    def unscale(self) -> None:
        """Make gradients true before they are clipped."""

    def state(self) -> dict[str, Any]:
        """What a resume needs, as JSON."""

    def restore(self, state: dict[str, Any]) -> None:
        """Put back what `state` gave."""


class Plain:
    """One processor, 32 bits."""

    device = torch.device("cpu")

    def prepare(
        self, network: nn.Module, optimizer: torch.optim.Optimizer
    ) -> torch.optim.Optimizer:
        """Nothing to move."""
        return optimizer

    def autocast(self) -> AbstractContextManager[Any]:
        """32 bits as they are."""
        return nullcontext()

    def backward(self, loss: Tensor) -> None:
        """Plain gradients."""
        loss.backward()  # type: ignore[no-untyped-call]

    def unscale(self) -> None:
        """Gradients are true already."""

    def state(self) -> dict[str, Any]:
        """Nothing."""
        return {}

    def restore(self, state: dict[str, Any]) -> None:
        """Nothing."""


class Accelerated:
    """A GPU, or mixed precision, through accelerate."""

    def __init__(self, device: str, precision: int | str) -> None:
        try:
            from accelerate import Accelerator  # 1.9 s
        except ImportError:
            raise MissingExtra(
                "accelerate", "devices", needed_for=f"device {device} in precision {precision}"
            ) from None
        mixed = "no" if precision == 32 else precision
        self._accelerator = Accelerator(mixed_precision=mixed, cpu=device == "cpu")
        self._optimizer: Any = None
        self.device = self._accelerator.device

    def prepare(
        self, network: nn.Module, optimizer: torch.optim.Optimizer
    ) -> torch.optim.Optimizer:
        """Move the network; wrap the optimizer so that it skips steps whose scaled gradients overflow."""
        network.to(self.device)
        self._optimizer = self._accelerator.prepare_optimizer(optimizer, device_placement=True)
        return self._optimizer  # type: ignore[no-any-return]

    def autocast(self) -> AbstractContextManager[Any]:
        """Mixed precision."""
        return self._accelerator.autocast()  # type: ignore[no-any-return]

    def backward(self, loss: Tensor) -> None:
        """Gradients, scaled where 16 bits need it."""
        self._accelerator.backward(loss)

    def unscale(self) -> None:
        """Divide the scale out."""
        self._accelerator.unscale_gradients(self._optimizer)

    def state(self) -> dict[str, Any]:
        """The scale of 16-bit gradients."""
        scaler = self._accelerator.scaler
        return {} if scaler is None else dict(scaler.state_dict())

    def restore(self, state: dict[str, Any]) -> None:
        """Put the scale back."""
        if state:
            self._accelerator.scaler.load_state_dict(state)


def runner_for(device: str, precision: int | str) -> Runner:
    """The runner for the options `device` and `precision`.

    Raises:
        ConfigError: There is no GPU, or fp16 is asked of a CPU, which has no such arithmetic.
        MissingExtra: accelerate is needed and absent.
    """
    device = device_for(device, precision)
    if device == "cpu" and precision == 32:
        return Plain()
    return Accelerated(device, precision)


def device_for(device: str, precision: int | str) -> str:
    """`cpu` or `cuda`, whichever the option `device` comes to here.

    Raises:
        ConfigError: There is no GPU, or fp16 is asked of a CPU, which has no such arithmetic.
    """
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    if device == "cuda" and not torch.cuda.is_available():
        raise ConfigError(
            Problem("trainer.device", "no GPU can be used here; write `device: cpu` or `auto`")
        )
    if device == "cpu" and precision == "fp16":
        raise ConfigError(
            Problem("trainer.precision", "fp16 needs a GPU; a CPU can do `bf16` or `32`")
        )
    return device
