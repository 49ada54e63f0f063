"""Everything that training needs to go on exactly: tensors in safetensors, the rest in JSON, no pickle.

A checkpoint is a folder `step-<n>` that appears whole or not at all. The newest two are kept: should the
newest be damaged, the one before serves.
"""

import json
import os
import platform
import shutil
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import torch
import torch.distributed as dist
from safetensors.torch import load_file, save_file
from torch import Tensor

from crosstie.data.files import sha256
from crosstie.errors import RunError

KEPT = 2


@dataclass(frozen=True)
class Checkpoint:
    """A moment of training: `tensors` by name, `values` of JSON."""

    tensors: dict[str, Tensor]
    values: dict[str, Any]

    @classmethod
    def of(cls, parts: Mapping[str, Mapping[str, Tensor]], values: dict[str, Any]) -> Self:
        """A moment whose tensors come in parts."""
        tensors = {
            f"{part}.{name}": each.cpu()
            for part, own in parts.items()
            for name, each in own.items()
        }
        return cls(tensors, values)

    def part(self, prefix: str) -> dict[str, Tensor]:
        """Tensors whose names begin with `prefix.`, without it."""
        return {
            name.removeprefix(f"{prefix}."): tensor
            for name, tensor in self.tensors.items()
            if name.startswith(f"{prefix}.")
        }


def random_state(device: torch.device) -> dict[str, Tensor]:
    """Where torch's random numbers stand."""
    state = {"cpu": torch.get_rng_state()}
    return state | ({"cuda": torch.cuda.get_rng_state()} if device.type == "cuda" else {})


def restore_random_state(state: Mapping[str, Tensor]) -> None:
    """Put back what `random_state` gave."""
    torch.set_rng_state(state["cpu"])
    if "cuda" in state:
        torch.cuda.set_rng_state(state["cuda"])


def surroundings() -> dict[str, Any]:
    """What exact resuming depends on beside the checkpoint itself."""
    return {
        "torch": torch.__version__,
        "threads": torch.get_num_threads(),
        "cpu": torch.backends.cpu.get_cpu_capability(),
        "machine": platform.machine(),
        "processes": dist.get_world_size() if dist.is_initialized() else 1,
    }


def save(folder: Path, step: int, checkpoint: Checkpoint) -> Path:
    """Write a checkpoint and remove all but the newest two.

    Args:
        folder: Of all checkpoints of the run.
        step: Names it.
        checkpoint: What to keep.
    """
    final = folder / f"step-{step:09d}"
    part = folder / f".{final.name}.part"
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    tensors = part / "tensors.safetensors"
    save_file({name: each.contiguous() for name, each in checkpoint.tensors.items()}, tensors)
    values = {**checkpoint.values, "surroundings": surroundings(), "sha256": sha256(tensors)}
    (part / "values.json").write_text(json.dumps(values), encoding="utf-8")
    for path in (tensors, part / "values.json", part):
        _sync(path)
    shutil.rmtree(final, ignore_errors=True)
    part.rename(final)
    _sync(folder)
    for old in sorted(folder.glob("step-*"))[:-KEPT]:
        shutil.rmtree(old)
    return final


def load_newest(folder: Path, *, anywhere: bool = False) -> Checkpoint | None:
    """The newest checkpoint that is whole, or None.

    Args:
        folder: Of all checkpoints of the run.
        anywhere: Go on although machine, threads or versions differ; the result then may, too.

    Raises:
        RunError: It was written with another version, thread count or processor.
    """
    for path in sorted(folder.glob("step-*"), reverse=True):
        try:
            values = json.loads((path / "values.json").read_text(encoding="utf-8"))
            damaged = sha256(path / "tensors.safetensors") != values["sha256"]
        except (OSError, ValueError, KeyError):
            damaged = True
        if damaged:
            warnings.warn(
                f"{path}: is damaged; going on from what was kept before it", stacklevel=2
            )
            continue
        now = surroundings()
        other = {key: each for key, each in values["surroundings"].items() if now.get(key) != each}
        if other and not anywhere:
            differs = ", ".join(
                f"{key} {then!r} then, {now.get(key)!r} now" for key, then in other.items()
            )
            raise RunError(
                f"{path}: was written elsewhere ({differs}), so going on would not give the model of an "
                "uninterrupted run. Resume it there, say --allow-different-host, or train anew"
            )
        return Checkpoint(load_file(path / "tensors.safetensors"), values)
    return None


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
