"""Reporting to Weights & Biases."""

from collections.abc import Mapping
from pathlib import Path
from secrets import token_hex
from typing import Any, Literal

from crosstie.data.files import write_text
from crosstie.errors import MissingExtra
from crosstie.training.callbacks.callback import (
    Callback,
    Metrics,
    Progress,
    callbacks,
    finite,
    installed,
    part_of,
)


@callbacks("wandb")
class WeightsAndBiases(Callback):
    """Writes metrics as training goes, then the options and final metrics, to one run there; a resume goes on with it.

    Args:
        project: The project's name; null is the run's folder name of models.
        mode: `offline` keeps everything in the run's folder until `wandb sync`.
    """

    def __init__(
        self,
        run: Path,
        *,
        project: str | None = None,
        mode: Literal["online", "offline"] = "online",
    ) -> None:
        if not installed("wandb"):
            raise MissingExtra("wandb", "wandb", needed_for="the wandb callback")
        self.run = run
        self.project = project or run.resolve().parent.name
        self.mode = mode
        self._open: Any = None

    def on_train_start(self, progress: Progress) -> None:
        if self._open is not None:
            return  # the next part of the same run
        import wandb  # 1 s

        kept = self.run / "wandb.txt"
        if not kept.is_file():
            write_text(kept, f"{token_hex(4)}\n")
        self._open = wandb.init(
            id=kept.read_text(encoding="utf-8").strip(),
            resume="allow",
            project=self.project,
            name=self.run.name,
            dir=str(self.run),
            mode=self.mode,
        )

    def on_train_end(self, progress: Progress) -> None:
        if progress.stopped == "failed":
            self._open.finish(exit_code=1)

    def on_evaluate(self, progress: Progress) -> None:
        part = part_of(progress, self.run)
        step = f"{part}/{progress.unit}" if part else progress.unit
        self._open.log({**finite(progress.metrics, part), step: progress.step})

    def on_run_end(self, options: Mapping[str, Any], metrics: Metrics) -> None:
        self._open.config.update(dict(options))
        self._open.summary.update(finite(metrics, "final"))
        self._open.finish()
        self._open = None
