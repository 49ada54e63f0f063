"""The model in production: an alias that is moved whole, what it was tested on, and the test of its successor.

    runs/<name>/production     one line, the run that is in production: what `crosstie serve NAME/production --watch` follows
    aliases/production.json    in the store: the same for all who share it, with its holdout and what was there before

The rows that the model in production was tested on are kept with it, and its successors are tested on the same. Where a
project splits by a hash of a key, as `crosstie new` writes it, none of them is ever trained on.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from crosstie.config.registry import use_components
from crosstie.config.yaml import read_yaml
from crosstie.data.files import write_json, write_text
from crosstie.data.read import open_source
from crosstie.data.rowwise.function import look_in
from crosstie.data.write import arrow_table
from crosstie.errors import ProjectError
from crosstie.gates.compare import compare
from crosstie.gates.comparison import Comparison
from crosstie.gates.costs import Cost
from crosstie.gates.page import write_page
from crosstie.gates.show import write_junit
from crosstie.pipeline.run import Run
from crosstie.project.build.build import standing
from crosstie.project.build.state import alone
from crosstie.project.build.workspace import Workspace
from crosstie.project.own_tests import own_tests_pass
from crosstie.project.steps.read import MODEL, upstream
from crosstie.project.store.store import Product, Record
from crosstie.project.versions import versions
from crosstie.serving.model import Model

ALIAS = "production"


@dataclass(frozen=True)
class Tested:
    """What came of testing a model.

    Attributes:
        comparison: With the model in production.
        own: Whether the project's own tests pass.
    """

    comparison: Comparison
    own: bool

    @property
    def passed(self) -> bool:
        """Whether it may be promoted."""
        return self.comparison.passed and self.own


@dataclass(frozen=True)
class Promoted:
    """A model that is or was in production.

    Attributes:
        run: The folder of its run, from the project's root.
        at: Since when, in UTC.
        product: Its run in the store.
        holdout: The rows that it was tested on.
        training: The rows that it was trained on.
        environment: That it was built in.
    """

    run: str
    at: str
    product: Product
    holdout: Product
    training: Product
    environment: str

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "Promoted":
        """Of what the alias holds."""
        products = {name: Product(**value[name]) for name in ("product", "holdout", "training")}
        return cls(value["run"], value["at"], environment=value["environment"], **products)

    def to_json(self) -> dict[str, Any]:
        """As JSON values."""
        return asdict(self)


def in_production(here: Workspace) -> Promoted | None:
    """The model that is in production; None where nothing is."""
    return next(iter(history(here)), None)


def history(here: Workspace) -> list[Promoted]:
    """The models that were in production, the present one first."""
    found = here.store.alias(ALIAS)
    if found is None:
        return []
    return [Promoted.from_json(each) for each in [found["now"], *found["before"]]]


def compare_candidate(here: Workspace, *, junit: Path | None = None) -> Comparison:
    """The model that was built last against the one in production, on the rows that that was tested on.

    A page of what was found is in `.crosstie/reports`.

    Args:
        here: The project.
        junit: A file of JUnit's form to write.

    Raises:
        ProjectError: The model is not built, or not as its code and data are now.
    """
    candidate, _ = _built(here)
    now = in_production(here)
    use_components(here.project.components)
    look_in(here.project.root)
    for each in (candidate.path, *([] if now is None else [_run_of(here, now)])):
        look_in(each / "features")  # the code that it was trained with
    with TemporaryDirectory() as folder:
        holdout, training = Path(folder) / "holdout.parquet", Path(folder) / "training.parquet"
        _write_rows(candidate, training, "train")
        before = None
        if now is None:
            _write_rows(candidate, holdout, "test")
        else:
            here.store.fetch(now.holdout, holdout)
            before = Path(folder) / "before.parquet"
            here.store.fetch(now.training, before)
        found = compare(
            Model.load(candidate.path),
            None if now is None else Model.load(_run_of(here, now)),
            str(holdout),
            key=here.key_columns,
            training=(str(training), None if before is None else str(before)),
            versions=None if now is None else versions(here, now.run, now.product),
            costs=_costs(here),
            gates=_gates(here),
            own=(here.project.components, here.project.tests),
        )
    found = replace(
        found,
        candidate=here.from_root(candidate.path),
        production=None if now is None else now.run,
        holdout="the holdout" if now is None else f"those that {now.run} was tested on",
    )
    reports = here.project.own / "reports"
    write_json(reports / "test.json", found.state())
    write_page(found, reports / "test.html")
    if junit is not None:
        write_junit(found, junit)
    return found


def judge_candidate(here: Workspace, *, junit: Path | None = None) -> Tested:
    """`compare_candidate`, and the project's own tests; `promote` goes by what came of both.

    Args:
        here: The project.
        junit: As for `compare_candidate`.

    Raises:
        ProjectError: As `compare_candidate`.
    """
    found = Tested(
        compare_candidate(here, junit=junit),
        own_tests_pass(here.project.root, here.environment.name),
    )
    told = {"passed": found.passed, "against": found.comparison.production}
    write_json(here.project.root / found.comparison.candidate / "gates.json", told)
    return found


def promote(here: Workspace, *, anyway: bool = False) -> Promoted:
    """Put the model that was built last into production.

    Args:
        here: The project.
        anyway: Although it was not tested, or failed.

    Raises:
        ProjectError: It did not pass `test`, or is in production already.
    """
    if (done := _went_on(here)) is not None:
        return done
    (candidate, record), before = _built(here), history(here)
    now = before[0] if before else None
    name = here.from_root(candidate.path)
    if now is not None and now.run == name:
        raise ProjectError(f"{name} is in production already")
    if not anyway:
        _check_passed(candidate, now)
    with TemporaryDirectory() as folder:
        rows = {}
        for part in ("test", "train"):
            path = Path(folder) / f"{part}.parquet"
            _write_rows(candidate, path, part)
            rows[part] = Product("table", here.contents.of(path), {"": here.store.keep_file(path)})
    at = datetime.now(UTC).isoformat(timespec="seconds")
    new = Promoted(name, at, record.product, rows["test"], rows["train"], here.environment.name)
    _move(here, new, before)
    return new


def roll_back(here: Workspace) -> Promoted:
    """Put the model that was in production before back into its place.

    Raises:
        ProjectError: There was none before.
    """
    if (done := _went_on(here)) is not None:
        return done
    found = history(here)
    if len(found) < 2:
        raise ProjectError("nothing was in production before; there is nothing to go back to")
    _run_of(here, found[1])
    _move(here, found[1], found[2:])
    return found[1]


def _move(here: Workspace, new: Promoted, before: Sequence[Promoted]) -> None:
    alias = {"now": new.to_json(), "before": [each.to_json() for each in before]}
    with alone(here.project.own):
        write_json(_moving(here), alias)
        here.store.set_alias(ALIAS, alias)
        _point(here, new)


def _point(here: Workspace, now: Promoted) -> None:
    """The last of a move: have the text beside the runs name what the store says."""
    run = here.project.root / now.run
    write_text(run.parent / ALIAS, run.name + "\n")
    _moving(here).unlink()


def _went_on(here: Workspace) -> Promoted | None:
    """A move that was killed halfway, done to its end: whoever gives the command again wants no second one."""
    path = _moving(here)
    if not path.is_file():
        return None
    with alone(here.project.own):
        alias = json.loads(path.read_text(encoding="utf-8"))
        if here.store.alias(ALIAS) != alias:  # killed before anything had moved
            path.unlink()
            return None
        now = Promoted.from_json(alias["now"])
        _point(here, now)
        return now


def _moving(here: Workspace) -> Path:
    """What is to be in production, while it is being put there."""
    return here.project.own / "moving.json"


def _built(here: Workspace) -> tuple[Run, Record]:
    """The run of the model that is built, and what the store has of it.

    Raises:
        ProjectError: It is not, or something of it has moved since.
    """
    found = {each.step.name: each for each in standing(here)}.get(MODEL)
    if found is None:
        raise ProjectError("there is no model.yaml here; nothing is trained")
    if found.standing != "current" or found.record is None:
        raise ProjectError(
            f"the model is not built as it is now ({found.why}). Type: crosstie build"
        )
    return Run(here.place(found.step)), found.record


def _check_passed(candidate: Run, now: Promoted | None) -> None:
    hint = "Type: crosstie test; or promote it anyway with --anyway"
    path = candidate.path / "gates.json"
    if not path.is_file():
        raise ProjectError(f"{candidate.path.name} was not tested. {hint}")
    told = json.loads(path.read_text(encoding="utf-8"))
    if told["against"] != (None if now is None else now.run):
        raise ProjectError(f"{candidate.path.name} was tested before {now.run if now else 'nothing'} came into production. {hint}")  # fmt: skip
    if not told["passed"]:
        raise ProjectError(f"{candidate.path.name} did not pass. See crosstie test; or promote it anyway with --anyway")  # fmt: skip


def _run_of(here: Workspace, promoted: Promoted) -> Path:
    """The run's folder, fetched from the store if it is not here."""
    path = here.project.root / promoted.run
    if not (path / "model" / "manifest.json").is_file():
        here.store.fetch(promoted.product, path)
    return path


def _write_rows(run: Run, to: Path, part: str) -> None:
    """The rows of a part of a run's table, as text, so that they are read as training read them."""
    import pyarrow as pa  # 131 ms
    from pyarrow import compute, ipc, parquet

    with pa.memory_map(str(run.path / "splits.arrow")) as source:
        splits = ipc.open_file(source).read_all()
        wanted = splits.filter(compute.equal(splits["part"], part))["row"].to_numpy()
    config = read_yaml((run.path / "config.yaml").read_text(encoding="utf-8"), "config.yaml").value
    table = open_source(config["data"], base=run.path).table().take(wanted)
    parquet.write_table(arrow_table({name: table.cells(name) for name in table.columns}), to)


def _costs(here: Workspace) -> dict[str, Cost]:
    """What it took to make the candidate and the tables behind it, of those steps that were run on this machine, the longest first."""
    found = {}
    for name in upstream(here.steps, [MODEL]):
        built = here.state.get(name)
        each = None if built is None else here.costs.of(name, built.key)
        if each is not None:
            found[name] = each
    return dict(sorted(found.items(), key=lambda each: (-each[1].now.seconds, each[0])))


def _gates(here: Workspace) -> Path | None:
    path = here.project.root / "gates.yaml"
    return path if path.is_file() else None
