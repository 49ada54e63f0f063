"""A process that trains beside another one: `python -m crosstie.training.worker FOLDER RANK`, started by `team`."""

import json
import signal
import sys
from pathlib import Path

import torch
from safetensors.torch import load_file

import crosstie.models  # noqa: F401 - torch, as it should be imported
from crosstie.config.options import build
from crosstie.config.registry import use_components
from crosstie.errors import CrosstieError
from crosstie.models.network import Network
from crosstie.training.loop import Loop
from crosstie.training.team import read_batch
from crosstie.training.trainer import Trainer


def main(folder: Path, rank: int) -> None:
    """Train as the process of that rank, until the first one ends.

    Args:
        folder: With `job.json`, the weights and the rows.
        rank: Which process this is.
    """
    signal.signal(
        signal.SIGINT, signal.SIG_IGN
    )  # Ctrl-C reaches the first process, which tells the others
    job = json.loads((folder / "job.json").read_text(encoding="utf-8"))
    torch.set_num_threads(job["threads"])
    for components in job["components"]:
        use_components(Path(components))
    network = Network.from_config(job["config"])
    network.load_state_dict(load_file(folder / "weights.safetensors"))
    train = read_batch(folder, job["train"])
    (folder / f"{rank}.ready").touch()
    Loop(
        build(Trainer, **job["trainer"]),
        network,
        train,
        None if job["validation"] is None else read_batch(folder, job["validation"]),
        metrics=job["metrics"],
        seed=job["seed"],
        folder=Path(job["folder"]),
        callbacks=(),
        begun=job["begun"],
        device=job["devices"][rank],
    ).run(resume=job["resume"], anywhere=job["anywhere"])


if __name__ == "__main__":
    try:
        main(Path(sys.argv[1]), int(sys.argv[2]))
    except KeyboardInterrupt:  # as the first process was
        sys.exit(0)
    except CrosstieError as error:
        print(error, file=sys.stderr)  # noqa: T201 - read by the first process
        sys.exit(2)
