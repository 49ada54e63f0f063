"""When boosting stops: its loss on validation rows, tree after tree, and what is told of it."""

from collections.abc import Mapping

from crosstie.data.batch import Batch, Output
from crosstie.evaluation.metric import Metric, metrics
from crosstie.learners.booster import Booster
from crosstie.learners.learner import Job
from crosstie.training.callbacks.callback import Progress


class Stopping:
    """Whether the loss on validation rows falls and falls.

    Trees stop by the loss whatever metric is asked for: a ranking is nearly as good after three trees as after a
    hundred, while probabilities are not (Titanic, stopped by ROC AUC: no row above one half).

    Args:
        job: What is fitted.
        output: The one that is predicted.
        learner: What learns.

    Attributes:
        progress: Where it stands; the best loss so far with it.
    """

    def __init__(self, job: Job, output: Output, *, learner: str) -> None:
        self.output = output
        self.loss: Metric = metrics.get("loss", of=output.type)()
        name = (job.metrics or {}).get(output.name, "loss")
        metric = metrics.get(name, of=output.type)()
        self.shown: dict[str, Metric] = {"loss": self.loss}
        if metric.any_unit:
            self.shown[name] = metric
        self.progress = Progress(learner=learner, unit="tree", folder=job.folder)
        if job.validation is not None:
            self.progress.watched = f"validation/{output.name}/loss"

    @property
    def waited(self) -> int:
        """Trees since the best."""
        return self.progress.step - (self.progress.best_step or self.progress.step)

    def look(self, booster: Booster, validation: Batch) -> None:
        """Take the validation rows' loss into account."""
        target = validation.targets[self.output.name]
        self.take(self.loss(target, booster.fitted(1), validation.weights))

    def take(self, value: float) -> None:
        """Take the loss of the validation rows after a tree into account."""
        if self.progress.best is None or value < self.progress.best:
            self.progress.best, self.progress.best_step = value, self.progress.step

    def report(self, booster: Booster, job: Job) -> None:
        """Tell how training and validation rows are predicted."""
        parts = {"train": (0, job.train), "validation": (1, job.validation)}
        found: dict[str, dict[str, dict[str, float]]] = {}
        for name, (which, batch) in parts.items():
            if batch is None:
                continue
            target, predicted = batch.targets[self.output.name], booster.fitted(which)
            shown = self.shown if name == "validation" else {"loss": self.loss}
            found[name] = {
                self.output.name: {
                    key: metric(target, predicted, batch.weights) for key, metric in shown.items()
                }
            }
        self.tell(job, found)

    def tell(self, job: Job, found: Mapping[str, Mapping[str, Mapping[str, float]]]) -> None:
        """Tell figures by part, output and metric."""
        self.progress.metrics = found
        self.progress.loss = found["train"][self.output.name]["loss"]
        for callback in job.callbacks:
            callback.on_evaluate(self.progress)
