"""`crosstie tune`: the trials of a file's `hyperopt:` section, then the best of them as a run.

tune.json     what was searched, the leaderboard; written as the search goes
tune.yaml     the file, so that the search can go on
study.db      the study, unless the file says where it lies
best.yaml     the file with the best values, whole: `crosstie train best.yaml` trains this model
trials/       a folder for each trial
…             and all that a run has, of the best
"""

import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from crosstie.artifact.loading import read_json
from crosstie.config.document import dump
from crosstie.data.files import write_json, write_text
from crosstie.errors import ConfigError, Problem, RunError, TrainingError
from crosstie.pipeline.candidate import Candidate, Session
from crosstie.pipeline.folds import fit_each
from crosstie.pipeline.plan import Plan
from crosstie.pipeline.prepare import Prepared
from crosstie.pipeline.request import Request
from crosstie.pipeline.run import Run
from crosstie.pipeline.train import begin, train
from crosstie.pipeline.trials import FOLDER
from crosstie.search.asked import FACTS, read_request, study_name, write_request
from crosstie.search.board import OVER, Board, best_of, leaderboard
from crosstie.search.cut import Cut
from crosstie.search.database import located
from crosstie.search.goal import Goal
from crosstie.search.processes import at_once, run_beside
from crosstie.search.study import Row, Study
from crosstie.search.trials import Trials, once
from crosstie.search.tried import tried
from crosstie.search.variants import Variants
from crosstie.training.callbacks.tensorboard import TensorBoard
from crosstie.tuning.sampler import settled

BEST = "best.yaml"
LOG = "metrics.jsonl"


@dataclass(frozen=True)
class Search:
    """A search that was checked.

    Attributes:
        run: Its folder.
        variants: The file with values put in.
        goal: What trials are judged by.
        study: Where they are kept.
    """

    run: Run
    variants: Variants
    goal: Goal
    study: Study

    @classmethod
    def opened(cls, run: Run, variants: Variants, goal: Goal) -> "Search":
        """The search of a run."""
        return cls(run, variants, goal, _study(variants, goal, run.path))

    def write(self) -> None:
        """Write the leaderboard as it is now."""
        path = self.run.path / FACTS
        before = read_json(path) if path.is_file() else {}
        rows = self.study.rows()
        best = best_of(rows, self.goal)
        hyperopt = self.variants.hyperopt
        found = {
            "study": study_name(self.variants.base),
            "judged_by": self.goal.name,
            "goal": "maximize" if self.goal.maximize else "minimize",
            "total": self.study.total,
            **{key: hyperopt[key] for key in ("search_alg", "parameters")},
            "pruner": hyperopt["executor"]["pruner"],
            "best": None if best is None else best.name,
            "trials": [each.to_json() for each in rows],
            "blocks": tried(rows, self.goal, self.variants.spaces),
        }
        write_json(path, {**before, **found})


def tune(
    request: Request,
    create: Callable[[Plan], Run],
    session: Session,
    *,
    live: bool = False,
) -> Run:
    """Search, and train the best.

    Args:
        request: The file, its tables, and what is said beside it.
        create: Makes the folder, once all is checked.
        session: Who is told.
        live: Whether a person watches a terminal.

    Raises:
        ConfigError: All that is wrong with the file, before the first trial.
        MissingExtra: optuna is not installed.
        TrainingError: No trial came to anything.
        KeyboardInterrupt: After Ctrl-C before a trial was done.
    """
    began = time.monotonic()
    with settled():  # or it is told that optuna is missing
        variants = Variants(request)
    goal = variants.check()
    _check_tables(variants)
    if variants.hyperopt["executor"]["storage"] is not None:
        _study(variants, goal, Path())  # or it is told what is wrong with it, before there is a run
    run = create(variants.base)
    begin(run, variants.base)
    write_request(run, variants, request)
    session.journal.path = run.path / "log.txt"
    return _go(Search.opened(run, variants, goal), session, began=began, live=live)


def go_on(
    run: Run,
    data: Any,
    overrides: Sequence[str],
    session: Session,
    *,
    live: bool = False,
) -> Run:
    """Go on with a search that was stopped, or make it longer.

    Args:
        run: Of the search.
        data: Its table, where that came from Python.
        overrides: What is to be otherwise: `hyperopt.executor.num_samples=50`.
        session: Who is told.
        live: As for `tune`.

    Raises:
        MissingExtra: optuna is not installed.
        RunError: The run is of no search, it is done or still running, or its data is another now.
    """
    began = time.monotonic()
    if run.exit == "running" and run.manifest.get("process"):
        process = run.manifest["process"]
        raise RunError(
            f"{run.path}: is still running, as process {process['pid']} on {process['host']}; wait for it, stop it first, "
            "or share its trials: give the same file and `executor: {storage: …}` to another `crosstie tune`"
        )
    request = read_request(run, data, overrides)
    with settled():
        variants = Variants(request)
    goal = variants.check()
    kept = read_json(run.path / FACTS)
    if kept["study"] != study_name(variants.base):
        raise RunError(
            f"{run.path}: the data, or what is asked of it, is not what the search began with. Tune anew, or bring the old "
            "data back"
        )
    search = Search.opened(run, variants, goal)
    done = [each for each in search.study.rows() if each.state in OVER]
    if run.exit == "done" and search.study.total is not None and len(done) >= search.study.total:
        raise RunError(
            f"{run.path}: is done, all of its {len(done)} trials. For more: --trials {2 * len(done)}"
        )
    begin(run, variants.base)
    write_request(run, variants, request)
    session.journal.path = run.path / "log.txt"
    session.journal.say(f"going on behind {len(done)} trials")
    return _go(search, session, began=began, live=live)


def work(run: Run, *, until: float | None, parent: int) -> None:
    """Trials of a process beside the one that shows and finishes.

    Args:
        run: Of the search.
        until: Seconds since 1970 after which no trial goes on; None for no limit.
        parent: The process that shows.
    """
    variants = Variants(read_request(run))
    goal = Goal.of(variants.base, variants.hyperopt, variants.document.at("hyperopt"))
    deadline = None if until is None else time.monotonic() + until - time.time()
    search = Search.opened(run, variants, goal)
    Trials(variants, goal, search.study, run.path, deadline=deadline, parent=parent).run()


def _go(search: Search, session: Session, *, began: float, live: bool) -> Run:
    """All trials, then the best."""
    run, base = search.run, search.variants.base
    started = run.manifest["started"]
    executor = search.variants.hyperopt["executor"]
    limit = executor["time_budget_s"]
    ready = time.monotonic() - began  # where that took long, the end does, too
    deadline = None if limit is None else began + limit - max(_to_finish(base), ready)
    for line in [*base.told, *base.warnings]:
        session.journal.say(line)
    total = "as many trials as there is time for" if search.study.total is None else f"{search.study.total} trials"  # fmt: skip
    session.journal.say(
        f"{total} of {', '.join(search.variants.spaces)}, judged by {search.goal.name}"
    )
    if search.study.once and executor["num_samples"] not in (None, 1):
        session.journal.say(
            "each combination is tried once, whatever num_samples says: a second round would be the first again"
        )
    interrupted = False
    try:
        with Board(
            search.goal,
            search.study.total,
            session.journal.say,
            live=live,
            known=search.study.rows(),
        ) as board:

            def seen() -> None:
                search.write()
                board.show(search.study.rows())

            try:
                _all(search, session, deadline=deadline, seen=seen)
            except KeyboardInterrupt:
                interrupted = True
            seen()
        done = _finish(search, session, interrupted=interrupted)
    except BaseException as error:
        stopped = interrupted or isinstance(error, KeyboardInterrupt)
        run.note(
            exit="interrupted" if stopped else "failed",
            error="" if stopped else f"{type(error).__name__}: {error}",
        )
        raise
    done.note(
        started=started,
        seconds=round(time.monotonic() - began, 3),
        exit="interrupted" if interrupted else done.exit,
    )
    return done


def _all(
    search: Search,
    session: Session,
    *,
    deadline: float | None,
    seen: Callable[[], None],
) -> None:
    """Run all trials, in other processes where several go at once; what those leave behind is run here."""
    executor = search.variants.hyperopt["executor"]
    count = at_once(executor["max_concurrent_trials"], search.study.total)
    if count > 1 and run_beside(search.run.path, count, deadline=deadline, seen=seen):
        return
    Trials(
        search.variants,
        search.goal,
        search.study,
        search.run.path,
        deadline=deadline,
        seen=seen,
        callbacks=session.callbacks,
    ).run()


def _finish(search: Search, session: Session, *, interrupted: bool) -> Run:
    """The best trial as the run itself."""
    run, rows = search.run, search.study.rows()
    best = best_of(rows, search.goal)
    if best is None:
        if interrupted:
            raise KeyboardInterrupt(
                f"before a trial was done. Go on: crosstie tune --resume {run.path}"
            )
        failed = [each for each in rows if each.state == "failed"]
        why = dict.fromkeys(f"{each.name}: {each.facts.get('why', '')}" for each in failed[:5])
        told = "; ".join(why) or "there was no time for one; give --time-limit more"
        raise TrainingError(f"{run.path}: no trial was done. {told}")
    plan = search.variants.plan(best.parameters)
    _told_of_rows(rows, session)
    elsewhere = sum(each.state == "running" for each in rows)
    if elsewhere and not interrupted:
        session.journal.say(
            f"{elsewhere} trial{'s' * (elsewhere > 1)} still run in other processes; crosstie tune --resume {run.path} looks at "
            "them, too, once they are done"
        )
    write_text(run.path / BEST, dump(plan.config))
    session.journal.say(f"the best: {_shown(best, search.goal)}")

    def chosen(
        plan: Plan, data: Sequence[Prepared], folder: Path, session: Session
    ) -> list[Candidate]:
        return [_fitted(plan, data, folder, session, best)]

    ending = Session([TensorBoard(run.path)], session.journal)
    done = train(plan, run, ending, choose=chosen)
    done.note(
        tuned={
            "best": best.name,
            "judged_by": search.goal.name,
            "value": best.value,
            "trials": sum(each.state in OVER for each in rows),
        }
    )
    return done


def _fitted(
    plan: Plan, data: Sequence[Prepared], folder: Path, session: Session, best: Row
) -> Candidate:
    """The model of the best trial: as the trial left it, or fitted again, by which it also learns from validation rows."""
    place, lies = folder / FOLDER / best.name, Path(best.facts.get("folder", ""))
    if not place.is_dir() and lies.is_dir():  # another process that shares the study ran it
        shutil.copytree(lies, place)
    cuts = best.facts.get("cuts")
    again = bool(once(plan)) or not place.is_dir()
    source = folder / "candidates" / "best" if again else place
    found = fit_each(
        plan,
        data,
        source,
        Session((), session.journal, resume=not again, allow_different_host=True),
        model_type=plan.model_type,
        trainer=plan.trainer,
        watch=lambda fold: [Cut(at=cuts[fold])] if cuts else (),
    )
    found.name = best.name
    for part in (source, *source.glob("folds/*")):  # what a learner writes of its own
        if (part / "network").is_dir():
            kept = folder / part.relative_to(source) / "network"
            shutil.rmtree(kept, ignore_errors=True)
            shutil.copytree(part / "network", kept)
    if (place / LOG).is_file():
        shutil.copyfile(place / LOG, folder / LOG)
    return found


def _shown(best: Row, goal: Goal) -> str:
    _, (cells,) = leaderboard([best], goal)
    values = ", ".join(
        f"{name} {each}" for name, each in zip(best.parameters, cells[2:], strict=False)
    )
    return f"{best.name}, {goal.metric} {cells[1]}, with {values}"


def _told_of_rows(rows: Sequence[Row], session: Session) -> None:
    """Trials are only to be compared where they were judged by the same rows."""
    counts = {each.facts["rows"] for each in rows if "rows" in each.facts}
    if len(counts) > 1:
        session.journal.say(
            f"warning: trials were judged by {min(counts)} to {max(counts)} validation rows, for what they vary leaves rows "
            "out; compare them with care"
        )


def _to_finish(plan: Plan) -> float:
    """Seconds behind the last trial: the rows are encoded once more, the best is measured and saved."""
    return 2.0 + sum(each.rows for each in plan.sources.values()) * 1e-4


def _study(variants: Variants, goal: Goal, run: Path) -> Study:
    """Where the trials are kept: in the run, unless the file says where."""
    hyperopt, document = variants.hyperopt, variants.document
    return Study(
        located(hyperopt["executor"]["storage"], run, document.folder),
        study_name(variants.base),
        hyperopt,
        variants.spaces,
        seed=variants.base.seed,
        maximize=goal.maximize,
        place=document.at("hyperopt", "executor", "storage"),
    )


def _check_tables(variants: Variants) -> None:
    """Other processes read the table by themselves.

    Raises:
        ConfigError: They cannot.
    """
    if variants.hyperopt["executor"]["max_concurrent_trials"] == 1:
        return
    specs = variants.base.data
    if not specs or "-" in specs.values():
        raise ConfigError(
            Problem(
                str(variants.document.at("hyperopt", "executor", "max_concurrent_trials")),
                "each trial is a process that reads the table by itself, and this table lies in none; write it to a file first, or "
                "leave it at 1",
            )
        )
