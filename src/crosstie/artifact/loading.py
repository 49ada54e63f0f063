"""Opening a model on disk: every file is what it was when it was saved, and nothing in it is run."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from safetensors.numpy import load_file

from crosstie.artifact.artifact import Artifact, Member, OutputSettings
from crosstie.artifact.runtime import Graph
from crosstie.data.files import sha256
from crosstie.errors import ArtifactError, ConfigError
from crosstie.features.feature import feature_types
from crosstie.features.preprocessor import Preprocessor
from crosstie.features.views import View

FORMAT = 1


def load(folder: Path, *, verify: bool = True, threads: int | None = None) -> Artifact:
    """Open a model. Runs no code from it.

    Args:
        folder: The artifact's folder.
        verify: Compare every file with the manifest's hash first.
        threads: For ONNX Runtime; None takes what this process may use.

    Raises:
        ArtifactError: Absent, altered, truncated, or written in another format.
    """
    manifest = read_json(folder / "manifest.json")
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        found = manifest.get("format") if isinstance(manifest, dict) else None
        raise ArtifactError(
            f"{folder}: this is a model of format {found!r}; this version of crosstie reads {FORMAT}"
        )
    if verify:
        _verify(folder, manifest)
    arrays = load_file(folder / "arrays.safetensors")
    weights = read_json(folder / "ensemble.json")["weights"]
    members = []
    for i, state in enumerate(read_json(folder / "features.json")["members"]):
        _check_types(folder, state, manifest)
        own = {
            key.removeprefix(f"{i}."): value
            for key, value in arrays.items()
            if key.startswith(f"{i}.")
        }
        preprocessor = Preprocessor.from_state(state, own)
        graph = Graph(folder / "graph" / f"{i}.onnx", threads=threads)
        members.append(Member(preprocessor, graph, weights[i]))
    inference = read_json(folder / "inference.json")
    settings = {
        name: OutputSettings(each["threshold"], each["temperature"])
        for name, each in inference["outputs"].items()
    }
    return Artifact(
        manifest,
        members,
        settings,
        inference.get("missing"),
        inference.get("reading", {}),
        inference.get("private", ()),
        {
            name: [View.from_state(each) for each in states]
            for name, states in inference.get("views", {}).items()
        },
        folder,
    )


def read_json(path: Path) -> Any:
    """Read JSON.

    Raises:
        ArtifactError: The file is absent or not JSON.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ArtifactError(f"{path}: not there") from None
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise ArtifactError(
            f"{path}: not readable as JSON ({error}); it may be truncated"
        ) from None


def _check_types(folder: Path, state: Mapping[str, Any], manifest: Mapping[str, Any]) -> None:
    absent = []
    for kind in dict.fromkeys(each["type"] for each in state["inputs"]):
        try:
            feature_types.get(kind)
        except ConfigError:
            absent.append(kind)
    if absent:
        files = [manifest.get("own_types", {}).get(kind, "?") for kind in absent]
        raise ArtifactError(
            f"{folder}: this model needs the feature type {', '.join(map(repr, absent))} from "
            f"{', '.join(files)}. That is code, which a model never holds. Give the folder that has the file: "
            "--components DIR, or components=DIR in Python"
        )


def _verify(folder: Path, manifest: Mapping[str, Any]) -> None:
    for name, expected in manifest["files"].items():
        path = folder / name
        if not path.is_file():
            raise ArtifactError(f"{path}: missing; the model is incomplete, copy it again")
        if sha256(path) != expected:
            raise ArtifactError(
                f"{path}: not the file this model was saved with (its hash differs); copy it again"
            )
