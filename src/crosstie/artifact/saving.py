"""The model on disk: fitted features, graphs, and what turns raw outputs into predictions. Serving only.

    manifest.json       format, name, version, task, what it was made with, what it needs, sha256 of every file
    inference.json      per output: labels, threshold, or one for each group of rows, temperature; the words that mean
                        missing; per picture input: in which other ways training saw it
    schema.json         JSON Schema and Arrow types of a row in and a prediction out
    rowwise.json        of a model with row-wise features: expressions, and the columns that they read
    features.json       the fitted features' state, one entry a member
    arrays.safetensors  the arrays of that state
    graph/0.onnx …      one graph a member
    ensemble.json       the members' weights
    published.json      what was published that the model began with: source, revision, licence, sha256, card
    example.json        synthetic rows, what the model says of them, and digests of what they are encoded as

A model of one graph is an ensemble of one: there is one way to load. Nothing in here is code and loading runs
none.
"""

import inspect
import shutil
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from importlib.metadata import PackageNotFoundError, entry_points, version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save_file

from crosstie.artifact.artifact import Artifact, OutputSettings, groups_of
from crosstie.artifact.example import Rows, made_rows, write_example
from crosstie.artifact.loading import FORMAT, load, read_json
from crosstie.artifact.requirements import requirements
from crosstie.artifact.schema import row_schema
from crosstie.config.registry import ENTRY_POINTS
from crosstie.data.files import atomic, sha256, write_json
from crosstie.data.rowwise.rowwise import Rowwise
from crosstie.features.feature import Feature, feature_types
from crosstie.features.preprocessor import Preprocessor
from crosstie.features.views import View

VERSION = "0.1.0"  # of a model until it is packaged under another


def save(
    folder: Path,
    *,
    name: str,
    members: Sequence[tuple[Preprocessor, Path]],
    settings: Mapping[str, OutputSettings],
    weights: Sequence[float] | None = None,
    about: Mapping[str, Any],
    seed: int,
    missing: Sequence[str] | None = None,
    reading: Mapping[str, Any] | None = None,
    private: Collection[str] = (),
    published: Mapping[str, Any] | None = None,
    views: Mapping[str, Sequence[View]] | None = None,
    rowwise: Rowwise | None = None,
) -> Artifact:
    """Write an artifact to `folder`, which appears whole or not at all; it is given back open.

    Args:
        folder: Replaced if it is there.
        name: The model's name.
        members: (fitted features, `.onnx` file) of each; the file is copied.
        settings: By output name.
        weights: Of the members in their average; None for equal ones.
        about: Goes into the manifest: learner, the run it came from. No training options.
        seed: Of the synthetic example rows.
        missing: As `Artifact.missing`.
        reading: As `Artifact.reading`.
        published: By input, where published weights it began with are from, their card among it.
        views: As `Artifact.views`.
        rowwise: As `Artifact.rowwise`.
        private: Input columns whose example cells stay empty: even made-up ones would show levels.

    Types of features that did not come with Crosstie are code, which never lies in an artifact: its manifest names
    them and their files under `own_types`, and the installed packages that brought them under `own_packages`. A
    function of row-wise features is named in `rowwise.json`, by its file and a digest of its code.
    """
    part = folder.with_name(f".{folder.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    (part / "graph").mkdir(parents=True)
    first = members[0][0]
    features = [each for preprocessor, _ in members for each in preprocessor.inputs]
    own_code, brought = own_types(features), own_packages(features)
    facts = {
        "name": name,
        "version": VERSION,
        "task": {feature.name: feature.type for feature in first.outputs},
        "crosstie": _crosstie(),
        **about,
        "requirements": requirements(features, () if rowwise is None else rowwise.requires),
        **({"own_types": own_code} if own_code else {}),
        **({"own_packages": brought} if brought else {}),
    }
    states: list[Any] = []
    arrays: dict[str, NDArray[Any]] = {}
    for i, (preprocessor, graph) in enumerate(members):
        state, own = preprocessor.state()
        states.append(state)
        arrays |= {f"{i}.{key}": np.ascontiguousarray(value) for key, value in own.items()}
        shutil.copyfile(graph, part / "graph" / f"{i}.onnx")
    write_json(part / "features.json", {"members": states})
    with atomic(part / "arrays.safetensors") as temporary:
        save_file(arrays, temporary)
    write_json(part / "ensemble.json", {"weights": list(weights or [1.0] * len(members))})
    write_json(
        part / "inference.json",
        {
            "outputs": {
                feature.name: {
                    "type": feature.type,
                    "labels": list(feature.labels),
                    "threshold": settings[feature.name].threshold,
                    "temperature": settings[feature.name].temperature,
                    **_beside(settings[feature.name]),
                }
                for feature in first.outputs
            },
            "missing": None if missing is None else list(missing),
            "reading": dict(reading or {}),
            "private": sorted(private),
            "views": {
                name: [each.state() for each in seen] for name, seen in (views or {}).items()
            },
        },
    )
    if rowwise is not None:
        write_json(part / "rowwise.json", rowwise.state())
    groups = groups_of(settings)
    write_json(part / "schema.json", row_schema(first, rowwise, groups))
    if published:
        write_json(part / "published.json", dict(published))
    _write_manifest(part, facts)
    artifact = load(part, verify=False)
    rows = made_rows(artifact, seed=seed)
    write_example(part, artifact, rows, [preprocessor for preprocessor, _ in members])
    _write_manifest(part, facts)
    shutil.rmtree(folder, ignore_errors=True)
    part.replace(folder)
    return replace(artifact, folder=folder, manifest=read_json(folder / "manifest.json"))


def _beside(settings: OutputSettings) -> dict[str, Any]:
    """What few outputs have."""
    few = {"interval": settings.interval, "groups": settings.groups, "classes": settings.classes}
    return {name: each.state() for name, each in few.items() if each is not None}


def own_types(features: Sequence[Feature]) -> dict[str, str]:
    """Feature types that did not come with Crosstie, by name: the file of each, without its folder."""
    found = {
        each.type: Path(inspect.getfile(type(each))).name
        for each in features
        if feature_types.is_own(type(each))
    }
    return dict(sorted(found.items()))


def own_packages(features: Sequence[Feature]) -> dict[str, str]:
    """Of those types the ones that came with an installed package: its requirement, as `hosts==1.2.0`."""
    packages = {
        point.module.partition(".")[0]: f"{point.dist.name}=={point.dist.version}"
        for point in entry_points(group=ENTRY_POINTS)
        if point.dist is not None
    }
    found = {
        each.type: packages[top]
        for each in features
        if (top := type(each).__module__.partition(".")[0]) in packages
    }
    return dict(sorted(found.items()))


def amend(folder: Path, *, rows: Rows | None = None, **facts: Any) -> None:
    """Change what a model says of itself, and nothing of what it predicts.

    Args:
        folder: The model's own copy: files are written anew in it.
        rows: What takes the place of the example's made-up rows. Cells of private columns are left empty.
        facts: What the manifest is to say otherwise: `name`, `version`; of what lies in a wheel `module`, too, the
            name that `import` knows it by.

    Raises:
        ArtifactError: There is no model, or it is damaged.
    """
    artifact = load(folder)
    if rows is not None:
        hidden = dict.fromkeys(each for each in artifact.columns if each in artifact.private)
        bare = [{**row, **hidden} for row in rows]
        write_example(folder, artifact, bare, [each.preprocessor for each in artifact.members])
    manifest = {
        key: each for key, each in artifact.manifest.items() if key not in ("format", "files")
    }
    _write_manifest(folder, manifest | facts)


def decide_by_groups(folder: Path, settings: Mapping[str, OutputSettings]) -> None:
    """Let a model decide by groups of rows, and change nothing else of what it predicts.

    Args:
        folder: The model's own copy: files are written anew in it.
        settings: By output, of those whose `groups` it is to have.

    Raises:
        ArtifactError: There is no model, or it is damaged.
    """
    before = load(folder)
    inference = read_json(folder / "inference.json")
    for name, each in settings.items():
        inference["outputs"][name] |= _beside(each)
    write_json(folder / "inference.json", inference)
    own = replace(before, settings={**before.settings, **settings}, folder=folder)
    first = before.members[0].preprocessor
    write_json(folder / "schema.json", row_schema(first, before.rowwise, own.groups))
    rows = made_rows(own, seed=0)
    write_example(folder, own, rows, [each.preprocessor for each in own.members])
    _write_manifest(
        folder,
        {key: each for key, each in before.manifest.items() if key not in ("format", "files")},
    )


def _write_manifest(folder: Path, facts: Mapping[str, Any]) -> None:
    files = {
        path.relative_to(folder).as_posix(): sha256(path)
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != "manifest.json"
    }
    write_json(folder / "manifest.json", {"format": FORMAT, **facts, "files": files})


def _crosstie() -> str | None:
    """The version of this library, where it is installed as one."""
    try:
        return version("crosstie")
    except PackageNotFoundError:
        return None
