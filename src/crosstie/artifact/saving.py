"""The model on disk: fitted features, graphs, and what turns raw outputs into predictions. Serving only.

    manifest.json       format, name, task, versions, sha256 of every file
    inference.json      per output: labels, threshold, temperature; the words that mean missing; per picture input:
                        in which other ways training saw it
    schema.json         JSON Schema of a row in and a prediction out
    features.json       the fitted features' state, one entry a member
    arrays.safetensors  the arrays of that state
    graph/0.onnx …      one graph a member
    ensemble.json       the members' weights
    published.json      what was published that the model began with: source, revision, licence, sha256, card
    example.json        synthetic rows and what the model says of them

A model of one graph is an ensemble of one: there is one way to load. Nothing in here is code and loading runs
none.
"""

import inspect
import shutil
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save_file

from crosstie.artifact.artifact import OutputSettings, plain
from crosstie.artifact.loading import FORMAT, load
from crosstie.artifact.schema import row_schema
from crosstie.data.files import atomic, sha256, write_json
from crosstie.data.table import Table
from crosstie.features.feature import Feature, feature_types
from crosstie.features.preprocessor import Preprocessor
from crosstie.features.views import View


def save(
    folder: Path,
    *,
    name: str,
    members: Sequence[tuple[Preprocessor, Path]],
    settings: Mapping[str, OutputSettings],
    about: Mapping[str, Any],
    seed: int,
    missing: Sequence[str] | None = None,
    reading: Mapping[str, Any] | None = None,
    private: Collection[str] = (),
    published: Mapping[str, Any] | None = None,
    views: Mapping[str, Sequence[View]] | None = None,
) -> None:
    """Write an artifact to `folder`, which appears whole or not at all.

    Args:
        folder: Replaced if it is there.
        name: The model's name.
        members: (fitted features, `.onnx` file) of each; the file is copied.
        settings: By output name.
        about: Goes into the manifest: versions, learner, the run it came from. No training options.
        seed: Of the synthetic example rows.
        missing: As `Artifact.missing`.
        reading: As `Artifact.reading`.
        published: By input, where published weights it began with are from, their card among it.
        views: As `Artifact.views`.
        private: Input columns whose example cells stay empty: even made-up ones would show levels.

    Types of features that did not come with Crosstie are code, which never lies in an artifact: its manifest names
    them and their files under `own_types`.
    """
    part = folder.with_name(f".{folder.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    (part / "graph").mkdir(parents=True)
    own_code = own_types([each for preprocessor, _ in members for each in preprocessor.inputs])
    about = {**about, "own_types": own_code} if own_code else about
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
    write_json(part / "ensemble.json", {"weights": [1.0] * len(members)})
    first = members[0][0]
    write_json(
        part / "inference.json",
        {
            "outputs": {
                feature.name: {
                    "type": feature.type,
                    "labels": list(feature.labels),
                    "threshold": settings[feature.name].threshold,
                    "temperature": settings[feature.name].temperature,
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
    write_json(part / "schema.json", row_schema(first.inputs, first.outputs))
    if published:
        write_json(part / "published.json", dict(published))
    _write_example(part, name, about, seed, private)
    _write_manifest(part, name, about)
    shutil.rmtree(folder, ignore_errors=True)
    part.replace(folder)


def own_types(features: Sequence[Feature]) -> dict[str, str]:
    """Feature types that did not come with Crosstie, by name: the file of each, without its folder."""
    found = {
        each.type: Path(inspect.getfile(type(each))).name
        for each in features
        if feature_types.is_own(type(each))
    }
    return dict(sorted(found.items()))


def _write_example(
    part: Path, name: str, about: Mapping[str, Any], seed: int, private: Collection[str]
) -> None:
    """Rows that no user ever had, and this model's answer: what a later load is checked against."""
    _write_manifest(part, name, about)
    artifact = load(part, verify=False)
    rng = np.random.default_rng(seed)
    inputs = artifact.members[0].preprocessor.inputs
    cells = {feature.column: feature.example(rng, 3) for feature in inputs}
    cells |= {column: [None] * 3 for column in cells if column in private}
    table = Table.from_columns(cells)
    encoded = artifact.encode(table)
    predicted = artifact.decode(artifact.raw(encoded), encoded[0].tokens)
    rows = [{key: plain(values[i]) for key, values in cells.items()} for i in range(3)]
    answers = [{key: plain(values[i]) for key, values in predicted.items()} for i in range(3)]
    write_json(part / "example.json", {"rows": rows, "predictions": answers})


def _write_manifest(part: Path, name: str, about: Mapping[str, Any]) -> None:
    files = {
        str(path.relative_to(part)): sha256(path)
        for path in sorted(part.rglob("*"))
        if path.is_file() and path.name != "manifest.json"
    }
    write_json(part / "manifest.json", {"format": FORMAT, "name": name, **about, "files": files})
