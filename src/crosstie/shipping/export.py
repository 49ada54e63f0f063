"""Only the graph of a model, or only its weights, for a program that does the rest itself."""

import math
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crosstie.artifact.artifact import Artifact
from crosstie.artifact.loading import load, read_json
from crosstie.data.batch import Layout, Output
from crosstie.data.files import write_json
from crosstie.data.table import Table
from crosstie.errors import ConfigError, RunError, nearest
from crosstie.features.preprocessor import Preprocessor

FORMATS = ("onnx", "safetensors")


def export(model: Path, folder: Path, how: str) -> list[Path]:
    """Write a model's graph or weights to a folder.

    Args:
        model: The artifact's folder; weights lie beside it in its run.
        folder: Must not be there.
        how: `onnx` or `safetensors`.

    Returns:
        The files.

    Raises:
        ConfigError: There is no such format, or the folder is there.
        RunError: The model has no weights in that format.
    """
    if how == "torch":
        raise ConfigError(
            "--format torch: what torch writes holds a pickle, which is code. Choose safetensors (a state_dict) or onnx"
        )
    if how not in FORMATS:
        raise ConfigError(f"--format {how}: {nearest(how, FORMATS)}")
    if folder.exists():
        raise ConfigError(f"{folder}: is there already; give -o another name, or remove it")
    part = folder.with_name(f".{folder.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    if how == "onnx":
        part.mkdir(parents=True)
        _graphs(load(model), part)
    else:
        shutil.copytree(_weights(model), part)
    part.replace(folder)
    return sorted(each for each in folder.rglob("*") if each.is_file())


def _graphs(artifact: Artifact, folder: Path) -> None:
    """Each member's graph, and beside it what goes in and comes out, with an example."""
    assert artifact.folder is not None
    rows = read_json(artifact.folder / "example.json")["rows"]
    encoded = artifact.encode(Table.from_rows(rows, missing=artifact.missing))
    alone = len(artifact.members) == 1
    for i, (member, each) in enumerate(zip(artifact.members, encoded, strict=True)):
        name = "model" if alone else f"model_{i}"
        shutil.copyfile(artifact.folder / "graph" / f"{i}.onnx", folder / f"{name}.onnx")
        arrays = each.batch.inputs
        said = member.graph.run(arrays, most=member.preprocessor.layout.rows_at_once)
        write_json(
            folder / f"{name}.json",
            {
                "name": artifact.manifest["name"],
                "weight": member.weight,
                "inputs": list(_inputs(member.preprocessor, arrays)),
                "outputs": [
                    _output(artifact, place, said[place.array])
                    for place in member.preprocessor.layout.outputs
                ],
                "rows": rows,
                # the graph takes what is made of the rows: whoever feeds it has to make it
                **({} if artifact.rowwise is None else {"rowwise": artifact.rowwise.state()}),
            },
        )


def _inputs(
    preprocessor: Preprocessor, arrays: Mapping[str, NDArray[Any]]
) -> Iterator[dict[str, Any]]:
    """Of each array: name, type, shape, which columns of the table it is made of and how, and the example."""
    layout = preprocessor.layout
    made_of = _made_of(layout)
    features = {each.name: each for each in preprocessor.inputs}
    for name, (dtype, shape) in layout.inputs.items():
        columns = []
        for each in made_of.get(name, ()):
            feature = features[each]
            state, _ = feature.state()
            told = {"column": feature.column, "type": feature.type}
            columns.append({**told, **{key: state[key] for key in ("fitted",) if key in state}})
        yield {
            "name": name,
            "dtype": dtype,
            "shape": ["rows", *shape],
            "columns": columns,
            "example": _listed(arrays[name]),
        }


def _made_of(layout: Layout) -> dict[str, list[str]]:
    """The features in each array, in its order."""
    found = {
        "numbers": list(layout.numbers),
        "categories": [each.name for each in layout.categories],
    }
    found |= {each.array: [each.name] for each in layout.tokens}
    found |= {each.array: [each.name] for each in layout.vectors}
    found |= {each.array: [each.name] for each in layout.dates}
    found |= {each.array: [each.name] for each in layout.images}
    found |= {each.array: [each.name] for each in layout.series}
    return found


def _output(artifact: Artifact, place: Output, said: NDArray[Any]) -> dict[str, Any]:
    """Name, type and shape of an output, what its numbers mean, and the answer to the example."""
    feature = next(each for each in artifact.outputs if each.name == place.name)
    settings = artifact.settings[place.name]
    found: dict[str, Any] = {
        "name": place.array,
        "predicts": place.name,
        "type": place.type,
        "dtype": str(said.dtype),
        "shape": ["rows", *said.shape[1:]],
    }
    if place.labels:
        found |= {
            "labels": list(place.labels),
            "threshold": settings.threshold,
            "temperature": settings.temperature,
        }
        if (
            settings.groups is not None
        ):  # the graph puts out probabilities, and whoever runs it decides
            found["groups"] = settings.groups.state()
    state, _ = feature.state()
    if feature.amount and "fitted" in state:
        found["fitted"] = state["fitted"]
    return {**found, "example": _listed(said)}


def _listed(array: NDArray[Any]) -> Any:
    """As JSON has it, None in place of NaN."""
    if array.dtype.kind == "f" and np.isnan(array).any():
        return [_known(each) for each in array.tolist()]
    return array.tolist()


def _known(value: Any) -> Any:
    if isinstance(value, list):
        return [_known(each) for each in value]
    return None if math.isnan(value) else value


def _weights(model: Path) -> Path:
    """The folder with a run's weights as safetensors.

    Raises:
        RunError: It has none.
    """
    network = model.parent / "network"
    folds = sorted(model.parent.glob("folds/*/network"))
    if not network.is_dir() and folds:
        raise RunError(
            f"{model.parent}: holds {len(folds)} models, one a fold, each with its own weights. They lie in "
            f"{folds[0]} and so on"
        )
    if not network.is_dir():
        raise RunError(
            f"{model}: is a model alone, and its weights are in its graph; give the run it came from, or take "
            "--format onnx"
        )
    for name, own in (("booster.txt", "LightGBM's own text"), ("booster.json", "CatBoost's JSON")):
        if (network / name).is_file():
            raise RunError(
                f"--format safetensors: trees have no weights. There is the graph (--format onnx), and {own}: {network / name}"
            )
    return network
