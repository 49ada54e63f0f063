"""The contract of a learner: encoded training rows in, a graph out.

Everything after training is the same for all of them: the graph predicts, the features decode.
A learner's constructor options are the `trainer:` section of the file for its `model_type`.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from crosstie.config.options import build
from crosstie.config.registry import Registry
from crosstie.data.batch import Batch, Layout
from crosstie.training.callbacks.callback import Callback


@dataclass(frozen=True)
class Start:
    """Earlier weights to begin with.

    Attributes:
        folder: Of the earlier network: `config.json` and `weights.safetensors`.
        kept: Inputs and outputs whose fitted features mean now what they meant then.
        before: By input, the words that its codes stood for, from the third code on.
        now: Likewise in these batches.
    """

    folder: Path
    kept: frozenset[str] = frozenset()
    before: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    now: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Job:
    """What the pipeline hands to a learner beside its options.

    Attributes:
        layout: What the arrays of the batches are.
        train: Training rows. `validation` may be None: then no early stopping.
        architecture: The filled `input_features`, `output_features` and `combiner` sections (their encoders,
            decoders, losses), for learners that have them.
        seed: Everything random comes from it.
        folder: Where checkpoints go; exists. Content from an earlier process is there when `resume`.
        resume: Go on from the newest checkpoint in `folder` instead of from the start.
        callbacks: Told of progress, in this order.
        allow_different_host: Resume although machine, threads or versions are others; bytes may differ then.
        start: Earlier weights to begin with.
        say: Called with each line worth showing.
        cache: Where what may be computed again is kept by content; None keeps nothing.
        metrics: Output name to the metric that early stopping watches (the first output's decides
            unless `trainer.validation_output` names another).
    """

    layout: Layout
    train: Batch
    validation: Batch | None
    architecture: Mapping[str, Any]
    seed: int
    folder: Path
    resume: bool = False
    callbacks: Sequence[Callback] = ()
    metrics: Mapping[str, str] | None = None
    cache: Path | None = None
    allow_different_host: bool = False
    start: Start | None = None
    say: Callable[[str], None] = lambda line: None


class Learner(ABC):
    """Fits encoded data; writes what it learned as an ONNX graph.

    Class attributes:
        uses: Feature types it can take as inputs.
        predicts: Feature types it can take as outputs.
        many: Whether it can have more than one output.
        blind: Whether it looks at no input, so that reading all of them says nothing.
        sections: Which parts of `architecture` it reads: of "encoder", "combiner", "decoder", "loss".
            An option outside them is an error, not a silence.
    """

    uses: ClassVar[tuple[str, ...]]
    predicts: ClassVar[tuple[str, ...]]
    many: ClassVar[bool] = False
    blind: ClassVar[bool] = False
    sections: ClassVar[tuple[str, ...]] = ()

    @classmethod
    def trainer_options(cls) -> type:
        """The class whose options are the `trainer:` section: this one, unless it hands them on."""
        return cls

    @classmethod
    def check(cls, trainer: Mapping[str, Any]) -> None:
        """Look at all options of the `trainer:` section together, before anything is learned.

        Args:
            trainer: Filled.

        Raises:
            ConfigError: Some contradict each other, or cannot be on this machine.
        """
        build(cls, **trainer)

    @classmethod
    def takes(cls, rows: int, inputs: int, classes: int) -> float:
        """Seconds that a fit takes, roughly, on a processor or two; 0 where that is not worth a thought.

        Args:
            rows: Of the training part.
            inputs: As for `hopeless`.
            classes: Of the output; 0 of a number.
        """
        return 0.0

    @classmethod
    def installed(cls) -> bool:
        """Whether what it needs beside the `train` extra is installed; a search passes over it otherwise."""
        return True

    @classmethod
    def hopeless(cls, rows: int, inputs: int, classes: int) -> str:
        """Why this learner is not worth its time on such a table, with the figure; "" where it is.

        A search leaves it out then. Named in the file it runs all the same, and the reason is said first.

        Args:
            rows: Of the training part.
            inputs: Columns of the encoded rows, where a category and a text are one each.
            classes: Of the output; 0 of a number.
        """
        return ""

    @abstractmethod
    def fit(self, job: Job) -> None:
        """Learn.

        Raises:
            TrainingError: The loss is not a number, with where and what to try.
            KeyboardInterrupt: After Ctrl-C, with the best model so far in place: `export` works.
        """

    def refit(self, job: Job) -> bool:
        """Learn again, after `fit`, from training and validation rows together; whether it did.

        For learners whose validation rows only said when to stop. `export` and `save` then write the new model;
        if it is interrupted they write the one that `fit` left.
        """
        return False

    @abstractmethod
    def export(self, path: Path) -> None:
        """Write the fitted model as one ONNX graph, without metadata, paths or stack traces.

        Its inputs are `Layout.inputs` with a free first axis, its outputs `Output.array` with what
        `OutputFeature.decode` takes.
        """

    @abstractmethod
    def save(self, folder: Path) -> None:
        """Write the model in its own format (weights, the booster's text) for resume, warm starts, export."""

    def describe(self) -> dict[str, Any]:
        """A few facts worth showing: parameters, trees, epochs, whatever was decided automatically."""
        return {}


learners: Registry[Learner] = Registry("model_type", home="crosstie.learners")


def able(inputs: Collection[str], outputs: Sequence[str]) -> list[str]:
    """Names of the learners that look at inputs, read all of these types and predict all of those, several where there are several."""
    return [
        name
        for _, name, cls in learners.items()
        if set(inputs) <= set(cls.uses)
        and set(outputs) <= set(cls.predicts)
        and (cls.many or len(outputs) == 1)
        and not cls.blind
    ]
