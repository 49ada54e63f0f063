"""A run as a folder that may be given away: `published.py` says what is in it.

Left behind is what belongs to its owner: rows and predictions, splits, profiles, logs, checkpoints, where the data
lie, the command, the machine, who listens. Files are named one by one; what is not known here is not published.
"""

import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from crosstie.artifact.artifact import Artifact
from crosstie.artifact.loading import load, read_json
from crosstie.config.document import dump
from crosstie.config.yaml import read_yaml
from crosstie.data.files import sha256, write_json, write_text
from crosstie.errors import Problem, RunError
from crosstie.features.feature import Feature
from crosstie.pipeline.hub import is_on_hub
from crosstie.pipeline.published import CARD, is_published, verify
from crosstie.pipeline.run import Run
from crosstie.reports.folder import Folder
from crosstie.reports.verdict import limits
from crosstie.shipping.card import card

_OPTIONS = ("input_features", "output_features", "combiner", "trainer", "defaults", "preprocessing")
_NAMES = (
    "name",
    "column",
    "tied",
    "dependencies",
    "type",
)  # of an entry: no option, whatever it looks like
_OWN = (
    "data",
    "components",
    "callbacks",
    "start_from",
    "backend",
)  # of the file: places and people
_KEPT = (
    "name",
    "exit",
    "started",
    "ended",
    "seconds",
    "seed",
    "model_type",
    "learner",
    "watched",
    "python",
    "versions",
    "published",
)
_NETWORK = (
    "config.json",
    "weights.safetensors",
    "features.json",
    "arrays.safetensors",
    "booster.txt",
    "booster.json",
    "columns.safetensors",
    "text.safetensors",
    "linear.safetensors",
    "columns.json",
)


def publish(
    run: Run, folder: Path, *, called: str, licence: str | None = None, allow_private: bool = False
) -> None:
    """Write what may be given away of a run.

    Args:
        run: A finished one, or what an earlier call wrote: that is copied, its card as it is now but for the name.
        folder: Empty, or not there.
        called: What others will type where a model is wanted.
        licence: Of the weights, as the card's head has it.
        allow_private: Although the model holds words of private columns.

    Raises:
        RunError: The run has no model, or one that holds words of private columns.
        ArtifactError: A file of it is damaged.
    """
    if is_published(run.path):
        _copy(run.path, folder, called, licence)
        return
    if not run.model.is_dir():
        raise RunError(
            f"{run.path}: holds no model (its exit is {run.exit or 'unknown'!r}); train it to the end first"
        )
    model = load(run.model)
    path = run.path / "config.yaml"
    config = read_yaml(path.read_text(encoding="utf-8"), str(path)).value
    if not allow_private:
        _check_private(model, config)
    evaluation = _measured(run.evaluation)
    write_text(
        folder / "config.yaml",
        dump(
            {
                key: without_places(each) if key in _OPTIONS else each
                for key, each in config.items()
                if key not in _OWN
            }
        ),
    )
    write_json(folder / "metrics.json", run.metrics)
    write_json(folder / "evaluation.json", evaluation)
    _copy_model(run.model, folder / "model")
    for network in _networks(run.path):
        _copy_network(network, folder / network.relative_to(run.path))
    facts = _facts(run.manifest)
    write_text(
        folder / CARD,
        card(
            model,
            facts,
            evaluation,
            read_json(run.model / "example.json"),
            called=called,
            licence=licence,
            limits=limits(Folder(run.path)),
        ),
    )
    write_json(folder / "manifest.json", {**facts, "called": called, "files": _hashes(folder)})


def write_card(run: Run, file: Path) -> Path:
    """Write the card of a run that is not published, with what its report says to mind.

    Raises:
        RunError: The run has no model.
    """
    if not run.model.is_dir():
        raise RunError(
            f"{run.path}: holds no model (its exit is {run.exit or 'unknown'!r}); train it to the end first"
        )
    text = card(
        load(run.model),
        _facts(run.manifest),
        _measured(run.evaluation),
        read_json(run.model / "example.json"),
        called=f"{run.path.parent.name}/{run.path.name}",
        limits=limits(Folder(run.path)),
    )
    write_text(file, text)
    return file


def sizes(folder: Path) -> dict[str, int]:
    """Bytes of every file, by its name in the folder."""
    return {
        path.relative_to(folder).as_posix(): path.stat().st_size
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def without_places(value: Any) -> Any:
    """Options in which no text says where something lies on this machine: only a path's last part stays.

    Examples:
        >>> without_places({"encoder": {"model": "/usr/bin", "type": "pretrained"}})
        {'encoder': {'model': 'bin', 'type': 'pretrained'}}
    """
    if isinstance(value, Mapping):
        return {key: each if key in _NAMES else without_places(each) for key, each in value.items()}
    if isinstance(value, list):
        return [without_places(each) for each in value]
    if not isinstance(value, str) or "/" not in value or "\n" in value:
        return value
    path = Path(value).expanduser()
    here = path.is_absolute() and (path.is_relative_to(Path.home()) or path.exists())
    return path.name if here and path.name else value


def _copy(source: Path, folder: Path, called: str, licence: str | None) -> None:
    if licence is not None:
        raise RunError(
            f"{source}: is published already; write the licence into its {CARD}, which is copied as it is"
        )
    verify(source, ("model", "network", "folds"))
    manifest = read_json(source / "manifest.json")
    for name in manifest["files"]:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source / name, folder / name)
    write_json(folder / "manifest.json", {**manifest, "called": called})
    if (source / CARD).is_file():
        text = (source / CARD).read_text(encoding="utf-8")
        for use in ('crosstie.load("{}")', "crosstie predict {} "):
            text = text.replace(use.format(manifest.get("called")), use.format(called))
        write_text(folder / CARD, text)


def _check_private(model: Artifact, config: Mapping[str, Any]) -> None:
    problems = [
        Problem(
            f"private column {feature.column!r}",
            "the model holds words of its cells, which it cannot be without. Train with "
            f"`exclude: [{feature.column}]`, or say --allow-private",
        )
        for feature in model.inputs
        if feature.column in (config.get("private") or ()) and _holds_words(feature)
    ]
    if problems:
        raise RunError(problems)


def _holds_words(feature: Feature) -> bool:
    """Whether a fitted feature has words of its column: levels, a vocabulary, pieces of words; not a published one."""
    fitted = feature.state()[0].get("fitted", {})
    lists = [each for each in fitted.values() if isinstance(each, list)]
    return bool(
        feature.words
        or fitted.get("pairs")
        or any(isinstance(each, str) for values in lists for each in values)
    )


def _measured(evaluation: Mapping[str, Any]) -> dict[str, Any]:
    """Figures alone: no cell of a table, nothing of how the models were made."""
    outputs = {
        name: {
            key: each[key]
            for key in ("type", "labels", "rows", "threshold", "temperature", "intervals")
            if key in each
        }
        for name, each in evaluation.get("outputs", {}).items()
    }
    models = [
        {key: each[key] for key in ("model", "chosen", "seconds", "metrics")}
        for each in evaluation.get("models", ())
    ]
    kept = {key: evaluation[key] for key in ("judged_on", "watched") if key in evaluation}
    return {**kept, "outputs": outputs, "models": models}


def _facts(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """What may be known of how it was made."""
    facts = {key: manifest[key] for key in _KEPT if key in manifest}
    facts["data"] = {
        part: {"source": "not published", "rows": each["rows"]}
        for part, each in manifest.get("data", {}).items()
    }
    start = manifest.get("start")
    if start:
        named = start["from"] if is_on_hub(start["from"]) else "an earlier network"
        facts["start"] = {**start, "from": named}
    return facts


def _networks(run: Path) -> Iterator[Path]:
    for folder in (run / "network", *sorted(run.glob("folds/*/network"))):
        if folder.is_dir():
            yield folder


def _copy_model(model: Path, folder: Path) -> None:
    shutil.copytree(model, folder)
    facts = read_json(model / "manifest.json")
    write_json(folder / "manifest.json", {key: each for key, each in facts.items() if key != "run"})


def _copy_network(network: Path, folder: Path) -> None:
    folder.mkdir(parents=True)
    for name in _NETWORK:
        if (network / name).is_file():
            shutil.copyfile(network / name, folder / name)
    if (folder / "config.json").is_file():
        config = read_json(folder / "config.json")
        config["architecture"] = without_places(config["architecture"])
        write_json(folder / "config.json", config)


def _hashes(folder: Path) -> dict[str, str]:
    return {name: sha256(folder / name) for name in sizes(folder) if name != CARD}


def empty(folder: Path) -> None:
    """Refuse a folder that holds something.

    Raises:
        RunError: It does, or is a file.
    """
    if folder.is_file() or (folder.is_dir() and any(folder.iterdir())):
        raise RunError(f"{folder}: is not empty; give a new folder, or remove this one yourself")
