"""What can listen to training: at most eight hooks, each told the same `Progress`.

This module imports no torch: boosting and linear models report through it too.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crosstie.config.registry import Registry

if TYPE_CHECKING:
    from crosstie.training.learning_rate_finder import Curve

Metrics = Mapping[str, Mapping[str, Mapping[str, float]]]  # split → output → metric → value


@dataclass
class Progress:
    """Where training stands. One object, updated in place by the learner.

    Attributes:
        learner: The model type: `ecd`, `gbm`, `linear`, `random_forest` …
        unit: What `step` counts: "step", "tree", "iteration" or "fit".
        step: Done so far. `total_steps` is the plan; None when open.
        epoch: Epochs done. `total_epochs` as planned.
        rows: Rows seen since the start.
        loss: The latest training loss.
        learning_rate: The current one, None where there is none.
        metrics: The latest evaluation.
        watched: Name of what early stopping watches, as `validation/survived/roc_auc`.
        best: Its best value, and `best_step` when that was.
        stopped: Why training ended: "epochs", "early_stop", "interrupted", "time_limit", "failed"; "" while it
            runs.
        ends_here: Set by a listener that wants training to end now, with the best so far: after this tree, or this
            epoch.
        range_test: The curve that chose the learning rate, where one did.
        folder: Where this fit keeps its checkpoints: `RUN/checkpoints`, or in a part of a run
            `RUN/folds/0/checkpoints`, `RUN/candidates/gbm/checkpoints`.
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
    ends_here: bool = False
    range_test: "Curve | None" = None
    folder: Path | None = None


class Callback:
    """Does nothing at any moment; override what you need. Constructors take the run's folder, then options."""

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


def installed(package: str) -> bool:
    """Whether a package can be imported; a folder of that name, as trackers leave behind, is none."""
    found = find_spec(package)
    return found is not None and found.origin is not None


def part_of(progress: Progress, run: Path) -> str:
    """Which part of a run a fit is: nothing when it is all of it, else `folds/0` or `candidates/gbm`."""
    if progress.folder is None or not progress.folder.is_relative_to(run):
        return ""
    part = progress.folder.relative_to(run).parent.as_posix()
    return "" if part == "." else part


def flat(metrics: Metrics) -> dict[str, float]:
    """Metrics by full name: `{"validation/survived/roc_auc": 0.9}`."""
    return {
        f"{split}/{output}/{metric}": value
        for split, outputs in metrics.items()
        for output, values in outputs.items()
        for metric, value in values.items()
    }


def finite(metrics: Metrics, part: str) -> dict[str, float]:
    """As `flat`, behind the name of a part, without what is not finite."""
    before = f"{part}/" if part else ""
    return {before + name: each for name, each in flat(metrics).items() if math.isfinite(each)}
