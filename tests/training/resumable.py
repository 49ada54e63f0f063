"""A training as a process of its own, for tests that kill it: `python resumable.py FOLDER resume|start`.

Prints a line after every step and, at the end, the hash of the weights.
"""

import hashlib
import sys
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).parent))
from small_network import LAYOUT, architecture, batch

from crosstie.models.network import Network
from crosstie.training.callbacks.callback import Callback, Progress
from crosstie.training.loop import Loop
from crosstie.training.trainer import Trainer


class Steps(Callback):
    def on_step_end(self, progress: Progress) -> None:
        sys.stdout.write(f"{progress.step}\n")
        sys.stdout.flush()


def main(folder: Path, *, resume: bool) -> None:
    torch.set_num_threads(1)
    torch.manual_seed(3)
    train = batch(240)
    network = Network(LAYOUT, architecture(), train)
    trainer = Trainer(
        epochs=12,
        batch_size=20,
        early_stop=-1,
        gradient_accumulation_steps=2,
        averaging="ema",
        averaging_decay=0.9,
        learning_rate_scheduler={"type": "plateau", "patience": 1, "rate": 0.7},
        steps_per_checkpoint=4,
        checkpoint_seconds=1e6,
    )
    loop = Loop(
        trainer,
        network,
        train,
        batch(100, seed=1),
        metrics={"y": "roc_auc"},
        seed=3,
        folder=folder,
        callbacks=[Steps()],
    )
    loop.run(resume=resume, anywhere=False)
    weights = b"".join(each.numpy().tobytes() for each in network.state_dict().values())
    sys.stdout.write(f"{hashlib.sha256(weights).hexdigest()}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), resume=sys.argv[2] == "resume")
