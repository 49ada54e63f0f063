"""What learners have in common that scikit-learn fits in one go: rows in, a model, its figures on validation rows.

scikit-learn is imported when one is fitted. What it fitted is kept as arrays and written as a graph of our own,
so nothing of it is pickled, and nothing of it is needed to predict.
"""

import json
from abc import abstractmethod
from importlib.util import find_spec
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from crosstie.config.registry import name_of
from crosstie.config.words import Answer
from crosstie.data.batch import Batch, Layout, Output
from crosstie.errors import MissingExtra, TrainingError
from crosstie.evaluation.metric import metrics
from crosstie.learners.graph import GraphWriter
from crosstie.learners.learner import Job, Learner
from crosstie.learners.weights import ClassWeights, row_weights
from crosstie.training.answered import EVERYWHERE
from crosstie.training.callbacks.callback import Progress

Floats = NDArray[np.float64]


class Classic(Learner):
    """A learner of one output that looks at validation rows only when it is done.

    Class attributes:
        unit: What `Progress.step` counts.
    """

    uses = ("number", "binary", "category", "text", "sequence", "set", "bag", "vector", "date")
    predicts = ("number", "binary", "category")
    answers: ClassVar[dict[str, Answer]] = {
        **EVERYWHERE,
        **dict.fromkeys(
            ("loss", "objective"), Answer("follows from the output's type; leave it out")
        ),
    }
    unit: ClassVar[str] = "fit"

    class_weights: ClassWeights
    layout_: Layout | None = None
    about_: dict[str, Any]

    @property
    def steps(self) -> int:
        """How many there will be."""
        return 1

    def fit(self, job: Job) -> None:
        output = job.layout.outputs[0]
        if output.type == "category" and output.size < 2:
            raise TrainingError(
                f"{output.name}: training rows have one class only, so there is nothing to learn"
            )
        _check_installed(name_of(type(self)))
        doubt = self.hopeless(len(job.train), columns(job.layout), classes(output))
        if doubt:
            job.say(doubt)
        weights = row_weights(job.train, output, self.class_weights)
        if weights is not None:
            weights = np.asarray(weights, np.float64)
        progress = Progress(learner=name_of(type(self)), unit=self.unit, folder=job.folder)
        progress.total_steps = self.steps
        for callback in job.callbacks:
            callback.on_train_start(progress)
        progress.stopped = "epochs"
        try:
            self._learn(job, output, weights, progress)
            self._report(job, output, progress)
        except KeyboardInterrupt:
            progress.stopped = "interrupted"
            raise
        finally:
            if self.layout_ is not None:  # else there is no model to go on with
                for callback in job.callbacks:
                    callback.on_train_end(progress)

    @abstractmethod
    def _learn(self, job: Job, output: Output, weights: Floats | None, progress: Progress) -> None:
        """Fit, and set `layout_` as soon as there is a model that can be exported."""

    @abstractmethod
    def _predict(self, batch: Batch) -> Floats:
        """What the graph says of a batch, by scikit-learn or numpy: `[rows]`, of a category `[rows, classes]`."""

    @abstractmethod
    def _add(self, graph: GraphWriter, output: Output) -> str:
        """The same in a graph: `[rows, 1]`, of a category `[rows, classes]`."""

    @abstractmethod
    def _arrays(self) -> dict[str, NDArray[Any]]:
        """What was learned, by name."""

    @abstractmethod
    def _names(self) -> list[str]:
        """The input that each column comes from."""

    def warn_of_rows(self, job: Job, rows: int) -> None:
        """Say that the graph will hold training rows, which graphs of other learners do not."""
        job.say(
            f"{name_of(type(self))}: the model holds {rows:,} training rows, as numbers; who has it can read them"
        )

    def step_done(self, job: Job, progress: Progress, steps: int) -> None:
        """Tell that so many more steps are done."""
        progress.step += steps
        progress.rows += steps * len(job.train)
        for callback in job.callbacks:
            callback.on_step_end(progress)

    def _report(self, job: Job, output: Output, progress: Progress) -> None:
        """Tell how validation rows are predicted."""
        if job.validation is None:
            return
        predicted, target = self._predict(job.validation), job.validation.targets[output.name]
        name = (job.metrics or {}).get(output.name, "loss")
        measures = {each: metrics.get(each, of=output.type)() for each in ("loss", name)}
        shown = {
            each: measure(target, predicted, job.validation.weights)
            for each, measure in measures.items()
            if measure.any_unit
        }
        progress.metrics = {"validation": {output.name: shown}}
        progress.watched = f"validation/{output.name}/loss"
        progress.best, progress.best_step = shown["loss"], progress.step
        for callback in job.callbacks:
            callback.on_evaluate(progress)

    def export(self, path: Path) -> None:
        layout = self._fitted()
        output, graph = layout.outputs[0], GraphWriter(layout)
        value = self._add(graph, output)
        if output.type == "category":
            graph.output(output.array, value, width=output.size)
        else:
            graph.output(output.array, graph.flat(value), width=None)
        graph.write(path)

    def save(self, folder: Path) -> None:
        """Write `model.safetensors`, all arrays that were learned, and `columns.json`, the inputs behind columns."""
        from safetensors.numpy import save_file

        self._fitted()
        folder.mkdir(parents=True, exist_ok=True)
        arrays = {name: np.ascontiguousarray(each) for name, each in self._arrays().items()}
        save_file(arrays, folder / "model.safetensors")
        (folder / "columns.json").write_text(json.dumps({"columns": self._names()}, indent=2))

    def describe(self) -> dict[str, Any]:
        return self.about_

    def _fitted(self) -> Layout:
        if self.layout_ is None:
            raise TrainingError(
                f"{name_of(type(self))}: stopped before its end, so there is no model to keep"
            )
        return self.layout_


def classes(output: Output) -> int:
    """Classes of an output; 0 of a number."""
    return {"number": 0, "binary": 2}.get(output.type, output.size)


def columns(layout: Layout) -> int:
    """Columns that a row is, where a category and a text are one each."""
    wide = sum(each.width for each in layout.vectors) + sum(each.width for each in layout.dates)
    return len(layout.numbers) + len(layout.categories) + len(layout.tokens) + wide


def sample(batch: Batch, output: Output, rows: int, seed: int) -> NDArray[np.int64]:
    """Which rows of a larger batch to learn from, each class by its share and by two rows at least; in their order."""
    if len(batch) <= rows:
        return np.arange(len(batch))
    rng = np.random.default_rng(seed)
    drawn = rng.permutation(len(batch))
    if output.type == "number":
        return np.sort(drawn[:rows])
    codes = np.asarray(batch.targets[output.name])[drawn].astype(np.int64)
    order = np.argsort(codes, kind="stable")
    sizes = np.bincount(codes)
    within = np.arange(len(codes)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    share = np.repeat(sizes, sizes)
    # the i-th row of a class comes at (i + 1/2) / size: the first so many hold every class by its share
    place = np.where(within < 2, within - 2.0, (within + 0.5) / share)
    return np.sort(drawn[order[np.argsort(place, kind="stable")[:rows]]])


def _check_installed(name: str) -> None:
    """scikit-learn is there, or what to install is told before anything is done."""
    if find_spec("sklearn") is None:
        raise MissingExtra("scikit-learn", "train", needed_for=f"model_type {name}")
