"""Several processes that train one network: the same command, no launcher.

The process that was started is the first of them: it shows progress, evaluates, writes checkpoints. It starts the
others, hands them the data in files that all map, and waits until each has built the network before they meet, so
that whatever goes wrong there is told and nobody waits for one who will not come.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import save_file

from crosstie.config.registry import own_folders
from crosstie.data.batch import Array, Batch
from crosstie.data.processors import processors
from crosstie.errors import TrainingError
from crosstie.models.network import Network

PATIENCE = 0.05  # seconds between looks at processes that are starting
GRACE = 10.0  # seconds that they have for ending by themselves
TOLD = 2000  # characters of what a process said before it ended


@contextmanager
def team(
    devices: Sequence[str],
    network: Network,
    train: Batch,
    validation: Batch | None,
    *,
    trainer: Mapping[str, Any],
    work: Mapping[str, Any],
) -> Iterator[None]:
    """Processes beside this one for the length of a block, in which this one trains as the first of them.

    Args:
        devices: Of each process, this one's first.
        network: As all begin.
        train: What all learn from.
        validation: What they are judged by.
        trainer: Filled options.
        work: What else a `Loop` takes, as JSON.

    Raises:
        TrainingError: Another process could not start, or ended before this one did.
    """
    threads, before = max(processors() // len(devices), 1), torch.get_num_threads()
    with tempfile.TemporaryDirectory(prefix="crosstie-") as name:
        folder = Path(name)
        save_file(
            {key: each.contiguous().clone() for key, each in network.state_dict().items()},
            folder / "weights.safetensors",
        )
        job = {
            "trainer": dict(trainer),
            "config": network.to_config(),
            "train": _written(train, folder, "train"),
            "validation": None
            if validation is None
            else _written(validation, folder, "validation"),
            "components": [str(each) for each in own_folders()],
            "devices": list(devices),
            "threads": threads,
            **work,
        }
        (folder / "job.json").write_text(json.dumps(job), encoding="utf-8")
        # accelerate takes one thread where nothing says how many
        meeting = _meeting(len(devices)) | {"OMP_NUM_THREADS": str(threads)}
        others = [_start(folder, rank, meeting) for rank in range(1, len(devices))]
        torch.set_num_threads(threads)
        try:
            _await(folder, others)
            with surroundings({**meeting, "RANK": "0", "LOCAL_RANK": "0"}):
                yield
        except RuntimeError as error:  # of torch, when another process is gone
            until = time.monotonic() + GRACE
            while time.monotonic() < until and all(each.poll() is None for each in others):
                time.sleep(PATIENCE)
            if any(each.poll() not in (None, 0) for each in others):
                raise _lost(folder, others) from error
            raise
        finally:
            _end(others)
            torch.set_num_threads(before)


@contextmanager
def surroundings(values: Mapping[str, str]) -> Iterator[None]:
    """Environment variables for the length of a block, by which processes find each other; then they part."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        if torch.distributed.is_initialized():
            torch.distributed.destroy_process_group()
        from accelerate.state import AcceleratorState  # 1.9 s, imported by then

        AcceleratorState._reset_state(reset_partial_state=True)  # noqa: SLF001 - the next training is its own
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def read_batch(folder: Path, described: Mapping[str, Any]) -> Batch:
    """The rows that another process wrote: in memory where they are there, else mapped."""

    def array(place: Mapping[str, Any]) -> Array:
        mode: Any = "r" if place["mapped"] else None
        found: Array = np.load(folder / place["path"], mmap_mode=mode)
        return found[: described["rows"]]

    weights = described["weights"]
    return Batch(
        {name: array(place) for name, place in described["inputs"].items()},
        {name: array(place) for name, place in described["targets"].items()},
        None if weights is None else array(weights),
    )


def _written(batch: Batch, folder: Path, part: str) -> dict[str, Any]:
    """Where the arrays of a batch lie in files; those in memory are written first."""

    def place(name: str, array: Array) -> dict[str, Any]:
        mapped = isinstance(array, np.memmap)
        file = _file(array)
        if file is None:
            file = f"{part}.{name}.npy"
            np.save(folder / file, array)
        return {"path": file, "mapped": mapped}  # networks see mapped rows in another order

    inputs, targets = enumerate(batch.inputs.items()), enumerate(batch.targets.items())
    return {
        "rows": len(batch),
        "inputs": {name: place(f"inputs.{i}", each) for i, (name, each) in inputs},
        "targets": {name: place(f"targets.{i}", each) for i, (name, each) in targets},
        "weights": None if batch.weights is None else place("weights", batch.weights),
    }


def _file(array: Array) -> str | None:
    """The file whose first rows an array is, if it is mapped and they are."""
    if not isinstance(array, np.memmap):
        return None
    whole = array
    while isinstance(whole.base, np.memmap):
        whole = whole.base
    same = whole.ctypes.data == array.ctypes.data and whole.strides == array.strides
    return str(whole.filename) if same and whole.filename else None


def _meeting(processes: int) -> dict[str, str]:
    """Where the processes find each other, on this machine alone."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    return {
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(port),
        "WORLD_SIZE": str(processes),
        "LOCAL_WORLD_SIZE": str(processes),
    }


def _start(folder: Path, rank: int, meeting: Mapping[str, str]) -> "subprocess.Popen[bytes]":
    here = str(Path(__file__).parents[2])
    path = os.pathsep.join(filter(None, (here, os.environ.get("PYTHONPATH"))))
    own = {"RANK": str(rank), "LOCAL_RANK": str(rank), "PYTHONPATH": path}
    with (folder / f"{rank}.log").open("wb") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "crosstie.training.worker", str(folder), str(rank)],
            env={**os.environ, **meeting, **own},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )


def _await(folder: Path, others: Sequence["subprocess.Popen[bytes]"]) -> None:
    """Wait until every process has built the network."""
    waiting = set(range(1, len(others) + 1))
    while waiting:
        waiting = {rank for rank in waiting if not (folder / f"{rank}.ready").exists()}
        if any(each.poll() is not None for each in others):
            raise _lost(folder, others)
        time.sleep(PATIENCE)


def _lost(folder: Path, others: Sequence["subprocess.Popen[bytes]"]) -> TrainingError:
    rank, gone = next(
        (rank, each) for rank, each in enumerate(others, start=1) if each.poll() is not None
    )
    said = (folder / f"{rank}.log").read_text(encoding="utf-8", errors="replace").strip()
    last = f": {said[-TOLD:].splitlines()[-1]}" if said else ""
    return TrainingError(
        f"process {rank + 1} of {len(others) + 1} ended with {gone.returncode}{last}. Train on fewer devices "
        "(trainer.devices), or mend what it says"
    )


def _end(others: Sequence["subprocess.Popen[bytes]"]) -> None:
    """Let processes end by themselves for a while, then end them."""
    until = time.monotonic() + GRACE
    for each in others:
        try:
            each.wait(max(until - time.monotonic(), 0) if sys.exc_info()[0] is None else 0)
        except subprocess.TimeoutExpired:
            each.send_signal(signal.SIGKILL)
            each.wait()
