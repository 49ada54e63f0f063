"""The model anew, on the data as it is now: built, held against production, and promoted if it passes.

What a nightly job runs: one at a time, with nothing to do it does nothing, and killed at any point the next goes on.
"""

from dataclasses import dataclass
from typing import Any

from crosstie.errors import ProjectError
from crosstie.gates.show import verdict
from crosstie.pipeline.run import Run
from crosstie.project.build.build import Outcome, Recipe, Say, build
from crosstie.project.build.state import alone
from crosstie.project.build.workspace import Workspace
from crosstie.project.candidate import Tested, judge_candidate
from crosstie.project.fingerprint.fingerprint import Fingerprint
from crosstie.project.production import Promoted, in_production
from crosstie.project.production import promote as promote_model
from crosstie.project.steps.read import MODEL


@dataclass(frozen=True)
class Retrained:
    """What came of it.

    Attributes:
        here: The project.
        outcome: Of the build.
        run: The model that is built now, from the project's root; "" if it could not be.
        production: The one in production, now; None where nothing is.
        tested: What testing it gave; None where it is in production, or nothing could be built.
        promoted: Whether it was put into production.
    """

    here: Workspace
    outcome: Outcome
    run: str = ""
    production: Promoted | None = None
    tested: Tested | None = None
    promoted: bool = False

    @property
    def trained(self) -> bool:
        """Whether a model was trained, and not only found."""
        return MODEL in self.outcome.ran

    @property
    def passed(self) -> bool | None:
        """Whether gates and tests let it pass; None where nothing was tested."""
        return None if self.tested is None else self.tested.passed

    @property
    def code(self) -> int:
        """The exit code: 0 done, or nothing to do; 1 a gate or a test said no; 2 it cannot be built."""
        return 2 if self.outcome.failed else 1 if self.passed is False else 0

    def sentence(self) -> str:
        """In words."""
        if self.outcome.failed:
            return "; ".join(f"{step} failed: {why}" for step, why in self.outcome.failed.items())
        if self.tested is None:
            return f"nothing new: {self.run} is in production already, and its code and data are as they were"
        found = "trained" if self.trained else "was trained before"
        if not self.tested.comparison.passed:
            return (
                f"{self.run} {found} and stays out of production. {verdict(self.tested.comparison)}"
            )
        if not self.tested.own:
            return f"{self.run} {found} and stays out of production: the project's own tests failed"
        end = "is in production" if self.promoted else "passed. Next: crosstie promote"
        return f"{self.run} {found} and {end}"

    def to_json(self) -> dict[str, Any]:
        """As JSON values."""
        root = self.here.project.root
        return {
            "trained": self.trained,
            "run": str(root / self.run) if self.run else None,
            "passed": self.passed,
            "promoted": self.promoted,
            "production": str(root / self.production.run) if self.production else None,
            "gates": {each.gate: each.what for each in self.tested.comparison.failed}
            if self.tested
            else {},
            "tests": self.tested is None or self.tested.own,
            **self.outcome.to_json(),
            "said": self.sentence(),
        }


def retrain(here: Workspace, *, promote: bool = False, say: Say | None = None) -> Retrained:
    """Build what the data as it is now makes of the project, and test it against production.

    Where the model file leaves it open what learns, what was chosen for the model in production is trained again: a
    choice among several is made by `build`, by people who look at it.

    Args:
        here: The project.
        promote: Put the model into production if it passes.
        say: Called with each line worth showing.

    Raises:
        ProjectError: There is no model file, something is wrong with the steps, or another retrains here.
    """
    if MODEL not in here.steps:
        raise ProjectError("there is no model.yaml here; nothing is trained")
    with alone(here.project.own, doing="retrains"):
        outcome = build(here, recipe=_chosen(here), say=say)
        if outcome.failed:
            return Retrained(here, outcome, production=in_production(here))
        built, now = here.state.get(MODEL), in_production(here)
        assert built is not None
        if now is not None and now.run == built.file:
            return Retrained(here, outcome, built.file, now)
        found = judge_candidate(here)
        promoted = promote and found.passed
        if promoted:
            now = promote_model(here)
        return Retrained(here, outcome, built.file, now, found, promoted)


def _chosen(here: Workspace) -> Recipe | None:
    """How the model in production was trained, where the file, which is as it was then, leaves that open."""
    now = in_production(here)
    if now is None or here.model_file.model_type not in {None, "auto"}:
        return None
    run = Run(here.project.root / now.run)
    record = next((each for each in here.store.records(MODEL) if each.cost.get("run") == now.run), None)  # fmt: skip
    if record is None or not all((run.path / each).is_file() for each in ("config.yaml", "plan.json")):  # fmt: skip
        return None
    step = here.steps[MODEL]
    file = here.fingerprint(step, dict.fromkeys(step.upstreams, "")).digests["params"]
    if Fingerprint.from_json(record.fingerprint).digests["params"] != file:
        return None
    return Recipe(run.path)
