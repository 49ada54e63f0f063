"""What can listen to training: at most eight hooks, each told the same `Progress`.

This module imports no torch: boosting and linear models report through it too.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from crosstie.config.registry import Registry

Metrics = Mapping[str, Mapping[str, Mapping[str, float]]]  # split → output → metric → value


@dataclass
class Progress:
    """Where training stands. One object, updated in place by the learner.

    Attributes:
        learner: The model type: `ecd`, `gbm`, `linear`.
        unit: What `step` counts: "step", "tree" or "iteration".
        step: Done so far. `total_steps` is the plan; None when open.
        epoch: Epochs begun, from 0. `total_epochs` as planned.
        rows: Rows seen since the start.
        loss: The latest training loss.
        learning_rate: The current one, None where there is none.
        metrics: The latest evaluation.
        watched: Name of what early stopping watches, as `validation/survived/roc_auc`.
        best: Its best value, and `best_step` when that was.
        stopped: Why training ended: "epochs", "early_stop", "interrupted", "time_limit"; "" while it runs.
        folder: The run's folder, where a callback may write (`tensorboard/`).
    """

    learner: str
    unit: str = "step"
    step: int = 0
    total_steps: int | None = None
    epoch: int = 0
    total_epochs: int | None = None
    rows: int = 0
    loss: float | None = None
    learning_rate: float | None = None
    metrics: Metrics = field(default_factory=dict)
    watched: str = ""
    best: float | None = None
    best_step: int | None = None
    stopped: str = ""
    folder: Path | None = None


class Callback:
    """Does nothing at any moment; override what you need. Constructor options are the file's."""

    def on_train_start(self, progress: Progress) -> None:
        """Before the first step, after a resume too."""

    def on_epoch_start(self, progress: Progress) -> None:
        """Before an epoch's first batch."""

    def on_step_end(self, progress: Progress) -> None:
        """After a step (gbm: a tree). Keep it cheap."""

    def on_evaluate(self, progress: Progress) -> None:
        """After the validation rows were scored; `progress.metrics` is fresh."""

    def on_checkpoint(self, progress: Progress, folder: Path) -> None:
        """After a checkpoint was written to `folder`."""

    def on_epoch_end(self, progress: Progress) -> None:
        """After an epoch's last batch."""

    def on_train_end(self, progress: Progress) -> None:
        """After the last step, also when interrupted; `progress.stopped` says why."""

    def on_run_end(self, options: Mapping[str, Any], metrics: Metrics) -> None:
        """After the run's final metrics are known: flat options and metrics by split."""


callbacks: Registry[Callback] = Registry("callback", home="crosstie.training.callbacks")
