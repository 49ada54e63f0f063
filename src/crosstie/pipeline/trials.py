"""What is kept of each model that a search tried: how good it was, what it said of unseen rows, and a way to predict with it.

trials/gbm_177/trial.json            its options, metrics by part, and settings of its outputs
trials/gbm_177/unseen.safetensors    by output, what it said of the validation rows, of each fold where there are folds
trials/gbm_177/graph.onnx, network/  what it learned; of folds in `folds/0` and so on
trials/gbm_177/features/             what was fitted before it, where that is not what the run's model has
trials/gbm_177/model/                an artifact like that of the run, once one is asked for
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import save_file

from crosstie.artifact.artifact import OutputSettings
from crosstie.artifact.fitted import load_fitted, save_fitted
from crosstie.artifact.loading import load, read_json
from crosstie.artifact.saving import save
from crosstie.data.files import atomic, write_json
from crosstie.errors import RunError, nearest
from crosstie.evaluation.conformal import Interval
from crosstie.evaluation.group_thresholds import GroupThresholds
from crosstie.evaluation.prediction_sets import PredictionSet
from crosstie.pipeline.candidate import Candidate
from crosstie.pipeline.finish import settings_of
from crosstie.pipeline.plan import Plan
from crosstie.pipeline.prepare import Prepared
from crosstie.pipeline.run import Run

FOLDER = "trials"
FACTS = "trial.json"
FEATURES = "features"


def keep_trial(folder: Path, plan: Plan, candidate: Candidate, **facts: Any) -> None:
    """Write what is known of a model that was tried.

    Args:
        folder: The trial's own.
        plan: Of the run.
        candidate: The model.
        facts: What else there is to say of it.
    """
    outputs = candidate.members[0][0].outputs
    settings = {each.name: settings_of(each, plan, candidate) for each in outputs}
    seen = candidate.parts.get("validation")
    if seen is not None:
        raw = {name: np.ascontiguousarray(values) for name, values in seen.raw.items()}
        numbers = {name: values for name, values in raw.items() if values.dtype != object}
        with atomic(folder / "unseen.safetensors") as temporary:
            save_file(numbers, temporary)
    write_json(
        folder / FACTS,
        {
            **facts,
            "model_type": candidate.model_type,
            "folds": candidate.folds,
            "seconds": candidate.seconds,
            "about": candidate.about,
            "metrics": {
                name: part.score(outputs, part.limits(settings))
                for name, part in candidate.parts.items()
            },
            "settings": {name: _state(each) for name, each in settings.items()},
        },
    )


def keep_features(folder: Path, data: Sequence[Prepared], candidate: Candidate) -> None:
    """Write what was fitted before a model that was tried, where the run's model will have other features.

    Args:
        folder: The trial's own.
        data: Of each fold.
        candidate: The model.
    """
    for k, each in enumerate(data[: candidate.folds]):
        inside = folder / "folds" / str(k) if candidate.folds > 1 else folder
        save_fitted(inside / FEATURES, each.preprocessor)


def trial_metrics(folder: Path) -> dict[str, Any]:
    """The metrics of a trial that was kept, by part."""
    metrics: dict[str, Any] = read_json(folder / FACTS)["metrics"]
    return metrics


def trial_model(run: Run, name: str) -> Path:
    """The folder of the artifact of a model that was tried, made when it is first asked for.

    Raises:
        RunError: The run tried none of that name.
    """
    folder = run.path / FOLDER / name
    if not (folder / FACTS).is_file():
        tried = sorted(each.parent.name for each in run.path.glob(f"{FOLDER}/*/{FACTS}"))
        remedy = nearest(name, tried) if tried else "it is no run of model_type auto"
        raise RunError(f"{run.path}: tried no model {name!r}; {remedy}")
    model = folder / "model"
    if not (model / "manifest.json").is_file():
        facts = json.loads((folder / FACTS).read_text(encoding="utf-8"))
        _make(run, folder, model, facts)
    return model


def _state(settings: OutputSettings) -> dict[str, Any]:
    groups = None if settings.groups is None else settings.groups.state()
    return {**asdict(replace(settings, groups=None)), "groups": groups}


def _settings(state: Mapping[str, Any]) -> OutputSettings:
    interval, groups, classes = (state.get(key) for key in ("interval", "groups", "classes"))
    return OutputSettings(
        state["threshold"],
        state["temperature"],
        None if interval is None else Interval.from_state(interval),
        None if groups is None else GroupThresholds.from_state(groups),
        None if classes is None else PredictionSet.from_state(classes),
    )


def _make(run: Run, folder: Path, model: Path, facts: Mapping[str, Any]) -> None:
    kept = load(run.model)
    places = (
        [folder / "folds" / str(k) for k in range(facts["folds"])]
        if facts["folds"] > 1
        else [folder]
    )
    fitted = [  # the model's first members are those of the folds, too, unless it was fitted again on all rows
        load_fitted(place / FEATURES)
        if (place / FEATURES).is_dir()
        else kept.members[k].preprocessor
        for k, place in enumerate(places)
    ]
    save(
        model,
        name=kept.manifest["name"],
        members=[(each, place / "graph.onnx") for each, place in zip(fitted, places, strict=True)],
        settings={name: _settings(each) for name, each in facts["settings"].items()},
        about={"run": run.path.name, "trial": folder.name, "learner": facts["model_type"]},
        seed=run.manifest["seed"],
        missing=kept.missing,
        reading=kept.reading,
        private=kept.private,
        views=kept.views,
        rowwise=kept.rowwise,
    )
