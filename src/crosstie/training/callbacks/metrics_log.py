"""`metrics.jsonl`: one line for each evaluation, as training goes."""

import json
import math
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from crosstie.data.files import write_text
from crosstie.training.callbacks.callback import Callback, Progress, callbacks, part_of


@callbacks("metrics_log")
class MetricsLog(Callback):
    """Writes a line of JSON after each evaluation: where training stands and the metrics of each split.

    A fit that begins again, or goes on from a checkpoint, first takes back the lines it will write once more.
    """

    def __init__(self, run: Path) -> None:
        self.run = run
        self.path = run / "metrics.jsonl"

    def on_train_start(self, progress: Progress) -> None:
        if not self.path.is_file():
            return
        part = part_of(progress, self.run)
        lines = self.path.read_text(encoding="utf-8").splitlines()
        kept = [line for line in lines if not _again(line, part, progress.step)]
        if len(kept) < len(lines):
            write_text(self.path, "".join(f"{line}\n" for line in kept))

    def on_evaluate(self, progress: Progress) -> None:
        line = {
            "time": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
            "part": part_of(progress, self.run),
            "learner": progress.learner,
            "unit": progress.unit,
            "step": progress.step,
            "epoch": progress.epoch,
            "rows": progress.rows,
            "loss": progress.loss,
            "learning_rate": progress.learning_rate,
            "watched": progress.watched,
            "best": progress.best,
            "best_step": progress.best_step,
            "metrics": progress.metrics,
        }
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(_plain(line)) + "\n")


def _again(line: str, part: str, step: int) -> bool:
    """Whether a line is of a step that the fit will come to again, or was cut short by a kill."""
    try:
        found = json.loads(line)
    except ValueError:
        return True
    return bool(found["part"] == part and found["step"] > step)


def _plain(value: Any) -> Any:
    """With null for what is not a number: JSON has no NaN."""
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    return None if isinstance(value, float) and not math.isfinite(value) else value
