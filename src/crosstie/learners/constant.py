"""The same answer for every row: what a search keeps when nothing else could be fitted, and what everything else must beat."""

import json
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from crosstie.config.words import Answer
from crosstie.data.batch import Batch, Layout, Output
from crosstie.errors import TrainingError
from crosstie.evaluation.baseline import centre
from crosstie.learners.graph import GraphWriter
from crosstie.learners.learner import Job, Learner, learners
from crosstie.training.answered import EVERYWHERE


@learners("constant", elsewhere=("dummy", "naive", "mean", "zero_r", "majority"))
class Constant(Learner):
    """The mean of a number, the shares of classes: of training rows, whatever the inputs are."""

    uses = (
        *("number", "binary", "category", "text", "sequence", "set", "bag", "vector", "date"),
        *("image", "audio", "timeseries"),
    )
    predicts = ("number", "binary", "category", "set")
    many = True
    blind = True
    answers: ClassVar[dict[str, Answer]] = EVERYWHERE

    def __init__(self) -> None:
        self.layout_: Layout | None = None
        self.values_: dict[str, NDArray[np.float64]] = {}

    def fit(self, job: Job) -> None:
        self.layout_ = job.layout
        self.values_ = {each.name: _usual(each, job.train) for each in job.layout.outputs}

    def export(self, path: Path) -> None:
        layout = self._fitted()
        graph = GraphWriter(layout)
        first = graph.constant([0], np.int64), graph.constant([1], np.int64)
        rows = graph.add("Slice", graph.add("Shape", next(iter(layout.inputs))), *first)
        for output in layout.outputs:
            values = self.values_[output.name]
            width = graph.constant([len(values)], np.int64)
            shape = graph.add("Concat", rows, width, axis=0)
            sums = graph.add("Expand", graph.constant(values[None]), shape)
            wide = output.type in ("category", "set")
            graph.output(
                output.array,
                sums if wide else graph.flat(sums),
                width=output.size if wide else None,
            )
        graph.write(path)

    def save(self, folder: Path) -> None:
        """Write the values, `constant.json`."""
        self._fitted()
        folder.mkdir(parents=True, exist_ok=True)
        told = {name: values.tolist() for name, values in self.values_.items()}
        (folder / "constant.json").write_text(json.dumps(told, indent=2))

    def describe(self) -> dict[str, Any]:
        return {"values": {name: values.tolist() for name, values in self.values_.items()}}

    def _fitted(self) -> Layout:
        if self.layout_ is None:
            raise TrainingError("constant: not fitted, so there is no model to keep")
        return self.layout_


def _usual(output: Output, batch: Batch) -> NDArray[np.float64]:
    """What is said of every row: `[1]` or `[classes]`."""
    target, weights = np.asarray(batch.targets[output.name], np.float64), batch.weights
    if output.type == "category":
        rows = np.bincount(target.astype(np.int64), weights, output.size)
        of_all: NDArray[np.float64] = rows / rows.sum()
        return of_all
    if output.type == "set":
        shares: NDArray[np.float64] = np.average(target, axis=0, weights=weights)
        return shares
    return np.array([centre(target, weights)])
