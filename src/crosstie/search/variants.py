"""A file with values put into it: what each trial of a search trains, checked before the first of them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from crosstie.config import wording
from crosstie.config.document import Document, Place, dotted
from crosstie.config.yaml import Keys
from crosstie.errors import ConfigError, CrosstieError, Problem
from crosstie.pipeline.check import make_plan
from crosstie.pipeline.grammar import File
from crosstie.pipeline.plan import Plan
from crosstie.pipeline.request import Request
from crosstie.pipeline.sections import words
from crosstie.pipeline.tables import Opened
from crosstie.search.goal import Goal
from crosstie.tuning.hyperopt import build_spaces, space_problems
from crosstie.tuning.space import Space

LISTS = ("input_features", "output_features")
STEPWISE = ("ecd", "gbm")  # learners that say how they do as they go
# what decides by which rows and columns trials are judged, or is no part of the model
FIXED: Sequence[Keys] = (
    *((key,) for key in ("name", "version", "data", "target", "weight", "seed", "folds", "split")),
    *((key,) for key in ("features", "components", "callbacks", "private", "backend", "hyperopt")),
    *(("preprocessing", key) for key in ("split", "sample_ratio", "sample_size", "time", "group")),
)
JUDGED = "decides by which rows or columns trials are judged, which must be the same for all; leave it out"
NOTHING = (
    "nothing says what to vary. Write a section 'hyperopt', as in "
    "`hyperopt: {parameters: {trainer.learning_rate: [0.01, 0.03, 0.1]}}`"
)


class Variants:
    """Plans of one file with different values.

    Args:
        request: The file, its tables, and what is said beside it.

    Attributes:
        document: The file with all that is said beside it.
        base: The plan of the file as it stands.
        hyperopt: Its filled section.
        spaces: Of each parameter.

    Raises:
        ConfigError: The file as it stands is wrong, or says nothing of a search.
        DataError: A table cannot be read.
    """

    def __init__(self, request: Request) -> None:
        self.document = request.document.copy()
        for each in request.overrides:
            self.document.set(each)
        written = request.document.value.get("hyperopt")
        asked = self.document.value.get("hyperopt")
        if written is None and (not isinstance(asked, Mapping) or "parameters" not in asked):
            raise ConfigError(Problem(self.document.where(), NOTHING))
        self._request = request
        self._opened = Opened()
        try:
            self.base = self._plan(self.document)
        except ConfigError as error:
            raise ConfigError([*error.problems, *self._others(error.problems)]) from None
        assert self.base.hyperopt is not None, "the file has the section"
        self.hyperopt = self.base.hyperopt
        self.spaces: Mapping[str, Space] = build_spaces(self.hyperopt)
        self._paths: dict[str, Keys] = {}

    def plan(self, values: Mapping[str, Any]) -> Plan:
        """The plan of the file with these values of its parameters, in the order in which the file has them."""
        document = self.document.copy()
        document.value.pop("hyperopt", None)
        if document.value.get("model_type") is None:  # listing a column must not change what learns
            document.value["model_type"] = self.base.model_type
        for name, value in values.items():
            _put(document, self.path(name), value)
        return self._plan(document)

    def _others(self, told: Sequence[Problem]) -> list[Problem]:
        """What else is wrong, as far as that can be told without the parameters whose spaces are none."""
        asked = self.document.value["hyperopt"]
        parameters = asked.get("parameters") if isinstance(asked, Mapping) else None
        if not isinstance(parameters, Mapping):
            return []
        sound = {
            name: each
            for name, each in parameters.items()
            if not space_problems(each, self._place(name))
        }
        if not sound or len(sound) == len(parameters):
            return []
        document = self.document.copy()
        document.value["hyperopt"]["parameters"] = sound
        try:
            Variants(replace(self._request, document=document, overrides=())).check()
        except ConfigError as error:
            return [each for each in error.problems if each not in told]
        return []

    def path(self, name: str) -> Keys:
        """Where in the file a parameter lies, columns by their names.

        Raises:
            ConfigError: Nothing of the file is called so.
        """
        if name not in self._paths:
            self._paths[name] = self._found(name)
        return self._paths[name]

    def check(self) -> Goal:
        """Try every value of a list and both ends of a range.

        Returns:
            By what trials are judged.

        Raises:
            ConfigError: All that is wrong, each with the line of its parameter.
        """
        problems: list[Problem] = []
        goal = None
        try:
            goal = Goal.of(self.base, self.hyperopt, self.document.at("hyperopt"))
        except ConfigError as error:
            problems += error.problems
        corners: dict[str, list[Any]] = {}
        for name, space in self.spaces.items():
            values = [space.value(each) for each in space.corners()]
            try:
                self.path(name)
            except ConfigError as error:
                problems += [Problem(str(self._place(name)), each.what) for each in error.problems]
                continue
            fixed = [each for value in values for each in self._fixed(name, value)]
            problems += fixed
            if not fixed:
                corners[name] = values
        first = {name: each[0] for name, each in corners.items()}
        found = set()
        for name, values in corners.items():
            for value in values:
                try:
                    found.add(self.plan({**first, name: value}).model_type)
                except ConfigError as error:
                    problems += [self._told(name, each) for each in error.problems]
        if problems:
            places = [str(self._place(name)) for name in self.spaces]
            raise ConfigError(
                sorted(dict.fromkeys(problems), key=lambda each: _order(each, places))
            )
        self._check_learners(found)
        assert goal is not None, "what is wrong with it was told"
        return goal

    def _plan(self, document: Document) -> Plan:
        asked = self._request
        return make_plan(
            document,
            source=asked.given,
            target=asked.target,
            types=asked.types,
            opened=self._opened,
        )

    def _place(self, name: str) -> Place:
        return self.document.at("hyperopt", "parameters", name)

    def _found(self, name: str) -> Keys:
        if name == ".":
            return ()
        columns = {
            "input_features": [each.name for each in self.base.inputs],
            "output_features": [each.name for each in self.base.outputs],
        }
        head, _, rest = name.partition(".")
        if head in LISTS:
            column = _longest(rest, columns[head])
            if column is None:
                hint = wording.hint(rest.partition(".")[0], columns[head])
                raise ConfigError(f"no column of '{head}' is called so; {hint}")
            return (head, column, *_keys(rest[len(column) :]))
        if head in words(File):
            return tuple(name.split("."))
        for role, known in columns.items():
            column = _longest(name, known)
            if column is not None:
                return (role, column, *_keys(name[len(column) :]))
        known = [key for key in words(File) if (key,) not in FIXED]
        hint = wording.hint(head, [*known, *columns["input_features"], *columns["output_features"]])
        raise ConfigError(f"no section of the file and no column is called {head!r}; {hint}")

    def _fixed(self, name: str, value: Any) -> list[Problem]:
        path = self.path(name)
        inside = [(*path, *each) for each in _leaves(value)]
        found = [each for each in FIXED if any(leaf[: len(each)] == each for leaf in inside)]
        place = str(self._place(name))
        return [
            Problem(place, JUDGED if each == path else f"{dotted(each)} {JUDGED}") for each in found
        ]

    def _told(self, name: str, problem: Problem) -> Problem:
        """What is wrong with a trial, told at the parameter that it is about."""
        where = problem.where.rpartition(" ")[2]
        shown = {each: _shown(self.document, path) for each, path in self._paths.items()}
        about = [each for each, path in shown.items() if _below(where, path)]
        owner = max(about, key=lambda each: len(shown[each])) if about else name
        rest = where if not about else where[len(shown[owner]) :].lstrip(".")
        return Problem(str(self._place(owner)), f"{rest}: {problem.what}" if rest else problem.what)

    def _check_learners(self, found: set[str]) -> None:
        if "auto" in found:
            raise ConfigError(
                Problem(
                    self.document.where(("hyperopt",)),
                    "model_type auto searches by itself; name what learns, as `model_type: gbm`, or vary it, as "
                    "`parameters: {model_type: [gbm, ecd]}`",
                )
            )
        pruner = self.hyperopt["executor"]["pruner"]
        if pruner is None:
            return
        place = str(self.document.at("hyperopt", "executor", "pruner"))
        if len(found) > 1:
            names = " and ".join(sorted(found))
            raise ConfigError(
                Problem(
                    place,
                    f"holds trials against each other step by step, and steps of {names} are not the same; leave it out, or "
                    "search for each by itself",
                )
            )
        (learner,) = found
        if learner not in STEPWISE:
            raise ConfigError(
                Problem(
                    place,
                    f"a {learner} model is fitted in one go, so nothing can end it; leave it out",
                )
            )


def _order(problem: Problem, places: Sequence[str]) -> int:
    """Parameters in the order of the file, behind what is wrong with the rest."""
    return places.index(problem.where) if problem.where in places else -1


def _longest(name: str, columns: Sequence[str]) -> str | None:
    """The column that a name begins with; the longest, for names may have dots."""
    found = [each for each in columns if name == each or name.startswith(f"{each}.")]
    return max(found, key=len, default=None)


def _keys(rest: str) -> list[str]:
    return [key for key in rest.split(".") if key]


def _leaves(value: Any) -> list[Keys]:
    """The paths of what is not a section."""
    if not isinstance(value, Mapping) or not value:
        return [()]
    return [(str(key), *each) for key, inner in value.items() for each in _leaves(inner)]


def _put(document: Document, path: Keys, value: Any) -> None:
    """Set what lies at a path; sections on the way are made, an entry of a list is found by its name."""
    if not path:
        for key, each in value.items():
            document.value[key] = _joined(document.value.get(key), each)
        return
    holder, keys = document.value, list(map(str, path))
    if keys[0] in LISTS and len(keys) > 1:
        holder, keys = _entry(holder, keys[0], keys[1]), keys[2:]
    for key in keys[:-1]:
        inner = holder.get(key)
        if not isinstance(inner, dict):
            inner = {} if inner is None else {"type": inner}
        holder[key] = inner
        holder = inner
    if not keys:
        holder.update(_joined({}, value))
        return
    last = keys[-1]
    holder[last] = _joined(holder.get(last), value)


def _entry(top: dict[str, Any], role: str, name: str) -> dict[str, Any]:
    """The entry of a column, which is written where nobody did."""
    entries = top.get(role) or []
    top[role] = entries
    for place, each in enumerate(entries):
        if each == name:
            entries[place] = {"name": name}
        if each == name or (isinstance(each, dict) and each.get("name") == name):
            found: dict[str, Any] = entries[place]
            return found
    added: dict[str, Any] = {"name": name}
    entries.append(added)
    return added


def _joined(before: Any, value: Any) -> Any:
    """A value in the place of another; a section without a `type` only sets its keys."""
    if not isinstance(value, Mapping):
        return value
    if "type" in value or not isinstance(before, Mapping):
        return {key: _joined(None, each) for key, each in value.items()}
    return {
        **before,
        **{key: _joined(before.get(key), each) for key, each in value.items()},
    }


def _shown(document: Document, path: Keys) -> str:
    """A path as errors show it: a column by its place in the list, if it has one."""
    if len(path) < 2 or path[0] not in LISTS:
        return dotted(path)
    entries = document.value.get(str(path[0])) or []
    names = [each.get("name") if isinstance(each, dict) else each for each in entries]
    index = names.index(path[1]) if path[1] in names else len(names)
    return dotted((path[0], index, *path[2:]))


def _below(where: str, path: str) -> bool:
    return where == path or where.startswith((f"{path}.", f"{path}[")) if path else False


def data_of(plan: Plan) -> str:
    """What of a plan its encoded rows depend on: two trials of which this is the same share them."""
    network = ("encoder", "decoder", "loss", "augmentation")
    judged = ("metric", "threshold", "coverage", "calibration", "dependencies")
    left = {"name", "model_type", "combiner", "trainer", "callbacks"}
    found = {key: each for key, each in plan.config.items() if key not in left}
    for role in LISTS:
        found[role] = [
            {
                key: each
                for key, each in section.items()
                if key not in judged
                and (key not in network or section["type"] in {"text", "sequence"})
            }
            for section in plan.config[role]
        ]
    return json.dumps(found, sort_keys=True, default=str)


def told(error: Exception) -> str | None:
    """What went wrong with a trial, in one line; None of what is no fault of its values."""
    if isinstance(error, CrosstieError):
        return "; ".join(each.what for each in error.problems)
    if isinstance(error, MemoryError) or "out of memory" in str(error):  # torch's is a RuntimeError
        return "there is not enough memory for it"
    return None
