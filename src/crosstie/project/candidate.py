"""The model that was built last against the one in production: what may take its place."""

from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from crosstie.config.registry import use_components
from crosstie.data.files import write_json
from crosstie.data.read import open_source
from crosstie.data.rowwise.function import look_in
from crosstie.errors import ProjectError
from crosstie.gates.compare import compare
from crosstie.gates.comparison import Comparison
from crosstie.gates.costs import Cost
from crosstie.gates.page import write_page
from crosstie.gates.show import write_junit
from crosstie.gates.tables import Versions
from crosstie.pipeline.run import Run
from crosstie.project.build.workspace import Workspace
from crosstie.project.built import built_model, data_of, write_rows
from crosstie.project.holdout import as_each_takes_them
from crosstie.project.own_tests import own_tests_pass
from crosstie.project.production import in_production, run_of
from crosstie.project.steps.read import MODEL, upstream
from crosstie.project.versions import versions
from crosstie.serving.model import Model


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


def compare_candidate(here: Workspace, *, junit: Path | None = None) -> Comparison:
    """The model that was built last against the one in production, on the rows that that was tested on.

    A page of what was found is in `.crosstie/reports`.

    Args:
        here: The project.
        junit: A file of JUnit's form to write.

    Raises:
        ProjectError: The model is not built, or not as its code and data are now.
    """
    candidate, _ = built_model(here)
    now = in_production(here)
    use_components(here.project.components)
    look_in(here.project.root)
    for each in (candidate.path, *([] if now is None else [run_of(here, now)])):
        look_in(each / "features")  # the code that it was trained with
    with TemporaryDirectory() as folder:
        holdout, training = Path(folder) / "holdout.parquet", Path(folder) / "training.parquet"
        write_rows(candidate, training, "train")
        before = None
        if now is None:
            write_rows(candidate, holdout, "test")
        else:
            here.store.fetch(now.holdout, holdout)
            before = Path(folder) / "before.parquet"
            here.store.fetch(now.training, before)
        model = Model.load(candidate.path)
        production = None if now is None else Model.load(run_of(here, now))
        moved = None
        if now is not None and production is not None:
            moved = versions(here, now.run, now.product, (production, model))
        own = moved is not None and _own_rows(here, candidate, model, holdout, moved)
        found = compare(
            model,
            production,
            str(holdout.with_name("candidate.parquet") if own else holdout),
            production_holdout=str(holdout) if own else None,
            key=here.model_file.key_columns,
            training=(str(training), None if before is None else str(before)),
            versions=moved,
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


def _own_rows(
    here: Workspace, candidate: Run, model: Model, holdout: Path, moved: Versions
) -> bool:
    """Whether the candidate takes the frozen rows from its own table; they are then written beside them.

    Raises:
        ProjectError: It cannot, and they lack a column that it takes.
    """
    columns = open_source(str(holdout)).columns
    artifact = model.artifact
    needed = [*artifact.columns, *(each.column for each in artifact.outputs)]
    lacking = [each for each in dict.fromkeys(needed) if each not in columns]
    unmoved = moved.diff is not None
    if not lacking and not unmoved:
        return False
    now = data_of(candidate)
    written = as_each_takes_them(
        holdout, now, here.model_file.key_columns, lacking, unmoved=unmoved
    )
    if lacking and not written:
        raise ProjectError(
            f"the rows that production was tested on have no column {lacking[0]!r}, which this model takes, and no key "
            "tells them in its own table. Split by a hash of a column that is different in every row (split, in "
            "model.yaml), or promote it untested: crosstie promote --anyway"
        )
    return written


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
