"""Opening a model on disk, perhaps a stranger's: every file is what it was when it was saved, and nothing in it is run.

Hashes tell an accident from what was saved; they do not tell who saved it. So nothing here trusts what it reads: names
of files stay inside the folder, graphs hold all their numbers themselves, and a model that cannot predict its own
example is refused when it is opened rather than when it is asked.
"""

import hashlib
import json
import math
import re
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file

from crosstie.artifact.artifact import Artifact, Member, OutputSettings
from crosstie.artifact.runtime import Graph
from crosstie.config.registry import own_folders
from crosstie.data.files import sha256
from crosstie.data.rowwise.revive import revived
from crosstie.data.rowwise.rowwise import Rowwise
from crosstie.data.table import Table
from crosstie.errors import ArtifactError, ConfigError, DataError, MissingExtra
from crosstie.evaluation.conformal import Interval
from crosstie.evaluation.group_thresholds import GroupThresholds
from crosstie.evaluation.prediction_sets import PredictionSet
from crosstie.features.feature import feature_types
from crosstie.features.preprocessor import Preprocessor
from crosstie.features.views import View

FORMAT = 1
FILES = (
    "arrays.safetensors",
    "ensemble.json",
    "example.json",
    "features.json",
    "graph/0.onnx",
    "inference.json",
    "schema.json",
)
_MORE = re.compile(
    r"published\.json|rowwise\.json|graph/[1-9]\d{0,3}\.onnx"
)  # what some models have beside those
_INFERENCE = ("missing", "outputs", "private", "reading", "views")
_LATER = ("views",)  # what the first models of this format do not say: they have none
_OUTPUT = ("labels", "temperature", "threshold", "type")
_BESIDE = {  # what few outputs have
    "interval": ("above", "below", "coverage", "edges"),
    "groups": ("columns", "criterion", "groups", "otherwise"),
    "classes": ("coverage", "least"),
}


def load(folder: Path, *, verify: bool = True, threads: int | None = None) -> Artifact:
    """Open a model. Runs no code from it.

    Args:
        folder: The artifact's folder.
        verify: Compare every file with the manifest's hash first, and predict the example afterwards.
        threads: For ONNX Runtime; None takes what this process may use.

    Raises:
        ArtifactError: Absent, altered, truncated, or written in another format.
        MissingExtra: A package that its features need is not installed.
    """
    manifest = _manifest(folder)
    if verify:
        _verify(folder, manifest)
    try:
        artifact = _opened(folder, manifest, threads)
    except (ArtifactError, MissingExtra):
        raise
    except Exception as error:
        raise _damaged(folder, "its files do not fit together", error) from error
    if verify:
        try:
            _try_out(artifact, read_json(folder / "example.json"))
        except (ArtifactError, MissingExtra):
            raise
        except Exception as error:
            raise _damaged(folder, "it cannot predict its own example", error) from error
    return artifact


def read_json(path: Path) -> Any:
    """Read JSON.

    Raises:
        ArtifactError: The file is absent or not JSON.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"), parse_constant=_no_number)
    except FileNotFoundError:
        raise ArtifactError(f"{path}: not there") from None
    except RecursionError:
        raise ArtifactError(f"{path}: nested too deeply to be one of ours") from None
    except OSError as error:
        raise ArtifactError(f"{path}: cannot be read ({error.strerror})") from None
    except ValueError as error:  # no UTF-8, no JSON, or a number of thousands of digits
        raise ArtifactError(
            f"{path}: not readable as JSON ({error}); it may be truncated"
        ) from None


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is no number")


def _damaged(folder: Path, why: str, error: Exception) -> ArtifactError:
    said = f"{type(error).__name__}: {error}"[:200]
    return ArtifactError(
        f"{folder}: this model is damaged, or was never saved by crosstie: {why} ({said}). Copy it again from where "
        "it was made"
    )


def _manifest(folder: Path) -> dict[str, Any]:
    """The manifest, of a format that is known here and with files that may be there."""
    path = folder / "manifest.json"
    manifest = read_json(path)
    found = manifest.get("format") if isinstance(manifest, dict) else None
    if not isinstance(found, int) or isinstance(found, bool) or not isinstance(manifest, dict):
        raise ArtifactError(
            f"{path}: not the manifest of a model: it has no `format`, got {found!r}"
        )
    if found != FORMAT:
        whose = "a newer version of crosstie wrote it" if found > FORMAT else "it is too old"
        remedy = (
            "pip install -U crosstie" if found > FORMAT else "save it again with a version between"
        )
        raise ArtifactError(
            f"{folder}: this is a model of format {found}; this version of crosstie reads {FORMAT}: {whose}. "
            f"Try: {remedy}"
        )
    files = manifest.get("files")
    if not isinstance(files, dict) or not all(isinstance(each, str) for each in files.values()):
        raise ArtifactError(f"{path}: does not say which files the model has")
    strange = sorted(name for name in files if name not in FILES and not _MORE.fullmatch(name))
    if strange:
        raise ArtifactError(
            f"{path}: names a file that no model has, {strange[0][:100]!r}; it was never saved by crosstie"
        )
    return manifest


def _verify(folder: Path, manifest: Mapping[str, Any]) -> None:
    """Raise unless the folder holds the manifest's files as they were saved, and nothing else."""
    files = manifest["files"]
    for name in (*FILES, *files):
        if name not in files or not (folder / name).is_file():
            raise ArtifactError(f"{folder / name}: missing; the model is incomplete, copy it again")
    for name, expected in files.items():
        if sha256(folder / name) != expected:
            raise ArtifactError(
                f"{folder / name}: not the file this model was saved with (its hash differs); copy it again"
            )
    known = {*files, "manifest.json"}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if name not in known and not path.is_dir() and not path.name.startswith("."):
            raise ArtifactError(
                f"{path}: no file of this model, which has {len(known)} others. Move it elsewhere"
            )


def _opened(folder: Path, manifest: Mapping[str, Any], threads: int | None) -> Artifact:
    arrays = load_file(folder / "arrays.safetensors")
    states = read_json(folder / "features.json")["members"]
    weights = read_json(folder / "ensemble.json")["weights"]
    if (
        not states
        or len(weights) != len(states)
        or not all(0 < each < math.inf for each in weights)
    ):
        raise ArtifactError(
            f"{folder / 'ensemble.json'}: {len(weights)} weights {weights[:3]!r} for {len(states)} members"
        )
    members: list[Member] = []
    fitted: dict[str, Preprocessor] = {}  # members that see rows alike share what encodes them
    for i, state in enumerate(states):
        _check_types(folder, state, manifest)
        own = {
            key.removeprefix(f"{i}."): value
            for key, value in arrays.items()
            if key.startswith(f"{i}.")
        }
        key = _fingerprint(state, own) if len(states) > 1 else ""
        preprocessor = fitted[key] = fitted.get(key) or Preprocessor.from_state(state, own)
        graph = Graph(folder / "graph" / f"{i}.onnx", threads=threads)
        graph.check(preprocessor.layout)
        members.append(Member(preprocessor, graph, weights[i]))
    inference = read_json(folder / "inference.json")
    _only(folder / "inference.json", inference, _INFERENCE, may_lack=_LATER)
    for each in inference["outputs"].values():
        _only(folder / "inference.json", [key for key in each if key not in _BESIDE], _OUTPUT)
        for key in _BESIDE.keys() & each.keys():
            _only(folder / "inference.json", each[key], _BESIDE[key])
    return Artifact(
        manifest,
        members,
        {
            name: OutputSettings(
                each["threshold"],
                each["temperature"],
                Interval.from_state(each["interval"]) if "interval" in each else None,
                GroupThresholds.from_state(each["groups"]) if "groups" in each else None,
                PredictionSet.from_state(each["classes"]) if "classes" in each else None,
            )
            for name, each in inference["outputs"].items()
        },
        inference["missing"],
        inference["reading"],
        inference["private"],
        {
            name: [View.from_state(each) for each in seen]
            for name, seen in inference.get("views", {}).items()
        },
        folder,
        _rowwise(folder, inference["missing"], manifest),
    )


def _rowwise(
    folder: Path, missing: Sequence[str] | None, manifest: Mapping[str, Any]
) -> Rowwise | None:
    """The row-wise features of a model that has some."""
    path = folder / "rowwise.json"
    if not path.is_file():
        return None
    try:
        return revived(read_json(path), missing)
    except LookupError as absent:
        (file,) = absent.args
        there = [each / file for each in own_folders() if (each / file).is_file()]
        why = f"; {there[0]} is another by now" if there else ""
        raise ArtifactError(
            f"{folder}: this model needs the row-wise features of {file}, as it was trained with{why}. That is code, which "
            f"a model never holds. {_where_code_is([file], manifest)}"
        ) from None
    except DataError as error:
        told = "; ".join(map(str, error.problems))
        raise ArtifactError(f"{path}: asks for what row-wise features may not do: {told}") from None


def _fingerprint(state: Any, arrays: Mapping[str, NDArray[Any]]) -> str:
    """Equal for fitted features that are equal."""
    found = hashlib.sha256(json.dumps(state, sort_keys=True).encode())
    for name, values in sorted(arrays.items()):
        found.update(f"{name} {values.dtype} {values.shape} ".encode())
        found.update(np.ascontiguousarray(values).tobytes())
    return found.hexdigest()


def _only(
    path: Path, found: Collection[str], known: Collection[str], *, may_lack: Collection[str] = ()
) -> None:
    """Raise where a file says more than is read of it: it would change predictions, or belongs to training."""
    strange = {*found, *may_lack} ^ {*known}
    if strange:
        raise ArtifactError(
            f"{path}: should say {', '.join(known)} and nothing else, got {', '.join(map(repr, sorted(found)))[:200]}"
        )


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
            f"{', '.join(files)}. That is code, which a model never holds. {_where_code_is(absent, manifest)}"
        )


def _where_code_is(kinds: Sequence[str], manifest: Mapping[str, Any]) -> str:
    """What to install or to name, so that absent feature types are there."""
    brought = manifest.get("own_packages", {})
    ways = [
        f"Install the package that brings it: pip install '{each}'"
        for each in sorted({brought[kind] for kind in kinds if kind in brought})
    ]
    if not all(kind in brought for kind in kinds):
        ways.append(
            "Give the folder that has the file: --components DIR, or components=DIR in Python"
        )
    if "module" in manifest:
        ways.append(
            f"Or install the wheel {manifest['name']} {manifest['version']}, which holds the code, too, and predict with "
            f"`from {manifest['module']} import Model` or `python -m {manifest['module']} predict`"
        )
    return ". ".join(ways)


def _try_out(artifact: Artifact, example: Mapping[str, Any]) -> None:
    """Predict the example: arrays that do not fit each other raise here."""
    rows = example["rows"]
    encoded = artifact.encode(Table.from_rows(rows, missing=artifact.missing))
    found = artifact.decode(artifact.raw(encoded), encoded[0])
    lengths = {len(example["predictions"]), *map(len, found.values())}
    if not rows or lengths != {len(rows)}:
        raise ValueError(f"{len(rows)} rows, answers of {sorted(lengths)}")
