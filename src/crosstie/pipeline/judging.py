"""How outputs are judged: the metric that is watched, a threshold, probabilities that stay as they were learned."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from crosstie.config.document import Place
from crosstie.evaluation.costs import Costs
from crosstie.evaluation.metric import metrics
from crosstie.pipeline.entries import Columns, Entry
from crosstie.pipeline.findings import Findings

COMBINED = "combined"


def read_watched(
    columns: Columns, trainer: Mapping[str, Any], findings: Findings
) -> dict[str, str]:
    """Output to the metric that early stopping and comparisons go by.

    `combined`, in place of an output or a metric, is the loss of all outputs together.
    """
    found: dict[str, str] = {}
    place = findings.document.at("trainer")
    names = [entry.name for entry in columns.outputs]
    asked = trainer.get("validation_metric")
    field = trainer.get("validation_field") or (names[0] if names else "")
    if COMBINED in (field, asked) and COMBINED not in names:
        if asked not in {None, "loss", COMBINED}:
            findings.wrong(
                place.at("validation_metric"),
                f"all outputs together have no {asked!r}, only their 'loss'; or name an output in validation_field",
            )
        if field not in {COMBINED, *names}:
            field = COMBINED
        asked = None
    elif trainer.get("validation_field"):
        findings.known(field, names, place.at("validation_field"), "no output is called")
    for entry in columns.outputs:
        where: Place = entry.place.at("metric")
        name = entry.section["metric"]
        if asked and entry.name == field and name is None:
            name, where = asked, place.at("validation_metric")
        name = name or entry.cls.defaults.metric
        known = findings.known(
            name,
            metrics.names(of=entry.type),
            where,
            f"no metric of a {entry.type} output is called",
        )
        if known and name in (asked, entry.section["metric"]):
            _check_measured(name, entry, where, findings)
        found[entry.name] = name
    return found


def _check_measured(name: str, entry: Entry, where: Place, findings: Findings) -> None:
    """A metric that somebody asked for, and that says nothing while training: nothing can stop by it."""
    if metrics.get(name, of=entry.type).any_unit:
        return
    if where.path[0] != "trainer":
        findings.warnings.append(
            f"{where}: {name!r} is measured when training has ended: runs are compared by it, and training goes by the "
            "loss"
        )
        return
    others: dict[type, str] = {}  # of a metric that has several names the shortest
    for each in sorted(metrics.names(of=entry.type), key=len):
        metric = metrics.get(each, of=entry.type)
        if metric.any_unit:
            others.setdefault(metric, each)
    findings.wrong(
        where,
        f"{name!r} of the {entry.type} output {entry.name!r} is measured only when training has ended, so training "
        f"cannot go by it; take one of {', '.join(map(repr, sorted(others.values())))}, or write `metric: {name}` at the output, to "
        "compare runs by it",
    )


def read_uncalibrated(columns: Columns, findings: Findings) -> frozenset[str]:
    """Outputs whose probabilities are to stay as they were learned."""
    for entry in columns.outputs:
        if entry.section["calibration"] and entry.type in {"number", "timeseries", "text"}:
            findings.wrong(
                entry.place.at("calibration"),
                f"a {entry.type} output has no probabilities to calibrate; leave it out",
            )
    return frozenset(
        entry.name for entry in columns.outputs if entry.section["calibration"] is False
    )


def read_thresholds(columns: Columns, findings: Findings) -> dict[str, float | str]:
    """Output to the probability from which it is said to be so, or the metric that is to choose it."""
    found: dict[str, float | str] = {}
    for entry in columns.outputs:
        asked, place = entry.section["threshold"], entry.place.at("threshold")
        if asked is None or isinstance(asked, Mapping):
            continue
        if entry.type not in {"binary", "set"}:
            findings.wrong(place, f"a {entry.type} output has no threshold; leave it out")
        elif isinstance(asked, str):
            findings.known(
                asked,
                metrics.names(of=entry.type),
                place,
                f"no metric of a {entry.type} output is called",
            )
        found[entry.name] = asked if isinstance(asked, str) else float(asked)
    return found


def read_costs(columns: Columns, findings: Findings) -> dict[str, Costs]:
    """Output to what decisions cost, where its threshold is to be the cheapest."""
    found: dict[str, Costs] = {}
    names = [each.name for each in fields(Costs)]
    for entry in columns.outputs:
        asked, place = entry.section["threshold"], entry.place.at("threshold")
        if not isinstance(asked, Mapping):
            continue
        if entry.type != "binary":
            findings.wrong(place, f"costs are of a binary output, and this is a {entry.type}; leave them out")  # fmt: skip
            continue
        known = [findings.known(key, ["cost"], place, "a threshold has no") for key in asked]
        given = asked.get("cost", {})
        at = place.at("cost")
        known += [findings.known(key, names, at, "no decision is called") for key in given]
        if not all(known):
            continue
        costs = Costs(**given)
        (right_no, wrong_yes), (wrong_no, right_yes) = costs.table
        if not (wrong_yes > right_no and wrong_no > right_yes):
            findings.wrong(
                at,
                "a wrong decision must cost more than the right one, or there is nothing to decide: write false_positive "
                f"and false_negative, got {dict(given)}",
            )
        found[entry.name] = costs
    return found


def read_coverages(columns: Columns, findings: Findings) -> dict[str, float]:
    """Output to the share of rows whose number its interval, or whose class its set, is to hold."""
    found: dict[str, float] = {}
    for entry in columns.outputs:
        asked, place = entry.section["coverage"], entry.place.at("coverage")
        if asked is None:
            continue
        if entry.type not in {"number", "category"}:
            findings.wrong(
                place,
                f"a {entry.type} output has no interval, as a number has, and no set of classes, as a category has; "
                "leave it out",
            )
        found[entry.name] = float(asked)
    return found
