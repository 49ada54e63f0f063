"""The loop that one writes by hand, against ours, on one network and the same rows: rows a second of both.

torch_loop.py TRAIN TARGET BATCH EPOCHS

The network, its optimizer, the clipping and how pictures are changed are ours in both; by hand it is a permutation an
epoch, a gather a batch, forward, loss, backward, clip, step. Epochs of the two alternate in one process. One line of JSON.
"""

import json
import statistics
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import torch

import crosstie
from crosstie.models.network import Network
from crosstie.pipeline.prepare import assign, prepare
from crosstie.training.augment import Augment
from crosstie.training.loop import Loop
from crosstie.training.trainer import Trainer


def main(train: str, target: str, batch: str, epochs: str) -> None:
    config = {"target": target, "model_type": "ecd", "combiner": {"type": "concat", "members": 1}}
    plan = crosstie.check(config, data=train)
    folder = Path(tempfile.mkdtemp())
    prepared = prepare(plan, assign(plan), folder=folder)
    rows, size = prepared.batches["train"], int(batch)
    network = Network(prepared.layout, plan.architecture, rows)
    trainer = Trainer(batch_size=size, epochs=1, early_stop=-1)

    def ours() -> float:
        """One epoch of our loop, evaluation left out."""
        loop = Loop(
            trainer, network, rows, None, metrics=plan.metrics, seed=0, folder=folder, callbacks=()
        )
        start = time.perf_counter()
        loop.run(resume=False, anywhere=False)
        return time.perf_counter() - start

    inputs = {name: torch.from_numpy(np.array(each)) for name, each in rows.inputs.items()}
    targets = {name: torch.from_numpy(np.array(each)) for name, each in rows.targets.items()}
    decayed, spared = network.parameter_groups()
    groups = [{"params": decayed, "weight_decay": 3e-4}, {"params": spared, "weight_decay": 0.0}]

    augment = Augment(prepared.layout, plan.architecture["inputs"])

    def by_hand() -> float:
        network.train()
        optimizer = torch.optim.AdamW(groups, lr=2e-3)
        start = time.perf_counter()
        order = torch.randperm(len(rows))
        for first in range(0, len(rows), size):
            index = order[first : first + size]
            optimizer.zero_grad(set_to_none=True)
            logits = network(augment({name: each[index] for name, each in inputs.items()}))
            loss = network.loss(logits, {name: each[index] for name, each in targets.items()})
            loss.backward()
            torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimizer.step()
        return time.perf_counter() - start

    ours(), by_hand()
    pairs = [(ours(), by_hand()) for _ in range(int(epochs))]
    found = {
        "ours_rows_s": round(len(rows) / statistics.median(a for a, _ in pairs)),
        "hand_rows_s": round(len(rows) / statistics.median(b for _, b in pairs)),
        "ratio": round(statistics.median(b / a for a, b in pairs), 3),
    }
    print(json.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
