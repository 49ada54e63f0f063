"""From fitted candidates to a finished run: calibrate, measure, compare with simple models, save.

Every number in a run comes from here, computed from what the exported graphs say.
"""

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crosstie.artifact.artifact import OutputSettings, listed
from crosstie.artifact.saving import save
from crosstie.data.rowwise.rowwise import Rowwise
from crosstie.data.write import TableWriter
from crosstie.evaluation.baseline import constant, most_frequent
from crosstie.evaluation.bootstrap import intervals
from crosstie.evaluation.calibration import apply_temperature, fit_temperature
from crosstie.evaluation.conformal import COVERAGE, fit_interval, judge_interval
from crosstie.evaluation.costs import judge_costs
from crosstie.evaluation.curves import curves
from crosstie.evaluation.group_thresholds import of_rows
from crosstie.evaluation.prediction_sets import fit_prediction_set, judge_prediction_set
from crosstie.evaluation.score import details
from crosstie.evaluation.thresholds import tune
from crosstie.features.output_feature import OutputFeature
from crosstie.features.views import View
from crosstie.pipeline.audited import audited, fairness_json, slices_json
from crosstie.pipeline.candidate import Candidate, Part
from crosstie.pipeline.evening import UNWEIGHTED, with_groups
from crosstie.pipeline.insight import insight
from crosstie.pipeline.naive import BASELINE, naive_parts
from crosstie.pipeline.plan import Plan
from crosstie.pipeline.prepare import ROWS_AT_ONCE, Prepared
from crosstie.pipeline.run import Run
from crosstie.pipeline.worst import worst_rows
from crosstie.training.augmentations.augmentation import views

Scores = dict[str, dict[str, dict[str, float]]]  # part → output → metric → value


def finish(
    run: Run,
    plan: Plan,
    prepared: Prepared,
    chosen: Candidate,
    beside: Sequence[Candidate],
    *,
    about: Mapping[str, Any],
    until: float | None = None,
) -> Scores:
    """Write everything that a finished run holds; give its metrics.

    Args:
        run: Where to write.
        plan: What was asked for.
        prepared: The encoded data, of the whole run.
        chosen: The model to keep.
        beside: The others to show it against.
        about: For the artifact's manifest.
        until: When the run should be done, on the monotonic clock; None is whenever it is.
    """
    published = _published(chosen)
    for each in beside:
        _published(each)
    if published:
        run.note(published={name: _without_card(each) for name, each in published.items()})
    outputs = chosen.members[0][0].outputs
    settings = {feature.name: settings_of(feature, plan, chosen) for feature in outputs}
    parts = {
        name: _calibrated(part, outputs, settings) if name != BASELINE else part
        for name, part in chosen.parts.items()
    }
    metrics: Scores = {
        name: part.score(outputs, part.limits(settings)) for name, part in parts.items()
    }
    judged = "test" if "test" in parts else "validation" if "validation" in parts else "train"
    thresholds = parts[judged].limits(settings)

    artifact = save(
        run.model,
        name=plan.name,
        members=chosen.members,
        weights=chosen.weights,
        settings=settings,
        about={**about, "learner": chosen.model_type},
        seed=plan.seed,
        missing=plan.sources["train"].missing,
        reading=plan.sources["train"].reading,
        private=plan.private,
        published=published,
        views=_views(plan),
        rowwise=_rowwise(plan, chosen),
    )
    _write_predictions(run, outputs, parts[judged], prepared, judged, thresholds)
    run.write("metrics.json", metrics)
    run.write(
        "evaluation.json",
        {
            "judged_on": judged,
            "watched": plan.metrics,
            "outputs": {
                feature.name: {
                    **_report(
                        feature,
                        parts[judged],
                        settings[feature.name],
                        plan.seed,
                        thresholds[feature.name],
                    ),
                    **_held(feature, parts[judged], settings[feature.name], judged),
                    **_cost(feature, parts[judged], thresholds[feature.name], plan),
                }
                for feature in outputs
            },
            "models": _compare(plan, outputs, chosen, beside, metrics, prepared),
            "columns": {name: count.to_json() for name, count in prepared.counts.items()},
            "dropped_rows": prepared.dropped,
            "completed_rows": {part: n for part, n in prepared.completed.items() if n},
        },
    )
    rows = audited(plan, outputs, parts[judged], prepared, judged, settings)
    if plan.fairness is not None and rows:
        [feature] = outputs
        bare = _unweighted(feature, plan, beside, judged)
        told = fairness_json(plan.fairness.by, rows[feature.name], bare, judged)
        run.write("fairness.json", told)
    slices = slices_json(rows, judged)
    if slices is not None:
        run.write("slices.json", slices)
    worst = worst_rows(plan, outputs, parts[judged], prepared, judged, thresholds)
    if worst:
        run.write("top_losses.json", worst)
    seen = insight(artifact, plan, chosen, prepared, parts[judged], judged, worst, until=until)
    for name, content in seen.items():
        run.write(name, content)
    return metrics


def _published(candidate: Candidate) -> dict[str, Any]:
    """What the learner began with, by input, taken out of what it says of itself: a card is a page long."""
    found: dict[str, Any] = {}
    for about in (candidate.about, *candidate.about.get("folds", ())):
        found |= about.pop("published", {})
    return found


def _views(plan: Plan) -> dict[str, Sequence[View]]:
    """By picture input: in which other ways it was seen."""
    inputs = plan.architecture["inputs"].items()
    found = {name: views(section.get("augmentation", ())) for name, section in inputs}
    return {name: seen for name, seen in found.items() if seen}


def _rowwise(plan: Plan, chosen: Candidate) -> Rowwise | None:
    """What makes the columns that the model reads, and no more."""
    if plan.rowwise is None:
        return None
    read = {each.column for preprocessor, _ in chosen.members for each in preprocessor.inputs}
    return plan.rowwise.only(read)


def _without_card(provenance: Mapping[str, Any]) -> dict[str, Any]:
    return {key: each for key, each in provenance.items() if key != "card"}


def settings_of(feature: OutputFeature, plan: Plan, chosen: Candidate) -> OutputSettings:
    """Temperature, threshold, interval and sets of classes, learned on the validation part; neutral where there is none."""
    asked = plan.thresholds.get(feature.name, 0.5)
    fixed = asked if isinstance(asked, float) else 0.5
    if feature.type == "number" and "validation" in chosen.parts:
        part = chosen.parts["validation"]
        coverage = plan.coverages.get(feature.name, COVERAGE)
        said, true = part.raw[feature.name], part.truth[feature.name]
        return OutputSettings(interval=fit_interval(said, true, coverage=coverage))
    if "validation" not in chosen.parts or feature.as_shown:
        return OutputSettings(threshold=fixed)
    part = chosen.parts["validation"]
    target, raw = part.truth[feature.name], part.raw[feature.name]
    temperature = 1.0
    if feature.name not in plan.uncalibrated:
        temperature = float(
            fit_temperature(raw, target, weights=part.weights, output_type=feature.type)
        )
    table = plan.costs[feature.name].table if feature.name in plan.costs else None
    said = apply_temperature(raw, temperature, output_type=feature.type)
    found = OutputSettings(fixed, temperature)
    if isinstance(asked, str) or table is not None:
        tuned = tune(
            feature.type,
            target,
            said,
            metric=asked if isinstance(asked, str) else "f1",
            costs=table,
            weights=part.weights,
        )
        found = OutputSettings(np.asarray(tuned).tolist(), temperature)
    if feature.type == "category":
        coverage = plan.coverages.get(feature.name, COVERAGE)
        found = replace(found, classes=fit_prediction_set(said, target, coverage=coverage))
    if plan.fairness is None or plan.fairness.thresholds is None:
        return found
    assert part.groups is not None, "thresholds of groups are refused without them"
    learned = chosen.parts["train"].groups if "train" in chosen.parts else None
    return with_groups(
        found,
        plan.fairness,
        target,
        said,
        part.groups,
        [] if learned is None else learned.tolist(),
        costs=table,
        weights=part.weights,
    )


def _unweighted(
    feature: OutputFeature, plan: Plan, beside: Sequence[Candidate], judged: str
) -> NDArray[np.int64] | None:
    """What the same learner decides that was not taught by weights, where there is one that has two classes."""
    bare = next((each for each in beside if each.name == UNWEIGHTED), None)
    if bare is None or judged not in bare.parts or feature.type != "binary":
        return None
    own = settings_of(feature, replace(plan, fairness=None), bare)
    part = _calibrated(bare.parts[judged], [feature], {feature.name: own})
    return np.asarray(part.raw[feature.name] >= own.threshold, np.int64)


def _calibrated(
    part: Part, outputs: Sequence[OutputFeature], settings: Mapping[str, OutputSettings]
) -> Part:
    raw = dict(part.raw)
    for feature in outputs:
        temperature = settings[feature.name].temperature
        if temperature != 1.0:
            raw[feature.name] = apply_temperature(
                raw[feature.name], temperature, output_type=feature.type
            )
    return replace(part, raw=raw)


def _write_predictions(
    run: Run,
    outputs: Sequence[OutputFeature],
    part: Part,
    prepared: Prepared,
    name: str,
    thresholds: Mapping[str, Any],
) -> None:
    total = len(next(iter(part.raw.values())))
    with TableWriter(run.path / "predictions" / f"{name}.parquet") as writer:
        for start in range(0, total, ROWS_AT_ONCE):
            piece = slice(start, min(start + ROWS_AT_ONCE, total))
            columns: dict[str, Any] = {"row": prepared.rows[name][piece]}
            for feature in outputs:
                raw = part.raw[feature.name][piece]
                if feature.as_shown:
                    columns[f"{feature.name}_prediction"] = listed(raw)
                else:
                    decoded = feature.decode(
                        raw,
                        threshold=of_rows(thresholds[feature.name], piece),
                        tokens=_places(feature, part.truth[feature.name][piece]),
                    )
                    columns |= {f"{feature.name}_{key}": each for key, each in decoded.items()}
            writer.append(columns)


def _places(feature: OutputFeature, truth: NDArray[Any]) -> list[Sequence[str]] | None:
    """As many tokens a row as have a tag, where an output has one for each; behind the length nothing was encoded."""
    return [[""] * n for n in (truth != -1).sum(1)] if feature.aligned else None


def _report(
    feature: OutputFeature, part: Part, settings: OutputSettings, seed: int, threshold: Any
) -> dict[str, Any]:
    target, raw = part.truth[feature.name], part.raw[feature.name]
    return {
        "type": feature.type,
        "labels": list(feature.labels),
        "rows": len(target),
        "threshold": settings.threshold,
        **({} if settings.groups is None else {"groups": settings.groups.state()}),
        "temperature": settings.temperature,
        "intervals": intervals(
            feature.type,
            target,
            raw,
            weights=part.weights,
            threshold=threshold,
            labels=feature.labels,
            scale=feature.usual_change,
            seed=seed,
        ),
        "details": details(
            feature.type,
            target,
            raw,
            feature.labels,
            weights=part.weights,
            threshold=threshold,
        ),
        "curves": curves(
            feature.type, target, raw, feature.labels, weights=part.weights, seed=seed
        ),
    }


def _cost(feature: OutputFeature, part: Part, threshold: Any, plan: Plan) -> dict[str, Any]:
    """What decisions cost, where that was said."""
    costs = plan.costs.get(feature.name)
    if costs is None:
        return {}
    target, raw = part.truth[feature.name], part.raw[feature.name]
    measured = judge_costs(
        costs,
        target,
        raw,
        threshold=threshold,
        weights=part.weights,
        seed=plan.seed,
    )
    return {"cost": measured}


def _held(
    feature: OutputFeature, part: Part, settings: OutputSettings, judged: str
) -> dict[str, Any]:
    """What the intervals of a number, or the sets of classes, hold of rows that they were not fitted on."""
    raw, truth = part.raw[feature.name], part.truth[feature.name]
    said: dict[str, float] = {}
    if settings.interval is not None:
        said = {"coverage": settings.interval.coverage}
        said |= judge_interval(settings.interval, raw, truth) if judged == "test" else {}
    if settings.classes is not None:
        said = {"coverage": settings.classes.coverage}
        said |= judge_prediction_set(settings.classes, raw, truth) if judged == "test" else {}
    return {"conformal": said} if said else {}


def _compare(
    plan: Plan,
    outputs: Sequence[OutputFeature],
    chosen: Candidate,
    beside: Sequence[Candidate],
    metrics: Scores,
    prepared: Prepared,
) -> list[dict[str, Any]]:
    """One row a model: the chosen one first, then the others by name, the baseline last."""
    rows = [
        {
            "model": chosen.label,
            "chosen": True,
            "seconds": chosen.seconds,
            "about": chosen.about,
            "metrics": metrics,
        }
    ]
    rows += [
        {
            "model": other.label,
            "chosen": False,
            "seconds": other.seconds,
            "about": other.about,
            "metrics": {name: part.score(outputs, {}) for name, part in other.parts.items()},
        }
        for other in beside
    ]
    for name, parts in naive_parts(outputs, prepared, chosen).items():
        said = {part: each.score(outputs, {}) for part, each in parts.items()}
        rows.append({"model": name, "chosen": False, "seconds": 0.0, "about": {}, "metrics": said})
    baseline = {
        name: constant_part(outputs, prepared, part).score(outputs, {})
        for name, part in chosen.parts.items()
    }
    rows.append(
        {"model": BASELINE, "chosen": False, "seconds": 0.0, "about": {}, "metrics": baseline}
    )
    return rows


def constant_part(outputs: Sequence[OutputFeature], prepared: Prepared, part: Part) -> Part:
    """What a model that never looks at its inputs says: class shares, the training mean, the most frequent text."""
    texts = prepared.beside["train"].texts if "train" in prepared.beside else {}
    raw = {
        feature.name: most_frequent(texts[feature.name], rows=len(part.truth[feature.name]))
        if feature.name in texts
        else constant(
            feature.type,
            prior=feature.prior,
            mean=_mean(feature) if feature.amount else 0.0,
            rows=len(part.truth[feature.name]),
            length=feature.length,
        )
        for feature in outputs
    }
    return replace(part, raw=raw)


def _mean(feature: OutputFeature) -> Any:
    """Of an amount in training, one for each step of a series."""
    zero = np.zeros((1, feature.size) if feature.type == "timeseries" else 1, np.float32)
    return np.asarray(feature.decode(zero)["prediction"], np.float64)[0]


def keep_network(run: Path, folder: Path) -> None:
    """Move a candidate's own files, those of its folds too, to where a run has them; graphs stay, for they are read."""
    if folder == run:
        return
    for part in (folder, *folder.glob("folds/*")):
        for name in ("network", "checkpoints"):
            kept = run / part.relative_to(folder) / name
            if (part / name).is_dir():
                shutil.rmtree(kept, ignore_errors=True)
                kept.parent.mkdir(parents=True, exist_ok=True)
                (part / name).replace(kept)
