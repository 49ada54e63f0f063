"""`crosstie tune`: the trials of a file's `hyperopt:` section, then the best of them as a run.

tune.json     what was searched, the leaderboard; written as the search goes
tune.yaml     the file, so that the search can go on
study.db      the study, unless the file says where it lies
best.yaml     the file with the best values, whole: `crosstie train best.yaml` trains this model
trials/       a folder for each trial
…             and all that a run has, of the best
"""

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from crosstie.artifact.loading import read_json
from crosstie.config.document import Document, dump
from crosstie.config.source import load as load_document
from crosstie.data.files import write_json, write_text
from crosstie.data.processors import processors
from crosstie.errors import ConfigError, Problem, RunError, TrainingError
from crosstie.pipeline.candidate import Candidate, Session
from crosstie.pipeline.folds import fit_each
from crosstie.pipeline.plan import Plan
from crosstie.pipeline.prepare import Prepared
from crosstie.pipeline.request import Request
from crosstie.pipeline.run import Run
from crosstie.pipeline.train import begin, train
from crosstie.pipeline.trials import FOLDER
from crosstie.search.board import OVER, Board, best_of, leaderboard
from crosstie.search.cut import Cut
from crosstie.search.goal import Goal
from crosstie.search.study import Row, Study, located
from crosstie.search.trials import Trials, once
from crosstie.search.tried import tried
from crosstie.search.variants import Variants
from crosstie.training.callbacks.tensorboard import TensorBoard
from crosstie.tuning.sampler import settled

FACTS, FILE, BEST = "tune.json", "tune.yaml", "best.yaml"
LOG = "metrics.jsonl"
LOOK = 0.5  # seconds between two looks at what other processes do
GRACE = 20.0  # seconds that they have for ending by themselves


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
            "study": _called(self.variants.base),
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
    _write_file(run, variants, request)
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
    variants = Variants(read_request(run, data, overrides))
    goal = variants.check()
    kept = read_json(run.path / FACTS)
    if kept["study"] != _called(variants.base):
        raise RunError(
            f"{run.path}: the data, or what was inferred of it, is not what the search began with. Tune anew, or bring the "
            "old data back"
        )
    search = Search.opened(run, variants, goal)
    done = [each for each in search.study.rows() if each.state in OVER]
    if run.exit == "done" and search.study.total is not None and len(done) >= search.study.total:
        raise RunError(
            f"{run.path}: is done, all of its {len(done)} trials. For more: --trials {2 * len(done)}"
        )
    begin(run, variants.base)
    session.journal.path = run.path / "log.txt"
    session.journal.say(f"going on behind {len(done)} trials")
    return _go(search, session, began=began, live=live)


def read_request(run: Run, data: Any = None, overrides: Sequence[str] = ()) -> Request:
    """What a search was asked for.

    Raises:
        MissingExtra: optuna is not installed.
        RunError: The run is of no search.
    """
    if not (run.path / FACTS).is_file() or not (run.path / FILE).is_file():
        raise RunError(
            f"{run.path}: is no run of crosstie tune; crosstie train --resume goes on with it"
        )
    kept = read_json(run.path / FACTS)
    document = load_document(run.path / FILE)
    document.folder = Path(kept["folder"])
    for each in overrides:
        document.set(each)
    given = None if data is None else {"train": data}
    return Request(document, given, None, kept["types"], ())


def work(run: Run, *, until: float | None, parent: int) -> None:
    """Trials of a process beside the one that shows and finishes.

    Args:
        run: Of the search.
        until: Seconds since 1970 after which no trial goes on; None for no limit.
        parent: The process that shows.
    """
    variants = Variants(read_request(run))
    goal = variants.check()
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
    at_once = _at_once(search)
    if at_once > 1:
        _beside(search, at_once, deadline=deadline, seen=seen)
    Trials(
        search.variants,
        search.goal,
        search.study,
        search.run.path,
        deadline=deadline,
        seen=seen,
        callbacks=session.callbacks,
    ).run()


def _at_once(search: Search) -> int:
    asked = search.variants.hyperopt["executor"]["max_concurrent_trials"]
    count = max(processors() // 4, 1) if asked == "auto" else int(asked)
    return count if search.study.total is None else min(count, search.study.total)


def _beside(
    search: Search, count: int, *, deadline: float | None, seen: Callable[[], None]
) -> None:
    """Trials in so many processes, until there are no more.

    Raises:
        KeyboardInterrupt: After Ctrl-C; the processes have left their trials by then.
        TrainingError: None of them could begin.
    """
    asked = os.environ.get("OMP_NUM_THREADS", "")
    threads = max((int(asked) if asked.isdecimal() else processors()) // count, 1)
    until = "" if deadline is None else str(time.time() + deadline - time.monotonic())
    logs = [search.run.path / f"process-{number}.txt" for number in range(count)]
    started = []
    for log in logs:
        with log.open("w", encoding="utf-8") as file:
            started.append(
                subprocess.Popen(
                    [
                        sys.executable,
                        "-m",
                        "crosstie.search.tune_worker",
                        str(search.run.path.resolve()),
                        until,
                    ],
                    env={**os.environ, "OMP_NUM_THREADS": str(threads)},
                    stdout=file,
                    stderr=file,
                    stdin=subprocess.DEVNULL,
                    start_new_session=True,  # Ctrl-C reaches this process, which tells them
                )
            )
    try:
        while any(each.poll() is None for each in started):
            seen()
            time.sleep(LOOK)
        seen()
    finally:
        _end(started)
        told = {log: log.read_text(encoding="utf-8").strip() for log in logs}
        for log in [log for log in logs if not told[log]]:
            log.unlink()
    if all(each.returncode == 2 for each in started):
        raise TrainingError(told[logs[0]])


def _end(started: Sequence["subprocess.Popen[bytes]"]) -> None:
    """Interrupt what still runs, and wait for it."""
    for each in started:
        if each.poll() is None:
            each.send_signal(signal.SIGINT)
    until = time.monotonic() + GRACE
    for each in started:
        try:
            each.wait(max(until - time.monotonic(), 0.1))
        except subprocess.TimeoutExpired:
            each.kill()
            each.wait()


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


def _called(plan: Plan) -> str:
    """The study's name: of the same file, data and spaces the same, whoever asks and however many trials there are."""
    hyperopt = {key: each for key, each in (plan.hyperopt or {}).items() if key != "executor"}
    facts = {
        "config": {key: each for key, each in plan.config.items() if key not in {"data", "name"}},
        "hyperopt": hyperopt,
        "data": {part: each.fingerprint for part, each in plan.sources.items()},
    }
    text = json.dumps(facts, sort_keys=True, default=str)
    return f"{plan.name}-{hashlib.sha256(text.encode()).hexdigest()[:12]}"


def _write_file(run: Run, variants: Variants, request: Request) -> None:
    """What a later process goes on by."""
    document = variants.document
    value = {**_as_written(document), "name": variants.base.name}
    if "data" in variants.base.config:
        value["data"] = variants.base.config["data"]
    if request.target is not None:
        value["target"] = request.target
    write_text(run.path / FILE, dump(value))
    write_json(
        run.path / FACTS,
        {
            "folder": str(document.folder.resolve()),
            "types": dict(request.types or {}),
            "study": _called(variants.base),
            "trials": [],
        },
    )


def _as_written(document: Document) -> dict[str, Any]:
    """The file with `${NAME}` where it has it, so that no secret lies in a run."""

    def plain(value: Any, path: tuple[str | int, ...]) -> Any:
        if path in document.written:
            return document.written[path]
        if isinstance(value, Mapping):
            return {key: plain(each, (*path, key)) for key, each in value.items()}
        if isinstance(value, list):
            return [plain(each, (*path, index)) for index, each in enumerate(value)]
        return value.replace("${", "$${") if isinstance(value, str) else value

    found: dict[str, Any] = plain(document.value, ())
    return found


def _study(variants: Variants, goal: Goal, run: Path) -> Study:
    """Where the trials are kept: in the run, unless the file says where."""
    hyperopt, document = variants.hyperopt, variants.document
    return Study(
        located(hyperopt["executor"]["storage"], run, document.folder),
        _called(variants.base),
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
