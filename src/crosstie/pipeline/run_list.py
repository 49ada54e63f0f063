"""Runs found by what they are: which of many, in which order, by their facts, options and figures."""

import operator
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from crosstie.config.yaml import read_yaml
from crosstie.errors import ConfigError, Problem, nearest
from crosstie.pipeline.run import Run
from crosstie.reports.numbers import figure

FACTS = ("started", "ended", "seconds", "exit", "learner", "model_type", "seed", "name")
WAYS: Mapping[str, Callable[[Any, Any], bool]] = {
    ">=": operator.ge,
    "<=": operator.le,
    "!=": operator.ne,
    "=": operator.eq,
    ">": operator.gt,
    "<": operator.lt,
}
_CONDITION = re.compile(r"([^<>=!]+)(>=|<=|!=|=|>|<)(.*)")
_JUDGES = ("test", "validation", "train")  # which part a metric is of, where its name does not say


def chosen(found: Sequence[Run], *, where: Sequence[str], sort: str | None) -> list[Run]:
    """The runs that meet all conditions, in order.

    Args:
        found: Runs.
        where: Conditions as text: `learner=gbm`, `roc_auc>0.8`. What a run does not have meets none but `!=`.
        sort: By what, ascending; runs that do not have it come first. None leaves the order.

    Raises:
        ConfigError: A condition is none, or none of the runs has what is asked for; all that is wrong is named.
    """
    parsed, problems = [], []
    for each in where:
        condition = _CONDITION.fullmatch(each)
        if condition is None:
            problems.append(
                Problem("--where", f"{each!r} is no condition; write learner=gbm or roc_auc>0.8")
            )
        else:
            key, way, wanted = (part.strip() for part in condition.groups())
            parsed.append((key, way, wanted))
    keys = {key: "--where" for key, _, _ in parsed} | ({sort: "--sort"} if sort else {})
    for key, option in keys.items():
        if found and all(value(run, key) is None for run in found):
            known = sorted({name for run in found for name in _names(run)})
            problems.append(Problem(option, f"no run has {key!r}; {nearest(key, known)}"))
    if problems:
        raise ConfigError(problems)
    kept = [
        run
        for run in found
        if all(_meets(value(run, key), way, wanted) for key, way, wanted in parsed)
    ]
    return kept if sort is None else sorted(kept, key=lambda run: _order(value(run, sort)))


def columns(where: Sequence[str], sort: str | None) -> list[str]:
    """What was asked about and is no column of the list anyway."""
    keys = [match[1].strip() for each in where if (match := _CONDITION.fullmatch(each))]
    return [
        key
        for key in dict.fromkeys([*keys, *([sort] if sort else [])])
        if key not in {"seconds", "exit", "learner", "started", "name"}
    ]


def config(run: Run) -> dict[str, Any]:
    """The filled model file of a run."""
    path = run.path / "config.yaml"
    found = read_yaml(path.read_text(encoding="utf-8"), str(path)).value
    return dict(found) if isinstance(found, Mapping) else {}


def value(run: Run, key: str) -> Any:
    """A fact, an option or a figure of a run by its name; None where it has none of that name.

    Args:
        run: The run.
        key: `learner`, `trainer.epochs`, `roc_auc`, `Churn/roc_auc` or `test/Churn/roc_auc`.
    """
    if key == "exit":
        return run.exit
    if key in FACTS:
        return run.manifest.get(key)
    for split in _JUDGES:
        for output, values in run.metrics.get(split, {}).items():
            for metric, number in values.items():
                if key in {metric, f"{output}/{metric}", f"{split}/{output}/{metric}"}:
                    return number
    found: Any = config(run)
    for part in key.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    return found


def told(found: Any) -> str:
    """A value as a table shows it; "" where there is none."""
    if found is None:
        return ""
    if isinstance(found, bool):
        return str(found).lower()
    return figure(found) if isinstance(found, float) else str(found)


def _names(run: Run) -> list[str]:
    metrics = [
        name
        for outputs in run.metrics.values()
        for output, values in outputs.items()
        for metric in values
        for name in (metric, f"{output}/{metric}")
    ]
    options = [
        f"{key}.{inner}" if inner else key
        for key, each in config(run).items()
        for inner in (each if isinstance(each, Mapping) else [""])
    ]
    return [*FACTS, *metrics, *options]


def _meets(found: Any, way: str, wanted: str) -> bool:
    if found is None:
        return way == "!="
    if isinstance(found, int | float) and not isinstance(found, bool):
        try:
            return WAYS[way](float(found), float(wanted))
        except ValueError:
            return way == "!="
    return WAYS[way](told(found), wanted)


def _order(found: Any) -> tuple[int, float, str]:
    """What is not there, then numbers, then texts."""
    if found is None:
        return 0, 0.0, ""
    if isinstance(found, int | float):
        return 1, float(found), ""
    return 2, 0.0, str(found)
