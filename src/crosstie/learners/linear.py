"""Linear models: ridge regression, logistic and multinomial regression, on every kind of input.

The yardstick beside every other model, and on text and small tables often the one to keep.
"""

import json
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from annotated_types import Ge, Gt
from numpy.typing import NDArray

from crosstie.config.words import Answer, Elsewhere
from crosstie.data.batch import Batch, Output
from crosstie.errors import TrainingError
from crosstie.evaluation.metric import metrics
from crosstie.learners.blas import threads_for
from crosstie.learners.graph import GraphWriter
from crosstie.learners.learner import Job, Learner, learners
from crosstie.learners.linear_inputs import LinearInputs
from crosstie.learners.newton import Design, Floats, Link, Model, left_out_errors, predict, solve
from crosstie.learners.weights import row_weights
from crosstie.training.answered import LINEAR
from crosstie.training.callbacks.callback import Progress

LINKS: dict[str, Link] = {
    "number": "identity",
    "binary": "sigmoid",
    "category": "softmax",
    "set": "sigmoid",
}
USUAL_L2 = 1.0
SMALLEST_L2, LARGEST_L2 = 1e-4, 1e4
ROWS = 500_000  # more do not move a linear model, and cost memory
CELLS = 1 << 25  # rows times classes: a sum for each is held about six times, 1.6 GB


@learners(
    "linear",
    elsewhere=("logistic", "logistic_regression", "linear_regression", "ridge", "lr", "glm"),
)
class Linear(Learner):
    """A linear model with an L2 penalty, the exact optimum.

    Numbers are standardised, missing ones are the mean and an indicator, categories are one-hot, dates are their
    moment and the sines and cosines of their parts, text is a bag of tokens and of pairs of them weighed by rarity.

    Args:
        l2: Half the penalty on the squared weights, beside the losses summed over rows (scikit-learn's 1 / C). `auto`
            is the one with the least error on rows left out, for a number, and else the one that predicts
            validation rows best, looked for by tens from 1; 1 where there are none.
        max_iterations: Newton steps at most, for each l2.
        tolerance: Slope of the mean row's loss that counts as none.
        class_weights: `balanced` gives every class the same total weight; a list gives one weight a class, in the
            order of the classes (negative, positive), a section each by the class's name. None leaves rows alone.
        ngram_size: With 2, pairs of neighbouring tokens of a text or a sequence count half beside the tokens: those that
            at least three training rows have, and one in 3,000, the 20,000 most frequent, of a text with up to a
            million different tokens. Then 'not good' is not 'good not'.
    """

    uses = ("number", "binary", "category", "text", "sequence", "set", "bag", "vector", "date")
    predicts = ("number", "binary", "category", "set")
    many = True
    answers: ClassVar[dict[str, Answer]] = {
        **LINEAR,
        "C": Answer("is 1 / l2 here: write `l2: …`"),
        "penalty": Answer("is always l2; how strong, says `l2: …`", ("l2",)),
        "learning_rate": Answer("Newton steps need none; leave it out"),
    }

    def __init__(
        self,
        *,
        l2: Annotated[
            float | Literal["auto"],
            Ge(0),
            Elsewhere("alpha", "reg_lambda", "lambda", "l2_regularization"),
        ] = "auto",
        max_iterations: Annotated[int, Ge(1), Elsewhere("max_iter", "n_iter", "epochs")] = 100,
        tolerance: Annotated[float, Gt(0), Elsewhere("tol", "eps")] = 1e-5,
        class_weights: Annotated[
            Literal["balanced"]
            | list[Annotated[float, Gt(0)]]
            | dict[str, Annotated[float, Gt(0)]]
            | None,
            Elsewhere("class_weight"),
        ] = None,
        ngram_size: Annotated[
            Literal[1, 2], Elsewhere("ngram_range", "ngrams", "word_ngrams", "max_ngram")
        ] = 2,
    ) -> None:
        self.l2 = l2
        self.max_iterations = max_iterations
        self.tolerance = tolerance
        self.class_weights = class_weights
        self.ngram_size = ngram_size
        self.inputs_: LinearInputs | None = None
        self.weights_: dict[str, Floats] = {}
        self.about_: dict[str, Any] = {}

    def fit(self, job: Job) -> None:
        most = min(ROWS, CELLS // max(each.size for each in job.layout.outputs))
        train = _at_most(job.train, job.seed, most)
        validation = job.validation and _at_most(job.validation, job.seed, most)
        job = replace(job, train=train, validation=validation)
        inputs = LinearInputs.fit(job.layout, train, ngram_size=self.ngram_size)
        design = inputs.design(train)
        held = None if validation is None else inputs.design(validation)
        progress = Progress(learner="linear", unit="iteration", folder=job.folder)
        for callback in job.callbacks:
            callback.on_train_start(progress)
        models = {
            each.name: _model(each, train, design, self.class_weights)
            for each in job.layout.outputs
        }
        self.inputs_ = inputs
        self.weights_ = {name: model.start() for name, model in models.items()}
        self.about_ = {"columns": design.width, "rows": len(train), "iterations": 0}
        progress.stopped = "epochs"
        try:
            with threads_for(len(train), design.width):
                for output in job.layout.outputs:
                    search = _Search(job, output, held, progress)
                    self._search(models[output.name], search)
        except KeyboardInterrupt:
            progress.stopped = "interrupted"
            raise
        finally:
            self.about_["iterations"] = progress.step
            for callback in job.callbacks:
                callback.on_train_end(progress)

    def _search(self, model: Model, search: "_Search") -> None:
        """Fit with one penalty or look for the best; keep the best weights so far at any moment."""
        name = search.output.name

        def gains(l2: float) -> bool:
            weights = solve(
                model,
                l2,
                self.weights_[name],
                iterations=self.max_iterations,
                tolerance=self.tolerance,
                step_done=search.step_done,
            )
            better = search.better(weights)
            if better:
                self.weights_[name] = weights
                self.about_.setdefault("l2", {})[name] = float(f"{l2:.3g}")
            return better

        if self.l2 != "auto":
            gains(self.l2)
            return
        if model.link == "identity" and model.design.sparse is None:
            penalties = np.geomspace(SMALLEST_L2, LARGEST_L2, 17)
            gains(float(penalties[left_out_errors(model, penalties).argmin()]))
            return
        best = USUAL_L2
        gains(best)
        if search.held is None:
            return
        for factor in (0.1, 10.0):
            if best != USUAL_L2:
                break
            while SMALLEST_L2 <= best * factor <= LARGEST_L2 and gains(best * factor):
                best *= factor
        if not gains(best * 10**-0.5):
            gains(best * 10**0.5)

    def export(self, path: Path) -> None:
        inputs = self._fitted()
        graph = GraphWriter(inputs.layout)
        for output in inputs.layout.outputs:
            graph.predict(output, inputs.add(graph, self.weights_[output.name]))
        graph.write(path)

    def save(self, folder: Path) -> None:
        """Write `linear.safetensors`, the weights by output, and `columns.json`, what they weigh."""
        from safetensors.numpy import save_file

        inputs = self._fitted()
        folder.mkdir(parents=True, exist_ok=True)
        save_file({**self.weights_, **inputs.arrays()}, folder / "linear.safetensors")
        (folder / "columns.json").write_text(json.dumps({"columns": inputs.names}, indent=2))

    def describe(self) -> dict[str, Any]:
        return self.about_

    def _fitted(self) -> LinearInputs:
        if self.inputs_ is None:
            raise TrainingError(
                "linear: stopped before its first step, so there is no model to keep"
            )
        return self.inputs_


def _at_most(batch: Batch, seed: int, rows: int) -> Batch:
    """So many rows of a larger batch, drawn at random, in their order."""
    if len(batch) <= rows:
        return batch
    return batch.take(np.sort(np.random.default_rng(seed).choice(len(batch), rows, replace=False)))


@dataclass
class _Search:
    """Which penalty predicts validation rows best."""

    job: Job
    output: Output
    held: Design | None
    progress: Progress
    best: float = field(default=np.inf)

    def step_done(self, _: Floats, loss: float) -> None:
        """Tell of a Newton step."""
        if not np.isfinite(loss):
            raise TrainingError(
                f"{self.output.name}: the loss is not a number. Raise trainer.l2, or normalise the number inputs."
            )
        self.progress.step += 1
        self.progress.rows += len(self.job.train)
        self.progress.loss = loss
        for callback in self.job.callbacks:
            callback.on_step_end(self.progress)

    def better(self, weights: Floats) -> bool:
        """Whether these weights are the best so far."""
        validation = self.job.validation
        if self.held is None or validation is None:
            return True
        predicted = predict(self.held.times(weights), LINKS[self.output.type])
        if self.output.type in ("number", "binary"):
            predicted = predicted[:, 0]
        target = validation.targets[self.output.name]
        name = (self.job.metrics or {}).get(self.output.name, "loss")
        measures = {each: metrics.get(each, of=self.output.type)() for each in ("loss", name)}
        shown = {
            each: measure(target, predicted, validation.weights)
            for each, measure in measures.items()
            if measure.any_unit
        }
        loss = shown["loss"]
        found = {self.output.name: shown}
        self.progress.metrics = {
            "validation": {**self.progress.metrics.get("validation", {}), **found}
        }
        self.progress.watched = f"validation/{self.output.name}/loss"
        gained = loss < self.best
        if gained:
            self.best = self.progress.best = loss
            self.progress.best_step = self.progress.step
        for callback in self.job.callbacks:
            callback.on_evaluate(self.progress)
        return gained


def _model(output: Output, batch: Batch, design: Design, class_weights: Any) -> Model:
    if output.type == "category" and output.size < 2:
        raise TrainingError(
            f"{output.name}: training rows have one class only, so there is nothing to learn"
        )
    target: NDArray[Any] = np.asarray(batch.targets[output.name])
    if output.type == "category":
        target = np.eye(output.size)[target]
    elif output.type != "set":
        target = target[:, None]
    rows = row_weights(batch, output, class_weights)
    rows = np.ones(len(batch)) if rows is None else np.asarray(rows, np.float64)
    return Model(design, target.astype(np.float64), rows, LINKS[output.type])
