"""Reporting to MLflow, where a team keeps its experiments."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

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

LONGEST = 6000  # characters of a parameter that MLflow takes


@callbacks("mlflow")
class MLflow(Callback):
    """Writes metrics as training goes, then the options and final metrics, to one MLflow run; a resume goes on with it.

    Args:
        experiment: The experiment's name; null is the run's folder name of models.
        tracking_uri: Where to; null is what MLFLOW_TRACKING_URI says.
    """

    def __init__(
        self, run: Path, *, experiment: str | None = None, tracking_uri: str | None = None
    ) -> None:
        if not installed("mlflow"):
            raise MissingExtra("mlflow-skinny", "mlflow", needed_for="the mlflow callback")
        self.run = run
        self.experiment = experiment or run.resolve().parent.name
        self.tracking_uri = tracking_uri
        self._client: Any = None
        self._id: str | None = None

    def on_train_start(self, progress: Progress) -> None:
        if self._id is not None:
            return  # the next part of the same run
        from mlflow import MlflowClient  # 1 s

        self._client = MlflowClient(tracking_uri=self.tracking_uri)
        kept = self.run / "mlflow.txt"
        if kept.is_file():
            self._id = kept.read_text(encoding="utf-8").strip()
            self._client.update_run(self._id, status="RUNNING")
            return
        known = self._client.get_experiment_by_name(self.experiment)
        experiment = (
            known.experiment_id if known else self._client.create_experiment(self.experiment)
        )
        made = self._client.create_run(experiment, run_name=self.run.name)
        self._id = made.info.run_id
        write_text(kept, f"{self._id}\n")

    def on_evaluate(self, progress: Progress) -> None:
        self._metrics(progress.metrics, progress.step, part_of(progress, self.run))

    def on_train_end(self, progress: Progress) -> None:
        if progress.stopped == "failed":
            self._client.set_terminated(self._id, status="FAILED")

    def on_run_end(self, options: Mapping[str, Any], metrics: Metrics) -> None:
        for name, value in options.items():
            self._client.log_param(self._id, _name(name), str(value)[:LONGEST])
        self._metrics(metrics, 0, "final")
        self._client.set_terminated(self._id)
        self._id = None

    def _metrics(self, metrics: Metrics, step: int, part: str) -> None:
        for name, value in finite(metrics, part).items():
            self._client.log_metric(self._id, _name(name), value, step=step)


def _name(name: str) -> str:
    """With what MLflow allows in names."""
    return "".join(each if each.isalnum() or each in "_-./ " else "_" for each in name)
