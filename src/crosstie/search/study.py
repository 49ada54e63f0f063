"""The study of a search: its trials in a database, which processes share and a later one goes on from.

Each trial has a place among all of them. What it draws depends on the seed and on that, and on what came before it where
the sampler looks at that; so a search that is stopped anywhere tries the same as one that is not.
"""

import platform
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crosstie.config.document import Place
from crosstie.pipeline.process import is_gone, this_process
from crosstie.search.database import opening, store
from crosstie.tuning.hyperopt import build_pruner, build_sampler
from crosstie.tuning.sampler import Sampler, settled
from crosstie.tuning.space import Space

if TYPE_CHECKING:
    from optuna.samplers import BaseSampler
    from optuna.trial import FrozenTrial, Trial

USUAL = 20  # trials, where neither a number nor a time is given
TRIES = 3  # of a trial whose process ends without a word
STATES = {
    "COMPLETE": "done",
    "PRUNED": "pruned",
    "FAIL": "failed",
    "RUNNING": "running",
    "WAITING": "waiting",
}


@dataclass(frozen=True)
class Asked:
    """A trial to be run.

    Attributes:
        name: `trial_3`.
        values: Of its parameters.
        trial: As optuna has it.
        before: The folder in which another process began it; None for one that is new.
        steps: Those at which it was looked at.
    """

    name: str
    values: dict[str, Any]
    trial: "Trial" = field(repr=False)
    before: Path | None = None
    steps: set[int] = field(default_factory=set, repr=False)


@dataclass(frozen=True)
class Row:
    """A trial as the leaderboard has it.

    Attributes:
        name: `trial_3`.
        state: "done", "pruned", "failed"; "running", "interrupted", "waiting".
        value: What it was judged by, or of one that was pruned the last that was seen; None for neither.
        parameters: Their values.
        seconds: That it took.
        facts: What else there is to say: `why`, `step`, `metrics`, `rows`, `learner`, `folder`.
    """

    name: str
    state: str
    value: float | None
    parameters: dict[str, Any]
    seconds: float | None = None
    facts: dict[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """As `tune.json` has it."""
        own = {key: each for key, each in vars(self).items() if key != "facts"}
        return own | self.facts


class Study:
    """The trials of a search.

    Args:
        address: Of the database.
        name: Of the study in it.
        hyperopt: The filled section.
        spaces: Of each parameter.
        seed: Of all that is drawn.
        maximize: Whether more is better.
        place: Of the address, for errors.

    Attributes:
        total: Trials in all; None for as many as there is time for.
        prunes: Whether a trial may be ended.
        once: Whether all of them are gone through, so that a second round would be the first again.

    Raises:
        ConfigError: The database cannot be opened.
    """

    def __init__(
        self,
        address: str,
        name: str,
        hyperopt: Mapping[str, Any],
        spaces: Mapping[str, Space],
        *,
        seed: int,
        maximize: bool,
        place: Place,
    ) -> None:
        sampler, pruner = build_sampler(hyperopt), build_pruner(hyperopt)
        self.spaces = spaces
        self.prunes = pruner is not None
        whole = {
            key: list(each.points() or ())
            for key, each in spaces.items()
            if each.whole or sampler.whole
        }
        self.once = len(whole) == len(spaces) and not sampler.whole
        self.total = _total(hyperopt["executor"], whole, once=self.once, grid=sampler.whole)
        with settled(), opening(address, place):
            import optuna

            self._study = optuna.create_study(
                storage=store(address),
                sampler=_seeded(sampler, seed, whole, self._trials),
                pruner=optuna.pruners.NopPruner() if pruner is None else pruner.build(),
                study_name=name,
                direction="maximize" if maximize else "minimize",
                load_if_exists=True,
            )

    def ask(self, folder: Path) -> Asked | None:
        """The next trial, one that another process left before a new one; None where there is none.

        Args:
            folder: Of all trials of this process's run.
        """
        self._take_over()
        trials = self._trials()
        waiting = any(each.state.name == "WAITING" for each in trials)
        if not waiting and self.total is not None and len(_new(trials)) >= self.total:
            return None
        with settled():
            distributions = {name: each.distribution() for name, each in self.spaces.items()}
            trial = self._study.ask(distributions)
        place = _place(trial, self._trials())
        before = trial.user_attrs.get("folder")
        if self.total is not None and place >= self.total:  # another process was quicker
            trial.set_user_attr("surplus", True)  # noqa: FBT003 - optuna's
            self._tell(trial, "FAIL")
            return None
        name = f"trial_{place}"
        begun = {"folder": str((folder / name).resolve()), "process": this_process()}
        trial.set_user_attr("begun", begun)
        return Asked(
            name,
            {key: each.value(trial.params[key]) for key, each in self.spaces.items()},
            trial,
            None if before is None else Path(before),
        )

    def goes_badly(self, asked: Asked, step: int, value: float) -> bool:
        """Note how a trial does at a step, where that may matter; whether it is to be ended."""
        if (
            not self.prunes or step in asked.steps
        ):  # of folds, and after a resume, a step may come again
            return False
        asked.steps.add(step)
        asked.trial.report(value, step)
        with settled():
            return bool(asked.trial.should_prune())

    def done(self, asked: Asked, value: float, **facts: Any) -> None:
        """A trial came to its end."""
        self._end(asked, "COMPLETE", value, facts)

    def pruned(self, asked: Asked, **facts: Any) -> None:
        """A trial was ended."""
        self._end(asked, "PRUNED", None, facts)

    def failed(self, asked: Asked, **facts: Any) -> None:
        """A trial came to nothing."""
        self._end(asked, "FAIL", None, facts)

    def left(self, asked: Asked) -> None:
        """A trial was interrupted; whoever asks next goes on with it."""
        asked.trial.set_user_attr("left", True)  # noqa: FBT003 - optuna's

    def rows(self) -> list[Row]:
        """All trials in their order."""
        trials = self._trials()
        gone = {each.user_attrs["again"] for each in trials if "again" in each.user_attrs}
        kept = [
            each
            for each in trials
            if each.number not in gone and not each.user_attrs.get("surplus")
        ]
        found = {_place(each, trials): self._row(each, trials) for each in kept}
        return [found[place] for place in sorted(found)]

    def _row(self, trial: "FrozenTrial", trials: Sequence["FrozenTrial"]) -> Row:
        facts = dict(trial.user_attrs.get("facts", {}))
        values = [value for _, value in sorted(trial.intermediate_values.items())]
        value = trial.value if trial.state.name == "COMPLETE" else (values or [None])[-1]
        if "begun" in trial.user_attrs:
            facts["folder"] = trial.user_attrs["begun"]["folder"]
        state = STATES[trial.state.name]
        left = state == "running" and trial.user_attrs.get("left", False)
        return Row(
            f"trial_{_place(trial, trials)}",
            "interrupted" if left else state,
            value,
            {
                name: each.value(trial.params[name])
                for name, each in self.spaces.items()
                if name in trial.params
            },
            facts.pop("seconds", None),
            facts,
        )

    def _take_over(self) -> None:
        """Have trials whose process is gone, or that it left, wait for whoever asks next."""
        trials = self._trials()
        again = {each.user_attrs.get("again") for each in trials}
        for each in trials:
            own = each.user_attrs
            left, begun = own.get("left", False), own.get("begun", {})
            process = begun.get("process", {})
            if each.state.name != "RUNNING" or not (left or is_gone(process)):
                continue
            tries = own.get("tries", 1) + (not left)
            trial = self._held(each)
            if tries > TRIES:
                why = f"its process ended without a word, {TRIES} times"
                trial.set_user_attr("facts", {"why": why})
                self._tell(trial, "FAIL")
                continue
            if each.number not in again:
                facts = {"again": each.number, "place": _place(each, trials), "tries": tries}
                if process.get("host") == platform.node():
                    facts["folder"] = begun["folder"]
                self._study.enqueue_trial(each.params, user_attrs=facts)
            self._tell(trial, "FAIL")

    def _held(self, trial: "FrozenTrial") -> "Trial":
        from optuna.trial import Trial

        return Trial(self._study, trial._trial_id)  # noqa: SLF001 - a trial that another process began

    def _end(self, asked: Asked, state: str, value: float | None, facts: Mapping[str, Any]) -> None:
        asked.trial.set_user_attr("facts", dict(facts))
        self._tell(asked.trial, state, value)

    def _tell(self, trial: "Trial", state: str, value: float | None = None) -> None:
        from optuna.trial import TrialState

        with settled():
            self._study.tell(trial, value, state=TrialState[state], skip_if_finished=True)

    def _trials(self) -> list["FrozenTrial"]:
        found: list[FrozenTrial] = self._study.get_trials(deepcopy=False)
        return found


def _total(
    executor: Mapping[str, Any], whole: Mapping[str, Sequence[Any]], *, once: bool, grid: bool
) -> int | None:
    """How many trials there are to be.

    Args:
        executor: The filled section.
        whole: Spaces that are gone through, with what is in them.
        once: Whether one round of them is all there is.
        grid: Whether they are gone through because all are, so that a part of them will do.
    """
    asked, limit = executor["num_samples"], executor["time_budget_s"]
    points = prod(map(len, whole.values()))
    if grid:
        return min(points, asked or points)
    if whole:
        return points * (1 if once else asked or 1)
    if asked is None and limit is not None:
        return None
    return int(asked or USUAL)


def _new(trials: Sequence["FrozenTrial"]) -> list["FrozenTrial"]:
    """Those that are none again."""
    return [each for each in trials if "again" not in each.user_attrs]


def _place(trial: Any, trials: Sequence["FrozenTrial"]) -> int:
    """Which trial it is, from 0, those left out that were begun again."""
    known = trial.user_attrs.get("place")
    before = [each for each in _new(trials) if each.number < trial.number]
    return len(before) if known is None else int(known)


def _seeded(
    sampler: Sampler,
    seed: int,
    whole: Mapping[str, Sequence[Any]],
    trials: Callable[[], Sequence["FrozenTrial"]],
) -> "BaseSampler":
    """A sampler that goes through some spaces, and draws from the others by the seed and the place of each trial."""
    from optuna.distributions import BaseDistribution
    from optuna.samplers import BaseSampler

    class Seeded(BaseSampler):  # type: ignore[misc]  # imported only here
        inner: BaseSampler
        point: dict[str, Any]

        def before_trial(self, study: Any, trial: Any) -> None:
            place = _place(trial, trials())
            self.inner = sampler.build(seed, place)
            self.point = _point(whole, place)
            self.inner.before_trial(study, trial)

        def infer_relative_search_space(
            self, study: Any, trial: Any
        ) -> dict[str, BaseDistribution]:
            found = self.inner.infer_relative_search_space(study, trial)
            return {name: each for name, each in found.items() if name not in whole}

        def sample_relative(self, study: Any, trial: Any, search_space: Any) -> dict[str, Any]:
            found: dict[str, Any] = self.inner.sample_relative(study, trial, search_space)
            return found

        def sample_independent(
            self, study: Any, trial: Any, param_name: str, param_distribution: Any
        ) -> Any:
            if param_name in self.point:
                return self.point[param_name]
            return self.inner.sample_independent(study, trial, param_name, param_distribution)

        def after_trial(self, study: Any, trial: Any, state: Any, values: Any) -> None:
            if hasattr(self, "inner"):  # of a trial that another process began there is none
                self.inner.after_trial(study, trial, state, values)

    return Seeded()


def _point(whole: Mapping[str, Sequence[Any]], place: int) -> dict[str, Any]:
    """The combination of a place, the last parameter changing fastest.

    Examples:
        >>> [_point({"a": [1, 2], "b": "xy"}, place) for place in (0, 1, 2, 4)]
        [{'b': 'x', 'a': 1}, {'b': 'y', 'a': 1}, {'b': 'x', 'a': 2}, {'b': 'x', 'a': 1}]
    """
    found = {}
    for name in reversed(list(whole)):
        place, index = divmod(place, len(whole[name]))
        found[name] = whole[name][index]
    return found
