"""Who listens to every run: the metrics log, TensorBoard, and a progress bar where somebody watches."""

from pathlib import Path

from crosstie.training.callbacks.callback import Callback
from crosstie.training.callbacks.metrics_log import MetricsLog
from crosstie.training.callbacks.progress_bar import ProgressBar
from crosstie.training.callbacks.tensorboard import TensorBoard


def company(run: Path, *, progress: bool) -> list[Callback]:
    """The callbacks of a run.

    Args:
        run: Its directory.
        progress: Whether a person watches.
    """
    always: list[Callback] = [MetricsLog(run), TensorBoard(run)]
    return [*always, ProgressBar(run)] if progress else always
