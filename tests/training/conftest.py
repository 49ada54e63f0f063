"""Trainings of a small network."""

from dataclasses import dataclass
from pathlib import Path

import pytest
import torch
from small_network import LAYOUT, architecture, batch

from crosstie.models.network import Network
from crosstie.training.loop import Loop
from crosstie.training.trainer import Trainer


@dataclass
class Fit:
    """A training, before or after it ran."""

    loop: Loop

    def run(self, *, resume=False, anywhere=False):
        self.loop.run(resume=resume, anywhere=anywhere)
        return self

    @property
    def weights(self):
        return {name: each.clone() for name, each in self.loop.network.state_dict().items()}

    @property
    def progress(self):
        return self.loop.progress


@pytest.fixture(autouse=True)
def one_thread():
    """Tests share two processors: more threads would only make them wait for each other."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def fit(tmp_path):
    """Makes a training of a small network: options of the trainer, and what is learned from."""

    def make(
        *,
        rows=200,
        train=None,
        validation=None,
        judged=True,
        seed=3,
        metric="roc_auc",
        folder: Path | None = None,
        callbacks=(),
        network=None,
        **options,
    ):
        train = train or batch(rows)
        validation = validation or batch(100, seed=1)
        if network is None:
            torch.manual_seed(seed)
            network = Network(LAYOUT, architecture(), train)
        loop = Loop(
            Trainer(**options),
            network,
            train,
            validation if judged else None,
            metrics={"y": metric},
            seed=seed,
            folder=folder or tmp_path / "checkpoints",
            callbacks=callbacks,
        )
        return Fit(loop)

    return make
