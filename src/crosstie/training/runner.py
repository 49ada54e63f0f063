"""Where and in what precision a step is computed. One plain processor needs nothing; the rest is accelerate's.

A single process on a CPU in 32 bits must not pay for importing accelerate (1.9 s), so it has a runner of its own.
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import timedelta
from typing import Any, Protocol, TypeVar

import torch
from torch import Tensor, nn

from crosstie.errors import ConfigError, MissingExtra, Problem

T = TypeVar("T")


class Runner(Protocol):
    """Computes losses and gradients on some device, alone or with other processes that have a part of each batch.

    Attributes:
        device: Where.
        processes: How many train together; 1 is alone.
        index: Which of them this one is; 0 keeps the books.
    """

    device: torch.device
    processes: int
    index: int

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

    def collect(
        self, parameters: Sequence[nn.Parameter], loss: Tensor, *, asked: bool
    ) -> tuple[bool, Tensor]:
        """Add up the gradients of all processes; whether any was asked to stop, and the sum of their losses."""

    def agree(self, value: T) -> T:
        """What the first process says."""


class Plain:
    """One processor, 32 bits."""

    device = torch.device("cpu")
    processes, index = 1, 0

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

    def collect(
        self, parameters: Sequence[nn.Parameter], loss: Tensor, *, asked: bool
    ) -> tuple[bool, Tensor]:
        """Gradients are whole already."""
        return asked, loss

    def agree(self, value: T) -> T:
        """Its own."""
        return value


class Accelerated:
    """A GPU, mixed precision, or several processes, through accelerate.

    Args:
        device: `cpu`, `cuda`, or one of several: `cuda:1`.
        precision: Bits.
    """

    def __init__(self, device: str, precision: int | str) -> None:
        try:
            from accelerate import Accelerator, InitProcessGroupKwargs  # 1.9 s
            from accelerate.state import AcceleratorState
        except ImportError:
            raise MissingExtra(
                "accelerate", "devices", needed_for=f"device {device} in precision {precision}"
            ) from None
        mixed = "no" if precision == 32 else precision
        AcceleratorState._reset_state(reset_partial_state=True)  # an earlier training's may differ  # noqa: SLF001
        with _said(device):
            self._accelerator = Accelerator(
                mixed_precision=mixed,
                cpu=device == "cpu",
                # while one evaluates the others wait
                kwargs_handlers=[InitProcessGroupKwargs(timeout=timedelta(days=1))],
            )
        self._optimizer: Any = None
        self.device = self._accelerator.device
        self.processes = self._accelerator.num_processes
        self.index = self._accelerator.process_index

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

    def collect(
        self, parameters: Sequence[nn.Parameter], loss: Tensor, *, asked: bool
    ) -> tuple[bool, Tensor]:
        """Add up the gradients of all processes, in one message; whether any was asked to stop, and their losses."""
        if self.processes == 1:
            return asked, loss
        there = [float(asked), *(float(each.grad is not None) for each in parameters)]
        parts = [torch.tensor(there, device=self.device), loss.float().reshape(1)]
        parts += [
            torch.zeros_like(each).flatten() if each.grad is None else each.grad.float().flatten()
            for each in parameters
        ]
        whole = self._accelerator.reduce(torch.cat(parts), reduction="sum")
        sizes = [len(there), 1, *(each.numel() for each in parameters)]
        flags, total, *found = whole.split(sizes)
        for parameter, gradient, flag in zip(parameters, found, flags[1:].tolist(), strict=True):
            parameter.grad = gradient.view_as(parameter).to(parameter.dtype) if flag else None
        return bool(flags[0]), total.squeeze(0)

    def agree(self, value: T) -> T:
        """What the first process says."""
        if self.processes == 1:
            return value
        from accelerate.utils import broadcast_object_list

        held = [value]
        broadcast_object_list(held)
        return held[0]


@contextmanager
def _said(device: str) -> Iterator[None]:
    """Tell accelerate which one of several devices to take; it asks the environment."""
    if ":" not in device:
        yield
        return
    os.environ["ACCELERATE_TORCH_DEVICE"] = device
    try:
        torch.cuda.set_device(device)
        yield
    finally:
        del os.environ["ACCELERATE_TORCH_DEVICE"]


def runner_for(device: str, precision: int | str, *, together: bool = False) -> Runner:
    """The runner for a device and a precision.

    Args:
        device: `auto`, `cpu`, `cuda` or `cuda:1`.
        precision: Bits.
        together: Whether other processes train the same network.

    Raises:
        ConfigError: There is no GPU, or fp16 is asked of a CPU, which has no such arithmetic.
        MissingExtra: accelerate is needed and absent.
    """
    if ":" not in device:
        device = device_for(device, precision)
    if device == "cpu" and precision == 32 and not together:
        return Plain()
    return Accelerated(device, precision)


def devices_for(device: str, precision: int | str, devices: Sequence[int] | int | str) -> list[str]:
    """The device of every process: what the options `device` and `devices` come to here.

    Returns:
        One for each process: `["cpu"]`, `["cuda:0", "cuda:2"]`.

    Raises:
        ConfigError: There are not so many, or what `device_for` says.
    """
    kind = device_for(device, precision)
    if kind == "cpu":
        if not isinstance(devices, int | str):
            raise ConfigError(
                Problem(
                    "trainer.devices",
                    f"names GPUs, got {list(devices)}, and none can be used here; write a count for as many "
                    "processes, or leave it out",
                )
            )
        return ["cpu"] * (devices if isinstance(devices, int) else 1)
    return _gpus(devices, torch.cuda.device_count())


def _gpus(devices: Sequence[int] | int | str, there: int) -> list[str]:
    """`cuda:0` and so on, of so many that are there."""
    if devices == "auto":
        devices = there
    if isinstance(devices, int):
        if devices > there:
            raise ConfigError(
                Problem("trainer.devices", f"asks for {devices} GPUs, and {there} can be used here")
            )
        return ["cuda"] if devices == 1 else [f"cuda:{place}" for place in range(devices)]
    assert not isinstance(devices, str), "there is one word"
    absent = [place for place in devices if place >= there]
    if absent or len(set(devices)) < len(devices) or not devices:
        what = (
            f"there is no GPU {absent[0]}" if absent else "each GPU is named once, and one at least"
        )
        raise ConfigError(
            Problem(
                "trainer.devices", f"{what}, got {list(devices)}; there are 0 to {there - 1} here"
            )
        )
    return [f"cuda:{place}" for place in devices]


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
