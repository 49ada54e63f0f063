"""Runs the trials of a study, one after the other, as one process does it: fit, judge, keep, tell.

trials/trial_3/config.yaml                    the file that was trained, whole
trials/trial_3/metrics.json, metrics.jsonl    as in a run
trials/trial_3/trial.json, graph.onnx, …      as of what an automatic search tried
trials/trial_3/features/                      what was fitted before the model; of folds in `folds/0` and so on
"""

import math
import os
import shutil
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from crosstie.config.document import dump
from crosstie.data.files import write_json, write_text
from crosstie.errors import CrosstieError, RunError
from crosstie.pipeline.candidate import Candidate, Session
from crosstie.pipeline.company import company
from crosstie.pipeline.folds import fit_each, prepare_folds
from crosstie.pipeline.journal import Journal
from crosstie.pipeline.plan import Plan
from crosstie.pipeline.prepare import Prepared, assign, prepare
from crosstie.pipeline.train import flat
from crosstie.pipeline.trials import FOLDER, keep_features, keep_trial, trial_metrics
from crosstie.search.cut import Cut
from crosstie.search.goal import Goal
from crosstie.search.study import Asked, Study
from crosstie.search.variants import Variants, data_of, told
from crosstie.search.watched import Pruned, Watched
from crosstie.training.callbacks.callback import Callback

WORTH = 0.5  # of what trials took so far, below which there is no time for another
TWICE = 2.2  # the best is fitted again, and once more on validation rows too, where its learner does that


class Trials:
    """Trials of one process.

    Args:
        variants: The file with values put in.
        goal: What trials are judged by.
        study: Where they are kept.
        folder: Of the run.
        deadline: On the monotonic clock, after which no trial goes on; None for never.
        seen: Called whenever something of a trial is known.
        parent: As `Watched`.
        callbacks: Told of every fit, too.
    """

    def __init__(
        self,
        variants: Variants,
        goal: Goal,
        study: Study,
        folder: Path,
        *,
        deadline: float | None = None,
        seen: Callable[[], None] = lambda: None,
        parent: int | None = None,
        callbacks: Sequence[Callback] = (),
    ) -> None:
        self.variants = variants
        self.goal = goal
        self.study = study
        self.folder = folder
        self.deadline = deadline
        self.seen = seen
        self.parent = parent
        self.callbacks = callbacks
        self._data: tuple[str, list[Prepared]] | None = None
        self._took: list[float] = []
        self._refits = False
        self._company: list[Callback] = []
        scratch = f"{folder.name}-{os.getpid()}"
        self._scratch = variants.base.cache / "prepared" / scratch

    def run(self) -> None:
        """Run trials until there are enough or there is no time for another.

        Raises:
            KeyboardInterrupt: After Ctrl-C; the trial is left to whoever goes on.
        """
        try:
            while not self._late() and (asked := self.study.ask(self.folder / FOLDER)) is not None:
                self.seen()
                self._run(asked)
                self.seen()
        finally:
            shutil.rmtree(self._scratch, ignore_errors=True)

    def _left(self, *, again: bool) -> float:
        """Seconds for trials; without those that fitting the best again takes, if that is to be done."""
        if self.deadline is None:
            return math.inf
        left = self.deadline - time.monotonic()
        if not again:
            return left
        return left - TWICE * max(self._took) if self._took else left / (1 + TWICE)

    def _late(self) -> bool:
        if not self._took:
            return self._left(again=False) <= 0
        usual = sorted(self._took)[len(self._took) // 2]
        return self._left(again=self._refits) <= WORTH * usual

    def _run(self, asked: Asked) -> None:
        began = time.monotonic()
        folder = self.folder / FOLDER / asked.name

        def seconds() -> float:
            return round(time.monotonic() - began, 3)

        try:
            again = _brought(asked.before, folder)
            plan = self.variants.plan(asked.values)
            write_text(folder / "config.yaml", dump(plan.config))
            data = self._prepared(plan)
            candidate = self._fit(asked, plan, data, folder, again=again)
            value = self.goal.value(plan, data[0], candidate)
        except Pruned as ended:
            self._took.append(seconds())
            why = f"at {ended.unit} {ended.step}"
            self.study.pruned(asked, why=why, step=ended.step, seconds=seconds())
            _drop_checkpoints(folder)
        except KeyboardInterrupt:
            self.study.left(asked)
            raise
        except (CrosstieError, MemoryError, RuntimeError) as error:
            fault = told(error)
            if fault is None:
                raise
            self.study.failed(asked, why=fault, seconds=seconds())
            _drop_checkpoints(folder)
        else:
            self._took.append(seconds())
            self._keep(asked, plan, data, candidate, value, seconds=seconds())

    def _fit(
        self, asked: Asked, plan: Plan, data: Sequence[Prepared], folder: Path, *, again: bool
    ) -> Candidate:
        self._company = [*company(folder, plan.callbacks, progress=False), *self.callbacks]
        session = Session(self._company, Journal(folder / "log.txt"), resume=again)

        def watch(fold: int) -> list[Callback]:
            # of folds the first decides whether the others are begun
            first = fold == 0
            found: list[Callback] = [
                Watched(
                    self.goal,
                    lambda step, value: first and self.study.goes_badly(asked, step, value),
                    parent=self.parent,
                )
            ]
            if self.deadline is not None:
                left = self._left(again=self._refits)
                found.append(Cut(time.monotonic() + left / (len(data) - fold)))
            return found

        def fit(session: Session) -> Candidate:
            found = fit_each(
                plan,
                data,
                folder,
                session,
                model_type=plan.model_type,
                trainer={**plan.trainer, **once(plan)},
                watch=watch,
            )
            if found.interrupted:
                raise KeyboardInterrupt
            return found

        self._refits = bool(once(plan))
        try:
            return fit(session)
        except RunError:  # what was begun cannot be gone on with here
            if not again:
                raise
            _drop_checkpoints(folder)
            return fit(session)

    def _prepared(self, plan: Plan) -> list[Prepared]:
        """The encoded rows of a trial; those of the one before where they are the same."""
        key = data_of(plan)
        if self._data is None or self._data[0] != key:
            self._data = None  # of two tables in memory only one is needed
            shutil.rmtree(self._scratch, ignore_errors=True)
            assignment = assign(plan)
            if plan.folds:
                data = prepare_folds(plan, assignment, plan.folds, folder=self._scratch)
            else:
                data = [prepare(plan, assignment, folder=self._scratch)]
            self._data = key, data
        return self._data[1]

    def _keep(
        self,
        asked: Asked,
        plan: Plan,
        data: Sequence[Prepared],
        candidate: Candidate,
        value: float,
        *,
        seconds: float,
    ) -> None:
        folder = self.folder / FOLDER / asked.name
        keep_trial(folder, plan, candidate, name=asked.name, score=value, values=asked.values)
        metrics = trial_metrics(folder)
        write_json(folder / "metrics.json", metrics)
        for callback in self._company:
            callback.on_run_end(flat(plan.config), metrics)
        keep_features(folder, data, candidate)
        _drop_checkpoints(folder)
        facts = {
            "seconds": seconds,
            "learner": candidate.model_type,
            "rows": len(next(iter(candidate.parts["validation"].truth.values()))),
            "metrics": metrics["validation"],
        }
        if any(candidate.cuts):
            facts["cuts"] = list(candidate.cuts)
        if not any(candidate.cuts):
            self.study.done(asked, value, **facts)
            return
        facts["why"] = "by the time limit"
        if any(each.state == "done" for each in self.study.rows()):
            self.study.pruned(asked, **facts)
        else:  # there would be no model
            self.study.done(asked, value, **facts)


def once(plan: Plan) -> dict[str, bool]:
    """What keeps a learner from learning from validation rows in the end, which only the best trial is to do."""
    return {"refit": False} if plan.trainer.get("refit") else {}


def _drop_checkpoints(folder: Path) -> None:
    """Of a trial that is over nothing goes on."""
    for each in (folder / "checkpoints", *folder.glob("folds/*/checkpoints")):
        shutil.rmtree(each, ignore_errors=True)


def _brought(before: Path | None, folder: Path) -> bool:
    """Whether another process began the trial, and what it left is here now; a trial begins with an empty folder."""
    if before is None or not before.is_dir():
        shutil.rmtree(folder, ignore_errors=True)
        return False
    if before != folder.resolve():
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(before, folder)
    return True
