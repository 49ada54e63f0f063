"""A fitted model before it is a run: its graphs, and what they say of every part of the data.

Whatever learned it, what it says comes from the graph that will serve, through the one runtime.
"""

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from crosstie.artifact.artifact import Member, OutputSettings, natural
from crosstie.artifact.fitted import save_fitted
from crosstie.artifact.runtime import Graph
from crosstie.config.options import build
from crosstie.data.batch import Batch, Output
from crosstie.data.files import write_json
from crosstie.data.splits.fixed import Fixed
from crosstie.data.store import BatchStore
from crosstie.evaluation.score import score
from crosstie.features.output_feature import OutputFeature
from crosstie.features.preprocessor import Preprocessor
from crosstie.learners.learner import Job, learners
from crosstie.pipeline.evening import reweighed
from crosstie.pipeline.journal import Journal
from crosstie.pipeline.plan import Plan
from crosstie.pipeline.prepare import ROWS_AT_ONCE, TRAIN_ROWS, Beside, Prepared
from crosstie.pipeline.sampling import repeats
from crosstie.training.callbacks.callback import Callback, Progress

Values = dict[str, NDArray[Any]]  # by output name
TRAIN_CELLS = 1 << 22
TEXT_CELLS = 64  # a token takes as long as so many numbers

UNSEEN = "unseen.onnx"  # after a refit: the model that validation rows are judged by, for it never saw them


@dataclass(frozen=True)
class Part:
    """One part of the data: what is true and what a model says, by output name, in natural units.

    Attributes:
        truth: As metrics take it.
        raw: Likewise.
        weights: `[rows]`, or None for all equal.
        groups: The `Key` of each row, `[rows]`, where the file tells groups apart.
    """

    truth: Values
    raw: Values
    weights: NDArray[Any] | None = None
    groups: NDArray[Any] | None = None

    def limits(self, settings: Mapping[str, OutputSettings]) -> dict[str, Any]:
        """By output, from which probability on a row is predicted positive; an array `[rows]` where that is its group's."""
        keys = [] if self.groups is None else self.groups.tolist()
        return {
            name: each.threshold if each.groups is None else each.groups.of(keys)
            for name, each in settings.items()
        }

    def take(self, rows: slice) -> "Part":
        """Some of the rows."""
        return Part(
            {name: values[rows] for name, values in self.truth.items()},
            {name: values[rows] for name, values in self.raw.items()},
            None if self.weights is None else self.weights[rows],
            None if self.groups is None else self.groups[rows],
        )

    def score(
        self, outputs: Sequence[OutputFeature], thresholds: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Metrics by output."""
        return {
            feature.name: score(
                feature.type,
                self.truth[feature.name],
                self.raw[feature.name],
                weights=self.weights,
                threshold=thresholds.get(feature.name, 0.5),
                labels=feature.labels,
                scale=feature.usual_change,
            )
            for feature in outputs
            if feature.name in self.raw
        }


@dataclass
class Candidate:
    """A fitted model.

    Attributes:
        model_type: `linear`, `gbm`, `ecd`; `ensemble` where several are averaged.
        members: Fitted features and graph of each; more than one after folds, or where several models are averaged.
        parts: "train" (at most 20,000 rows), "validation", "test", those that have rows.
        seconds: Time spent on fitting and exporting.
        about: What the learner says of itself.
        interrupted: Whether Ctrl-C ended its training early.
        folds: How many folds' rows it was fitted on: fewer than there are where it was interrupted.
        weights: Of the members in their average; None for equal ones.
        name: Which of several of one learner; "" is called like the learner.
        cuts: Of each fold, the step after which a listener ended its training; None where it ended by itself.
    """

    model_type: str
    members: list[tuple[Preprocessor, Path]]
    parts: dict[str, Part]
    seconds: float
    about: dict[str, Any] = field(default_factory=dict)
    interrupted: bool = False
    folds: int = 1
    weights: tuple[float, ...] | None = None
    name: str = ""
    cuts: tuple[int | None, ...] = (None,)

    @property
    def label(self) -> str:
        """What it is called beside others."""
        return self.name or self.model_type


@dataclass(frozen=True)
class Session:
    """What all fits of one run share.

    Attributes:
        callbacks: Told of progress.
        journal: Tells a person and the log.
        resume: Go on from what an earlier process left.
        allow_different_host: Even if that was another machine, thread count or version.
        began: When the call or the command began, on the monotonic clock; a time limit counts from there.
    """

    callbacks: Sequence[Callback] = ()
    journal: Journal = field(default_factory=Journal)
    resume: bool = False
    allow_different_host: bool = False
    began: float = field(default_factory=time.monotonic)


class Choose(Protocol):
    """Fits one candidate or several on prepared data, of each fold where there are folds."""

    def __call__(
        self, plan: Plan, data: Sequence[Prepared], folder: Path, session: Session
    ) -> list[Candidate]:
        """Candidates, the best first."""


def fit(
    plan: Plan,
    prepared: Prepared,
    folder: Path,
    session: Session,
    *,
    model_type: str,
    trainer: Mapping[str, Any],
) -> Candidate:
    """Fit one learner on prepared data and ask its graph about every part.

    Args:
        plan: For the architecture, the seed and the watched metrics.
        prepared: The encoded data.
        folder: Gets `checkpoints/`, `network/` and `graph.onnx`.
        session: What all fits of the run share.
        model_type: The learner's name.
        trainer: Its filled options.
    """
    done = folder / "candidate.json"
    graph = folder / "graph.onnx"
    if not (session.resume and _complete(done)):
        _learn(plan, prepared, folder, session, model_type, trainer)
    facts = json.loads(done.read_text(encoding="utf-8"))
    member = Member(prepared.preprocessor, Graph(graph))
    members = dict.fromkeys(prepared.batches, member)
    if (folder / UNSEEN).is_file():
        members["validation"] = Member(prepared.preprocessor, Graph(folder / UNSEEN))
    return Candidate(
        model_type,
        [(prepared.preprocessor, graph)],
        {
            name: ask(
                members[name],
                first(name, batch, prepared.layout.outputs),
                prepared.beside.get(name, Beside()),
                prepared.groups.get(name),
            )
            for name, batch in prepared.batches.items()
        },
        seconds=facts["seconds"],
        about=facts["about"],
        interrupted=facts["interrupted"],
        cuts=(facts["cut"],),
    )


def _complete(done: Path) -> bool:
    """Whether an earlier process finished this fit; one that was interrupted goes on instead."""
    return done.is_file() and not json.loads(done.read_text(encoding="utf-8"))["interrupted"]


class _Ended(Callback):
    """Knows whether training came to an end, of itself or by Ctrl-C, so that there is a model; and who ended it."""

    ended = False
    cut: int | None = None

    def on_train_end(self, progress: Progress) -> None:
        self.ended = True
        self.cut = progress.step if progress.ends_here else None


def _learn(
    plan: Plan,
    prepared: Prepared,
    folder: Path,
    session: Session,
    model_type: str,
    trainer: Mapping[str, Any],
) -> None:
    """Fit, and leave `graph.onnx`, `network/` and `candidate.json` in `folder`."""
    started = time.perf_counter()
    learner = build(learners.get(model_type), **trainer)
    checkpoints = folder / "checkpoints"
    checkpoints.mkdir(parents=True, exist_ok=True)
    train, validation = prepared.batches["train"], prepared.batches.get("validation")
    groups = dict(prepared.groups)
    if plan.oversample is not None:
        rows = repeats(train.targets[plan.outputs[0].name], plan.oversample, plan.seed)
        train = _taken(prepared, train, rows, model_type)
        groups |= {"train": groups["train"][rows]} if groups else {}
    if plan.fairness is not None and plan.fairness.reweighing:
        output = plan.outputs[0].name
        train = reweighed(train, output, groups["train"])
        if validation is not None:  # what says when to stop is to be weighted as what is learned
            validation = reweighed(validation, output, groups["validation"])
    ended = _Ended()
    job = Job(
        layout=prepared.layout,
        train=train,
        validation=validation,
        architecture=plan.architecture,
        seed=plan.seed,
        folder=checkpoints,
        resume=session.resume,
        callbacks=[*session.callbacks, ended],
        metrics=plan.metrics,
        cache=plan.cache,
        allow_different_host=session.allow_different_host,
        start=prepared.start,
        say=session.journal.say,
    )
    interrupted = False
    try:
        learner.fit(job)
    except KeyboardInterrupt:
        if not ended.ended:
            raise  # too early: there is no model to keep
        interrupted = True
    graph = folder / "graph.onnx"
    learner.export(graph)
    if not interrupted and job.validation is not None and may_refit(plan):
        try:
            if learner.refit(job):
                graph.replace(folder / UNSEEN)
                learner.export(graph)
        except KeyboardInterrupt:
            interrupted = True
    learner.save(folder / "network")
    if (folder / "network" / "weights.safetensors").is_file():
        save_fitted(folder / "network", prepared.preprocessor)
    facts = {
        "model_type": model_type,
        "seconds": round(time.perf_counter() - started, 3),
        "about": learner.describe(),
        "interrupted": interrupted,
        "cut": ended.cut,
    }
    write_json(folder / "candidate.json", facts)
    if not any(checkpoints.iterdir()):  # nothing to resume from: fitted again from the start
        checkpoints.rmdir()


def _taken(prepared: Prepared, batch: Batch, rows: NDArray[np.int64], name: str) -> Batch:
    """These rows of a batch, in files where that is in files."""
    if prepared.folder is None:
        return batch.take(rows)
    store = BatchStore(
        prepared.layout,
        rows=len(rows),
        weighted=batch.weights is not None,
        folder=prepared.folder / f"repeated-{name}",
    )
    for start in range(0, len(rows), ROWS_AT_ONCE):
        store.append(batch.take(rows[start : start + ROWS_AT_ONCE]))
    return store.finish()


def may_refit(plan: Plan) -> bool:
    """Whether validation rows may be learned from in the end: not in folds, nor rows that the user set aside."""
    own = "validation" in plan.sources or isinstance(plan.split, Fixed)
    return plan.folds is None and not own


def first(name: str, batch: Batch, outputs: Sequence[Output]) -> Batch:
    """Of the training part the first rows, of the others all."""
    rows = max(min(TRAIN_ROWS, TRAIN_CELLS // max(map(_cells, outputs))), 1)
    return batch.take(slice(rows)) if name == "train" and len(batch) > rows else batch


def _cells(output: Output) -> int:
    """What a row costs: numbers that come out, or of a text the time that each of its tokens takes."""
    width = TEXT_CELLS if output.type == "text" else output.size
    return width * (output.length or 1)


def ask(member: Member, batch: Batch, beside: Beside, groups: NDArray[Any] | None = None) -> Part:
    """What a model says of a batch, beside the truth; `groups` are of its rows, and of more behind them."""
    true = truth(member.preprocessor.outputs, batch) | {
        name: np.array(texts[: len(batch)], dtype=object) for name, texts in beside.texts.items()
    }
    own = None if groups is None else groups[: len(batch)]
    return Part(true, dict(member.raw(batch, beside.tokens)), batch.weights, own)


def truth(outputs: Sequence[OutputFeature], batch: Batch) -> Values:
    """Targets in the units that are shown: numbers as in the user's column, codes and 0/1 otherwise."""
    return {
        feature.name: natural(feature, batch.targets[feature.name])
        if feature.amount
        else np.asarray(batch.targets[feature.name])
        for feature in outputs
    }
