"""TensorBoard by default: where any run can be watched while it goes, and all runs compared after.

One folder a run, `RUN/tensorboard`, so that `tensorboard --logdir` shows every run once, on one run and on all.
The parts of a run (folds, what `auto` tried) are told apart by the names of their curves.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crosstie.errors import MissingExtra
from crosstie.training.callbacks.callback import (
    Callback,
    Metrics,
    Progress,
    callbacks,
    finite,
    part_of,
)

if TYPE_CHECKING:
    from crosstie.training.events import Events
    from crosstie.training.learning_rate_finder import Curve


@callbacks("tensorboard")
class TensorBoard(Callback):
    """Writes metrics by split, the learning rate, a network's graph, and options with the final metrics (HParams).

    Curves are called `validation/<output>/<metric>`, as what early stopping watches, behind the part of the run
    where it has parts: `folds/0/validation/survived/roc_auc`. Final metrics are under `final/`. What chose the
    learning rate, if a range test did, is `range_test/learning_rate` and `range_test/loss`, try by try.
    """

    def __init__(self, run: Path) -> None:
        self.run = run
        self._opened: Events | None = None

    def on_train_start(self, progress: Progress) -> None:
        part = part_of(progress, self.run)
        if progress.range_test is not None and not progress.step:
            self._range_test(progress.range_test, f"{part}/range_test" if part else "range_test")
        if progress.step and not part:
            self._events.restart(progress.step + 1)  # or the steps after a checkpoint showed twice
        self._events.flush()

    def on_evaluate(self, progress: Progress) -> None:
        part = part_of(progress, self.run)
        values = finite(progress.metrics, part)
        if progress.learning_rate is not None:
            values[f"{part}/learning_rate" if part else "learning_rate"] = progress.learning_rate
        self._events.scalars(values, progress.step)
        self._events.flush()

    def _range_test(self, curve: "Curve", name: str) -> None:
        for step, (rate, loss) in enumerate(zip(curve.rates, curve.losses, strict=True), start=1):
            self._events.scalars({f"{name}/learning_rate": rate, f"{name}/loss": loss}, step)

    def on_run_end(self, options: Mapping[str, Any], metrics: Metrics) -> None:
        graph = self.run / "model" / "graph" / "0.onnx"
        if graph.is_file() and _is_network(self.run):
            self._events.graph(graph)
        final = finite(metrics, "final")
        self._events.hparams(options, list(final))
        self._events.scalars(final, 0)
        self._events.close()
        self._opened = None

    @property
    def _events(self) -> "Events":
        if self._opened is None:
            try:
                from crosstie.training.events import Events  # tensorboard, 280 ms
            except ImportError:
                raise MissingExtra(
                    "tensorboard", "train", needed_for="a run's TensorBoard log"
                ) from None
            self._opened = Events(self.run / "tensorboard")
        return self._opened


def _is_network(run: Path) -> bool:
    """Whether a network was learned, whose graph is worth a look; trees are one operation."""
    return any(
        (run / part / "network" / "weights.safetensors").is_file() for part in ("", "folds/0")
    )
