"""Building: what is stale is run, what the store has is restored, what is current is left alone."""

import os
import shutil
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from crosstie import __version__
from crosstie.data.processors import processors
from crosstie.errors import CrosstieError, ProjectError, nearest
from crosstie.gates.costs import Took
from crosstie.pipeline.run import Run
from crosstie.project.build.costs import this_machine
from crosstie.project.build.judge import Judged, judge
from crosstie.project.build.origin import keep_origin
from crosstie.project.build.processes import Processes
from crosstie.project.build.state import Built, alone
from crosstie.project.build.workspace import Workspace
from crosstie.project.sharing.past import Stepped, keep
from crosstie.project.steps.child import failure_of
from crosstie.project.steps.read import upstream
from crosstie.project.steps.spent import Meter, Spent
from crosstie.project.steps.step import Step
from crosstie.project.steps.task import Failure, Made
from crosstie.project.store.store import Product, Record

AFRESH = "test"  # the environment that every build begins with nothing in
EXECUTED = "executed.ipynb"  # a notebook as it was run, beside its table
LEFT_OUT = ("checkpoints", "tensorboard")  # of a run: nobody predicts or compares with them

Say = Callable[[str], None]


@dataclass
class Outcome:
    """What came of a build.

    Attributes:
        ran: Steps that were run.
        cached: Steps that were as they should be, or were restored.
        failed: Steps that failed, and why.
        skipped: Steps that need one that failed.
        name: What the store knows the build by; "" where nothing ran, so that there is nothing to know.
    """

    ran: list[str] = field(default_factory=list)
    cached: list[str] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)
    skipped: list[str] = field(default_factory=list)
    name: str = ""

    def sentence(self) -> str:
        """In words."""
        parts = [
            f"{len(self.ran)} run" if self.ran else "",
            f"{len(self.cached)} as they were" if self.cached else "",
            f"{len(self.failed)} failed" if self.failed else "",
            f"{len(self.skipped)} left out, which need {', '.join(self.failed)}" if self.skipped else "",
        ]  # fmt: skip
        hint = "; mend it, and the next build goes on from there" if self.failed else ""
        return (", ".join(filter(None, parts)) or "there is nothing to build") + hint

    def to_json(self) -> dict[str, Any]:
        """As JSON values."""
        return {"ran": self.ran, "cached": self.cached, "failed": [*self.failed, *self.skipped]}


def standing(here: Workspace) -> list[Judged]:
    """How every step stands, in order; nothing is run."""
    found: dict[str, Judged] = {}
    for name, step in here.steps.items():
        inputs = {
            each: found[each].digest if found[each].standing in {"current", "cached"} else None
            for each in step.upstreams
        }
        try:
            found[name] = judge(here, step, inputs)
        except CrosstieError as error:  # of this step alone: the others stand as they do
            why = "; ".join(map(str, error.problems))
            found[name] = Judged(step, here.where(step), "blocked", why)
    here.save()
    return list(found.values())


@dataclass(frozen=True)
class Recipe:
    """How a model was trained that was chosen among several, so that it is trained again without choosing.

    Attributes:
        run: That of the model, with its file and the plan of its search.
    """

    run: Path


def build(
    here: Workspace,
    names: Sequence[str] = (),
    *,
    force: Iterable[str] = (),
    recipe: Recipe | None = None,
    say: Say | None = None,
) -> Outcome:
    """Build some steps and all that they need.

    Args:
        here: The project.
        names: Which; all if none are named.
        force: Steps that are run even if they are current.
        recipe: How the model is trained; None is as its file says.
        say: Called with each line worth showing.

    Raises:
        ProjectError: There is no such step, something is wrong with some, or another process builds here.
        KeyboardInterrupt: What is done is kept.
    """
    for each in [*names, *force]:
        if each not in here.steps:
            raise ProjectError(f"{each!r} is no step here; {nearest(each, here.steps)}")
    with alone(here.project.own):
        if here.environment.name == AFRESH:
            here.wipe()
        work = here.project.own / "work"
        shutil.rmtree(work, ignore_errors=True)  # of a build that was killed
        work /= str(
            os.getpid()
        )  # a step may outlive a build that was killed: it must not write here
        work.mkdir(parents=True)
        here.store.tidy()
        try:
            return _Build(here, work, set(force), recipe, say or (lambda _: None)).run(names)
        finally:
            here.save()
            shutil.rmtree(work.parent, ignore_errors=True)


class _Build:
    def __init__(
        self, here: Workspace, work: Path, force: set[str], recipe: Recipe | None, say: Say
    ) -> None:
        self._here = here
        self._recipe = recipe
        self._work = work
        self._force = force
        self._say = say
        self._outcome = Outcome()
        self._digests: dict[str, str] = {}
        self._steps: dict[str, Stepped] = {}
        self._processes = Processes(here.environment.limits.bytes)

    def run(self, names: Sequence[str]) -> Outcome:
        steps = self._here.steps
        wanted = upstream(steps, names or steps)
        left = [steps[each] for each in steps if each in wanted]
        running: dict[Future[Made | Failure], Judged] = {}
        workers = self._here.environment.limits.workers or processors()
        pool = ThreadPoolExecutor(workers)
        try:
            while left or running:
                for step in self._ready(left):
                    left.remove(step)
                    judged = self._begin(step)
                    if judged is not None:
                        running[pool.submit(self._made, judged)] = judged
                if running:
                    done, _ = wait(running, return_when=FIRST_COMPLETED)
                    for each in done:
                        self._end(running.pop(each), each.result())
        except BaseException:
            self._processes.end()
            raise
        finally:
            pool.shutdown()
            self._here.failed.update(self._outcome.failed, well=self._digests)
        self._keep_past([each for each in steps if each in wanted])
        return self._outcome

    def _keep_past(self, names: Sequence[str]) -> None:
        """Note what was done, if anything was, where others who share the store find it."""
        if not self._outcome.ran and not self._outcome.failed:
            return
        here, done = self._here, {name: self._steps[name] for name in names}
        past = keep(here.store, here.project, here.environment.name, done)
        self._outcome.name = past.name
        if here.is_shared:
            for each in past.lacks:
                self._say(f"left out of what others pull: {each}")
            if past.failed:
                self._say(
                    f"others who share {here.environment.store} see it with crosstie debug {past.name}"
                )

    def _ready(self, left: Sequence[Step]) -> list[Step]:
        """Steps of which everything is settled that they need."""
        settled = {*self._digests, *self._outcome.failed, *self._outcome.skipped}
        return [each for each in left if settled.issuperset(each.upstreams)]

    def _begin(self, step: Step) -> Judged | None:
        """Settle a step without running it, if that can be; else what is to be run."""
        if not self._digests.keys() >= set(step.upstreams):
            self._outcome.skipped.append(step.name)
            self._steps[step.name] = Stepped("skipped")
            return None
        inputs = {each: self._digests[each] for each in step.upstreams}
        try:
            judged = judge(self._here, step, inputs)
            forced = step.name in self._force and judged.fingerprint is not None
            if judged.standing == "current" and judged.record is not None and not forced:
                if said := self._others(step, self._here.place(step)) or judged.why:
                    self._say(f"{step.name}: {said}")
                built = self._here.state.get(step.name)
                self._settle(judged, judged.record, built.file if built else "")
                return None
            self._keep_edited(judged)
            if judged.record is not None and step.name not in self._force:
                self._restore(judged, judged.record)
                return None
        except CrosstieError as error:
            self._fail(step, "; ".join(map(str, error.problems)))
            return None
        if step.kind == "model":
            self._train(judged)
            return None
        return judged

    def _settle(self, judged: Judged, record: Record, file: str) -> None:
        step = judged.step
        self._digests[step.name] = record.product.digest
        self._note_past(judged, "cached", record.product, file)
        if judged.fingerprint is not None and step.kind != "raw":
            self._outcome.cached.append(step.name)

    def _others(self, step: Step, place: Path) -> str:
        """Of a model that is there already: the packages that are not as they were when it was trained."""
        return self._here.other_packages(Run(place)) if step.kind == "model" else ""

    def _keep_edited(self, judged: Judged) -> None:
        """Put what someone changed by hand aside: it is theirs."""
        step, place = judged.step, self._here.place(judged.step)
        built = self._here.state.get(step.name)
        if step.kind == "model" or built is None or self._here.lies(step) in {None, built.digest}:
            return
        aside = self._here.project.own / "edited" / f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{place.name}"  # fmt: skip
        aside.parent.mkdir(parents=True, exist_ok=True)
        place.replace(aside)
        self._say(
            f"{step.name}: its table was changed by hand; yours is now {aside.relative_to(self._here.project.root)}. "
            f"To keep such a table, crosstie accept {step.name} before a build"
        )

    def _restore(self, judged: Judged, record: Record) -> None:
        step = judged.step
        if record.key != judged.key and judged.fingerprint is not None:
            # known under older rules of what counts: from now on others find it without looking for those
            self._here.store.write(replace(record, key=judged.key, fingerprint=judged.fingerprint.to_json()))  # fmt: skip
        if step.kind == "model":
            name = str(record.cost["run"])
            target = self._here.project.root / name
            if not target.exists():
                self._here.store.fetch(record.product, target)
            Run(target).make_latest()
            if said := self._others(step, target):
                self._say(f"{step.name}: {said}")
        else:
            name = record.product.objects[""]
            self._here.store.fetch(record.product, self._here.place(step))
            if EXECUTED in record.product.objects:
                self._here.store.fetch_file(record.product.objects[EXECUTED], self._here.notebook(step))  # fmt: skip
        self._say(f"{step.name}: restored")
        self._note(judged, record, name)
        self._settle(judged, record, name)

    def _made(self, judged: Judged) -> Made | Failure:
        """Run a step; called in a thread."""
        step = judged.step
        file = self._work / f"{step.name}.parquet"
        file.parent.mkdir(parents=True, exist_ok=True)
        task = self._here.task(step, to=file)
        return self._processes.run(task, self._log(step))

    def _end(self, judged: Judged, made: Made | Failure) -> None:
        step = judged.step
        executed = self._executed(step, keep=isinstance(made, Made))
        if isinstance(made, Failure):
            self._end_badly(step, made)
            return
        for each in made.warnings:
            self._say(f"{step.name}: {each}")
        file = self._work / f"{step.name}.parquet"
        product = Product(
            "table", made.digest, {"": self._here.store.keep_file(file), **executed}, made.rows
        )
        size = file.stat().st_size
        self._here.place(step).parent.mkdir(parents=True, exist_ok=True)
        file.replace(self._here.place(step))
        self._finish(
            judged,
            product,
            _took(made.rows, made.spent, size),
            product.objects[""],
            columns=dict(made.columns),
        )
        if step.kind != "raw":
            where = f" to {step.settings['table']}" if step.kind == "sink" else ""
            self._say(f"{step.name}: {made.rows:,} rows{where}, {made.spent.seconds:.1f} s")

    def _executed(self, step: Step, *, keep: bool) -> dict[str, str]:
        """Put a notebook as it was run in its place and, where it made its table, by its hash in the store."""
        file, place = self._work / f"{step.name}.ipynb", self._here.notebook(step)
        if not file.exists():
            return {}
        kept = {EXECUTED: self._here.store.keep_file(file)} if keep else {}
        place.parent.mkdir(parents=True, exist_ok=True)
        file.replace(place)
        return kept

    def _end_badly(self, step: Step, failure: Failure) -> None:
        """Say where and why, the whole of it in the log."""
        log = self._log(step)
        if failure.traceback:
            log.parent.mkdir(parents=True, exist_ok=True)
            with log.open("a", encoding="utf-8") as file:
                file.write(failure.traceback)
        where = f"{failure.where}: " if failure.where else ""
        more = f" (all of it: {log.relative_to(self._here.project.root)})" if failure.traceback else ""  # fmt: skip
        self._fail(step, f"{where}{failure.why}{more}")

    def _train(self, judged: Judged) -> None:
        """The last step: a run like any other, on the table that was built."""
        step, here, recipe = judged.step, self._here, self._recipe
        from crosstie import api  # 90 ms

        meter = Meter()
        try:
            run = api.train(
                here.project.model_file if recipe is None else recipe.run / "config.yaml",
                data=here.training_data(step),
                plan=None if recipe is None else recipe.run,
                set=() if recipe is None else ["trainer.repeat=kept"],
                name=here.model_name,
                runs=here.project.runs,
                say=self._say,
            )
        except CrosstieError as error:
            self._fail(step, "; ".join(map(str, error.problems)))
            return
        except Exception as error:
            failure = failure_of(error, here.project.root)
            if not failure.where:  # none of the project's own classes: a fault of ours
                raise
            self._end_badly(step, failure)
            return
        if run.exit != "done":
            raise KeyboardInterrupt
        run.note(origin=keep_origin(here.project.root, run.path))
        files = here.store.keep_folder(run.path, leaving_out=LEFT_OUT)
        product = Product("folder", here.contents.of(run.path / "model"), files)
        name = here.from_root(run.path)
        size = sum(
            each.stat().st_size for each in (run.path / "model").rglob("*") if each.is_file()
        )
        self._finish(
            judged, product, _took(here.rows(step.upstreams[0]), meter.read(), size), name, run=name
        )

    def _finish(self, judged: Judged, product: Product, took: Took, file: str, **more: Any) -> None:
        """Keep what a step gave, what that took, and more of the run."""
        step, fingerprint = judged.step, judged.fingerprint
        assert fingerprint is not None
        record = Record(
            step.name,
            judged.key,
            product,
            fingerprint.to_json(),
            {**asdict(took), **more, "machine": this_machine()},
            datetime.now(UTC).isoformat(timespec="seconds"),
            {"crosstie": __version__},
        )
        # the same table of a database may hold other rows when it is fetched again
        other = self._here.store.write(record, instead=step.kind == "fetched")
        if other is not None:
            self._say(
                f"{step.name}: gave another result than on {other.made} from the same code, settings and data: it is not "
                "deterministic. Sort its rows, and give what is random a seed"
            )
        self._note(judged, record, file)
        self._here.costs.add(step.name, judged.key, took)
        self._digests[step.name] = product.digest
        self._note_past(judged, "ran", product, file)
        if step.kind != "raw":
            self._outcome.ran.append(step.name)

    def _note(self, judged: Judged, record: Record, file: str) -> None:
        self._here.state.put(judged.step.name, Built(judged.key, record.product.digest, file))

    def _note_past(
        self, judged: Judged, state: Literal["ran", "cached"], product: Product, file: str
    ) -> None:
        raw = judged.fingerprint if judged.step.kind == "raw" else None
        sources = raw.inputs if raw else {}
        there = product if product.objects else None  # of a table of the database nothing is kept
        self._steps[judged.step.name] = Stepped(state, judged.key, there, file, sources)

    def _fail(self, step: Step, why: str) -> None:
        self._outcome.failed[step.name] = why
        self._steps[step.name] = Stepped("failed", why=why)
        self._say(f"{step.name}: failed: {why}")

    def _log(self, step: Step) -> Path:
        return self._here.project.own / "logs" / self._here.environment.name / f"{step.name}.log"


def _took(rows: int | None, spent: Spent, size: int) -> Took:
    return Took(rows, spent.seconds, spent.cpu_seconds, spent.peak_bytes, size)
