"""Options of `model_type: auto`: the section `trainer:` of a file that leaves it open what learns."""

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Literal

from annotated_types import Gt

from crosstie.config.words import Elsewhere
from crosstie.data.profile import ColumnProfile
from crosstie.data.split import Split
from crosstie.data.splits.group import Group
from crosstie.data.splits.random import Random
from crosstie.data.splits.stratify import Stratify
from crosstie.errors import ConfigError, Problem
from crosstie.features.output_feature import OutputFeature
from crosstie.learners.learner import learners as known
from crosstie.pipeline.tables import Tables

_DURATION = re.compile(r"(?:(\d+(?:\.\d+)?)h)?(?:(\d+(?:\.\d+)?)m(?:in)?)?(?:(\d+(?:\.\d+)?)s?)?")
_MOMENT = re.compile(r"(\d+(?:\.\d+)?)(s|ms|us)(?:/row)?")

FEW = 5_000  # rows of a table whose validation part is too small to tell models apart
CELLS_A_SECOND = (
    1_800  # of a time limit, so that there is time for a dozen models of each fold of a larger one
)
PLAN = "plan.json"
FOLDS = 5
RARE = 10  # rows of a class, so that each fold has some
Effort = Literal["quick", "standard", "thorough"]


class Auto:
    """What may be spent, and on what.

    Args:
        effort: How much is tried where there is no time limit: `quick` is for a first look, under a minute on 10,000
            rows; `standard` tries a portfolio of boosters and networks; `thorough` draws more of them.
        time_limit: Seconds for the whole command, or the whole call in Python. All of them are used, whatever the effort.
        inference_limit: Seconds that the model may take for a row by itself, on one processor; None is no limit. Where
            nothing that is tried is as quick, the quickest is kept and that is said.
        learners: Only these are tried; None is all that can take the table.
        monotone_constraints: Number inputs whose effect may only rise (1) or fall (-1). Only learners are tried that
            keep them.
        validation_metric: By which fits are ended and models compared; None is the output's own.
        ensemble: Whether a weighted average of models may be kept, where that is better on rows it was not chosen by;
            None is so unless a quick look is all that was asked for.
        refit: Whether what is kept learns from validation rows, too, once it is chosen: one model on all rows in the
            place of one a fold, so the model is smaller and quicker. Only boosters can; it takes about twice as long
            as the fit of a fold.
        plan: A run, whose search is done again to the same model: the same fits, ended where they were ended then.
        repeat: Of that run, `all` fits, or those that were `kept`: the model itself, on other rows perhaps. `further` is
            all of them, and then what the time limit has room for: it ends with no worse a score than that run.
    """

    def __init__(
        self,
        *,
        effort: Annotated[Effort, Elsewhere("presets", "preset", "mode")] = "quick",
        time_limit: Annotated[
            float | None,
            Gt(0),
            Elsewhere("time_budget", "time_limit_s", "total_time_limit", "max_time", "timeout"),
        ] = None,
        inference_limit: Annotated[float | None, Gt(0), Elsewhere("infer_limit")] = None,
        learners: Annotated[
            list[str] | None, Elsewhere("algorithms", "estimator_list", "included_model_types")
        ] = None,
        monotone_constraints: Annotated[dict[str, Literal[-1, 0, 1]], Elsewhere("monotonic_cst")]
        | None = None,
        validation_metric: Annotated[
            str | None, Elsewhere("eval_metric", "scoring", "metric")
        ] = None,
        ensemble: bool | None = None,
        refit: Annotated[bool, Elsewhere("refit_full", "retrain_full")] = False,
        plan: str | None = None,
        repeat: Literal["all", "kept", "further"] = "all",
    ) -> None:
        unknown: Sequence[str] = [name for name in learners or () if name not in known.names()]
        if unknown:
            raise ConfigError(
                Problem(f"trainer.learners.{name}", f"is no learner; {known.hint(name)}")
                for name in unknown
            )
        if repeat == "further" and (plan is None or time_limit is None):
            raise ConfigError(
                Problem(
                    "trainer.repeat",
                    "further: goes on behind a plan as long as a time limit lets it; give both, --plan and --time-limit",
                )
            )
        self.effort: Effort = effort
        self.time_limit = time_limit
        self.inference_limit = inference_limit
        self.learners = learners
        self.monotone_constraints = monotone_constraints or {}
        self.validation_metric = validation_metric
        self.refit = refit
        self.plan = plan
        self.repeat = repeat
        self.replayed = plan is not None and repeat != "further"
        self.limit = (
            None if self.replayed else time_limit
        )  # what is done again takes as long as it takes
        self.wide = effort != "quick" or time_limit is not None
        self.ensemble = self.wide or plan is not None if ensemble is None else ensemble


def folds_of_search(
    options: Auto,
    tables: Tables,
    split: Split | None,
    outputs: Sequence[OutputFeature],
    looks: Mapping[str, ColumnProfile],
) -> int | None:
    """How many folds a search judges its models by; None where validation rows are enough to tell models apart, or given.

    Args:
        options: Of the search; one that is done again has the folds that it had.
        tables: The opened tables.
        split: Of the first of them.
        outputs: What is predicted.
        looks: Profiles of columns.
    """
    if options.plan is not None:
        return _planned(Path(options.plan) / PLAN)
    dealt = tables.train is not None and isinstance(split, Random | Stratify | Group)
    if not options.wide or not dealt or "validation" in tables.sources:
        return None
    source = tables.sources["train"]
    work = source.rows * len(source.columns)
    if any(each.type == "category" for each in outputs):
        work *= max(looks[each.column].distinct for each in outputs)
    if source.rows > FEW and work > CELLS_A_SECOND * (options.time_limit or 0):
        return None
    for each in outputs:
        seen = looks[each.column]
        all_seen = seen.distinct <= len(seen.top) and bool(seen.top) and seen.top[-1][1] >= RARE
        if each.type != "number" and not (each.type in {"binary", "category"} and all_seen):
            return None  # a fold may lack a class
    return FOLDS


def _planned(path: Path) -> int | None:
    """The folds of an earlier search, as far as its plan can be read: the search itself says what is wrong with it."""
    try:
        found: int | None = json.loads(path.read_text(encoding="utf-8"))["folds"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return found


def asked(
    *,
    time_limit: float | str | None = None,
    inference_limit: float | str | None = None,
    effort: str | None = None,
    plan: str | Path | None = None,
) -> list[str]:
    """What a call says of a budget, as options of the file: `["trainer.time_limit=90.0"]`.

    Args:
        time_limit: Seconds, or a text like `90s`, `10m` or `1h30m`.
        inference_limit: Seconds, or a text like `1ms`, `200us` or `1ms/row`.
        effort: As in `Auto`.
        plan: Likewise; a run's folder.

    Raises:
        ConfigError: The time limit is no time.
    """
    given = {
        "time_limit": None if time_limit is None else seconds(time_limit),
        "inference_limit": None if inference_limit is None else _moment(inference_limit),
        "effort": effort,
        "plan": None if plan is None else Path(plan).resolve(),
    }
    return [f"trainer.{name}={value}" for name, value in given.items() if value is not None]


def seconds(written: float | str) -> float:
    """A time as a number: `10m` is 600.

    Raises:
        ConfigError: It is none.
    """
    if not isinstance(written, str):
        return written
    found = _DURATION.fullmatch(written.replace(" ", "").lower())
    if found is None or not any(found.groups()):
        raise ConfigError(
            Problem("--time-limit", f"{written!r} is no time; write 90s, 10m or 1h30m")
        )
    hours, minutes, seconds = (float(each or 0) for each in found.groups())
    return 3600 * hours + 60 * minutes + seconds


def _moment(written: float | str) -> float:
    if not isinstance(written, str):
        return written
    found = _MOMENT.fullmatch(written.replace(" ", "").lower())
    if found is None:
        raise ConfigError(
            Problem(
                "--inference-limit", f"{written!r} is no time of a row; write 1ms, 200us or 0.01s"
            )
        )
    return float(found[1]) * {"s": 1.0, "ms": 1e-3, "us": 1e-6}[found[2]]
