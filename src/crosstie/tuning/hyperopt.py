"""`hyperopt:` of the file: what a search varies, by what it judges, and how it goes about it. Ludwig's grammar.

hyperopt:
  parameters:
    trainer.learning_rate: {space: loguniform, lower: 0.001, upper: 0.1}
    combiner.output_size: [64, 128, 256]
  metric: roc_auc
  executor: {num_samples: 30, pruner: median}
"""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from annotated_types import Ge, Gt, MinLen

from crosstie.config import wording
from crosstie.config.document import Place
from crosstie.config.options import ComponentOf, Filled, Section, build, check, check_component
from crosstie.config.words import ANYTHING, Answer, Elsewhere
from crosstie.errors import ConfigError, Problem
from crosstie.tuning.pruner import Pruner, pruners
from crosstie.tuning.sampler import Sampler, samplers
from crosstie.tuning.space import Space, spaces

SPACE = ComponentOf(spaces, key="space")
_HERE = "trials run on this machine; leave it out, or write `max_concurrent_trials: …` for several at once"


class Executor:
    """How trials are run.

    Args:
        type: On this machine, by optuna.
        num_samples: Trials in all, those of other processes on the same storage among them; with `grid_search` rounds
            through all of its values. null is all combinations of a grid, 1 round, else 20 trials, or with a time budget as
            many as it leaves room for.
        time_budget_s: Seconds after which no trial goes on.
        max_concurrent_trials: Trials at once, each in a process of its own; `auto` is one for every 4 processors.
        storage: The address of the study: `sqlite:///study.db`, a path being relative to the file, or another database that
            optuna and its drivers know. Processes with the same file and the same storage share their trials. null is
            `study.db` in the run.
        pruner: What ends trials that go badly; null ends none.
    """

    answers: ClassVar[dict[str, Answer]] = {
        "sampler": Answer("is called 'search_alg', and belongs into 'hyperopt'"),
        "scheduler": Answer(
            "is called 'pruner' here, as `pruner: asha`", (None, {}, {"type": "fifo"})
        ),
        "cpu_resources_per_trial": Answer("write `--threads N` on the command line", (None, 1)),
        "gpu_resources_per_trial": Answer("write `trainer: {device: …}`", (None, 0)),
        "trial_driver_resources": Answer(_HERE, (None,)),
        "kubernetes_namespace": Answer(_HERE, (None,)),
        "run_trials_on_remote": Answer(_HERE, (False,)),
    }

    def __init__(
        self,
        *,
        type: Annotated[
            Literal["optuna", "local"],
            Elsewhere(
                values={"serial": "local", "parallel": "local"},
                never={"ray": f"is not part of this version: {_HERE}"},
            ),
        ] = "optuna",
        num_samples: Annotated[int, Ge(1), Elsewhere("n_trials", "max_trials", "trials")]
        | None = None,
        time_budget_s: Annotated[
            float, Gt(0), Elsewhere("time_limit", "timeout", "time_budget", "max_time")
        ]
        | None = None,
        max_concurrent_trials: Annotated[
            int | Literal["auto"], Ge(1), Elsewhere("n_jobs", "num_workers", "parallelism")
        ] = 1,
        storage: Annotated[str | None, Elsewhere("storage_url", "database")] = None,
        pruner: Annotated[dict[str, Any] | None, ComponentOf(pruners)] = None,
    ) -> None: ...


class Hyperopt:
    """What `crosstie tune` varies.

    Args:
        parameters: The option, with dots (`trainer.learning_rate`, `combiner`, of a column `age.preprocessing.normalization`),
            to the space of its values: a section with `space`, or a list. `.` is the whole file.
        goal: Make the metric small or great; null is what makes a model better by it.
        metric: Of the output.
        output_feature: The output that is judged; `combined` is the only one, or the loss of several, each
            beside that of a guess that sees no column.
        split: The rows that judge.
        search_alg: What chooses the values of the next trial.
        executor: How trials are run.
    """

    answers: ClassVar[dict[str, Answer]] = {
        "sampler": Answer(
            "is called 'search_alg' here, and how many trials there are says `executor: {num_samples: …}`"
        ),
        "pruner": Answer("belongs into 'executor'"),
        "num_samples": Answer("belongs into 'executor'"),
        "storage": Answer("belongs into 'executor'"),
        "eval_split": Answer("each trial is measured on all rows; leave it out", (ANYTHING,)),
    }

    def __init__(
        self,
        *,
        parameters: Annotated[dict[str, Any], MinLen(1)],
        goal: Literal["minimize", "maximize"] | None = None,
        metric: str = "loss",
        output_feature: str = "combined",
        split: Annotated[
            Literal["validation"],
            Elsewhere(
                never={
                    "test": "would make the figures of the test rows untrue: they must not choose. Write 'validation'",
                    "training": "would choose what learns rows by heart. Write 'validation'",
                    "train": "would choose what learns rows by heart. Write 'validation'",
                }
            ),
        ] = "validation",
        search_alg: Annotated[dict[str, Any], ComponentOf(samplers)] = "tpe",  # type: ignore[assignment]  # read, never constructed
        executor: Annotated[dict[str, Any], Section(Executor)] = {},  # noqa: B006 - likewise
    ) -> None: ...


def read_hyperopt(given: Any, place: Place) -> tuple[Filled, list[Problem]]:
    """The section filled, every space of `parameters` to a section of its own; and what is wrong with it.

    Args:
        given: The section.
        place: Where it stands.
    """
    filled, problems = check(Hyperopt, given, place)
    parameters: Filled = {}
    written = filled.get("parameters")
    for name, each in (written if isinstance(written, Mapping) else {}).items():
        parameters[name], wrong = _space(each, place.at("parameters", name))
        problems += wrong
    filled["parameters"] = parameters
    if problems:
        return filled, problems
    whole = build_sampler(filled).whole
    for name, space in build_spaces(filled).items():
        if (whole or space.whole) and space.points() is None:
            problems.append(
                Problem(
                    str(place.at("parameters", name)),
                    "has no end of values to go through; give it steps (quniform, qrandint), a list, or choose another search_alg",
                )
            )
    pruner = filled["executor"]["pruner"]
    if pruner is not None:
        problems += _tried(pruners.get(pruner["type"]), pruner, place.at("executor", "pruner"))
    return filled, problems


def build_spaces(filled: Mapping[str, Any]) -> dict[str, Space]:
    """The spaces of a filled section, by parameter."""
    return {
        name: build(spaces.get(each["space"]), **_without(each, "space"))
        for name, each in filled["parameters"].items()
    }


def space_problems(given: Any, place: Place) -> list[Problem]:
    """What is wrong with the space of one parameter.

    Args:
        given: As the file has it.
        place: Where it stands.
    """
    return _space(given, place)[1]


def build_sampler(filled: Mapping[str, Any]) -> Sampler:
    """What chooses."""
    section = filled["search_alg"]
    return build(samplers.get(section["type"]), **_without(section, "type"))


def build_pruner(filled: Mapping[str, Any]) -> Pruner | None:
    """What ends trials, if anything does."""
    section = filled["executor"]["pruner"]
    return (
        None
        if section is None
        else build(pruners.get(section["type"]), **_without(section, "type"))
    )


def _space(given: Any, place: Place) -> tuple[Filled, list[Problem]]:
    """A parameter's section with its `space`; what the short forms leave open is filled in."""
    section = {"categories": given} if isinstance(given, list) else given
    if not isinstance(section, Mapping):
        what = f"must be a list of values or a section with 'space', got {wording.show(given)}"
        return {}, [Problem(str(place), what)]
    if "space" not in section:
        section = {"space": _guessed(section), **section}
    if section["space"] is None:
        known = ", ".join(spaces.names())
        return {}, [Problem(str(place), f"needs 'space': one of {known}")]
    filled, problems = check_component(SPACE, section, place)
    if not problems:
        problems = _tried(spaces.get(filled["space"]), _without(filled, "space"), place)
    return filled, problems


def _guessed(section: Mapping[str, Any]) -> str | None:
    """The space that a section without one means."""
    if "categories" in section:
        return "choice"
    if "values" in section:
        return "grid_search"
    ends = [section[key] for key in ("lower", "upper") if key in section]
    if len(ends) < 2:
        return None
    whole = all(isinstance(each, int) for each in [*ends, section.get("q", 1)])
    return ("q" if "q" in section else "") + ("randint" if whole else "uniform")


def _tried(cls: type[Any], section: Mapping[str, Any], place: Place) -> list[Problem]:
    """What only building a component tells of its options."""
    try:
        build(cls, **_without(section, "type"))
    except ConfigError as error:
        return [
            Problem(str(place.at(each.where) if each.where else place), each.what)
            for each in error.problems
        ]
    return []


def _without(section: Mapping[str, Any], key: str) -> dict[str, Any]:
    return {name: each for name, each in section.items() if name != key}
