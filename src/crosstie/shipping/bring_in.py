"""A model made elsewhere as one of ours: read from its file, put into a graph, compared, and saved. Nothing of it is run."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray

from crosstie.artifact.artifact import OutputSettings, natural
from crosstie.artifact.runtime import Graph
from crosstie.artifact.saving import save
from crosstie.data.files import sha256
from crosstie.data.parse import MISSING
from crosstie.data.read import open_source
from crosstie.data.table import Table
from crosstie.errors import ArtifactError, ConfigError, DataError, Problem, nearest
from crosstie.features.preprocessor import Preprocessor
from crosstie.serving.model import Model
from crosstie.shipping.columns import (
    cells,
    features_for,
    fed,
    found_in,
    output_for,
    preprocessor_for,
)
from crosstie.shipping.foreign import Foreign, Task
from crosstie.shipping.lightgbm_text import is_lightgbm, read_lightgbm
from crosstie.shipping.onnx_graph import read_onnx
from crosstie.shipping.xgboost_json import is_xgboost, read_xgboost

NEAR = 1e-5  # relative or absolute
MOST = 5000  # rows of an example that are looked at
PICKLES = (".pkl", ".pickle", ".joblib", ".sav")
_OTHER_WORDS = {"regression": "number", "multiclass": "category", "classification": "category"}


@dataclass(frozen=True)
class Wanted:
    """What is said of a model that its file may not say.

    Attributes:
        task: What it predicts; None for what the file says.
        labels: The names of its classes, in its own order; binary: negative, positive. None for what the file says.
        target: What is predicted is called so.
        name: The model's name.
    """

    task: str | None
    labels: Sequence[str] | None
    target: str
    name: str


def bring_in(
    path: Path,
    folder: Path,
    example: Any,
    wanted: Wanted,
    *,
    graph_output: str | None = None,
    logits: bool = False,
) -> Model:
    """Make an artifact of a model's file.

    Args:
        path: `.onnx`, LightGBM's text or XGBoost's JSON.
        folder: Where it goes; it must not be there.
        example: Rows that the model was made for, in any form that tables have.
        wanted: What its file may not say.
        graph_output: The output of an ONNX graph that holds the prediction, where several may.
        logits: Whether that holds logits rather than probabilities.

    Returns:
        The model, loaded. Its `notes` say what is odd.

    Raises:
        ArtifactError: The file is none that can be read, or does what cannot be done here; or the graph made of it
            says something else than the tool that wrote it.
        ConfigError: The folder is there, or task and labels do not fit the model.
        DataError: The example has not the columns that the model reads.
    """
    if folder.exists():
        raise ConfigError(f"{folder}: is there already; give -o another name, or remove it")
    about = {"file": path.name, "sha256": sha256(_readable(path))}
    foreign = read(path, graph_output=graph_output, logits=logits)
    return put_together(foreign, folder, table_for(example, missing(foreign)), wanted, about)


def read(path: Path, *, graph_output: str | None = None, logits: bool = False) -> Foreign:
    """A model's file as what it says.

    Args:
        path: The file.
        graph_output: As for `bring_in`.
        logits: Likewise.

    Raises:
        ArtifactError: It is none that can be read.
        ConfigError: An option is for graphs, and this is none.
    """
    with _readable(path).open("rb") as file:
        head = file.read(64)
    if head[:1] == b"\x80" or path.suffix in PICKLES:
        raise ArtifactError(
            f"{path}: is a pickle, which is code and is never opened. Where the model lives, in Python, call "
            f"crosstie.wrap(model, example=…).save({path.stem!r})"
        )
    if path.suffix == ".onnx":
        return read_onnx(path.read_bytes(), path.name, picked=graph_output, logits=logits)
    if graph_output is not None or logits:
        what = "--logits" if graph_output is None else "--graph-output"
        raise ConfigError(
            f"{what}: is for ONNX graphs (.onnx), and {path.name} is none; leave it out"
        )
    if is_lightgbm(head):
        return read_lightgbm(path.read_text(encoding="utf-8"), path.name)
    if head.lstrip().startswith(b"{"):
        try:
            found = json.loads(path.read_bytes())
        except ValueError as error:
            raise ArtifactError(
                f"{path}: not readable as JSON ({error}); it may be truncated, or be XGBoost's binary form: "
                'save it with model.save_model("model.json")'
            ) from None
        if is_xgboost(found):
            return read_xgboost(found, path.name)
    raise ArtifactError(
        f"{path}: is no model that can be read: an ONNX graph (.onnx), LightGBM's text "
        '(save_model("model.txt")) or XGBoost\'s JSON (save_model("model.json"))'
    )


def put_together(
    foreign: Foreign, folder: Path, example: Table, wanted: Wanted, about: Mapping[str, Any]
) -> Model:
    """Write a model that was read, and compare it with what its own tool says of the example.

    Args:
        foreign: The model.
        folder: Where it goes.
        example: Rows that it was made for.
        wanted: What its file may not say.
        about: What the manifest says of where it came from.
    """
    task, labels = settle(foreign, wanted)
    names = found_in(example, foreign.columns, wanted.target)
    if wanted.target in names:
        raise ConfigError(
            f"--target {wanted.target}: the model reads a column of this name; give what it predicts another"
        )
    inputs = features_for(example, foreign.columns, names)
    preprocessor = preprocessor_for(example, inputs, [output_for(wanted.target, task, labels)])
    with TemporaryDirectory() as work:
        graph = Path(work) / "0.onnx"
        foreign.write(graph, fed(preprocessor))
        _check_answers(graph, preprocessor, example)
        made = Path(work) / "model"
        save(
            made,
            name=wanted.name,
            members=[(preprocessor, graph)],
            settings={wanted.target: OutputSettings()},
            about={
                "learner": foreign.tool,
                "imported": {"tool": foreign.tool, "version": foreign.version, **about},
            },
            seed=0,
            missing=missing(foreign),
        )
        folder.parent.mkdir(parents=True, exist_ok=True)
        model = Model.load(made)
        notes = _compare(model, foreign, example)
        folder.parent.mkdir(parents=True, exist_ok=True)
        model.save(folder)
    model = Model.load(folder)
    model.notes = notes
    return model


def settle(foreign: Foreign, wanted: Wanted) -> tuple[Task, tuple[str, ...]]:
    """What a model predicts, and the names of its classes.

    Raises:
        ConfigError: It is not known, or what is said does not fit the model.
    """
    task = _task(foreign, wanted.task)
    labels = tuple(wanted.labels or foreign.labels)
    classes = 1 if task == "number" else 2 if task == "binary" else foreign.classes
    if task == "number":
        if wanted.labels:
            raise ConfigError("--labels: a number has no classes; leave them out")
        return task, ()
    if not labels:
        if classes is None:
            raise ConfigError(
                "--labels: the file does not name the classes. Give their names in its order, parted by commas"
            )
        labels = tuple(map(str, range(classes)))
    if len(set(labels)) != len(labels) or len(labels) < 2:
        raise ConfigError(f"--labels {','.join(labels)}: give two or more names, each once")
    if classes is not None and len(labels) != classes:
        raise ConfigError(
            f"--labels {','.join(labels)}: {len(labels)} names, and the model has {classes} classes"
        )
    return task, labels


def _task(foreign: Foreign, asked: str | None) -> Task:
    tasks = get_args(Task)
    if asked is not None and asked not in tasks:
        word = _OTHER_WORDS.get(asked)
        hint = f"did you mean {word!r}?" if word else nearest(asked, tasks)
        raise ConfigError(f"--task {asked}: {hint}")
    task: Task | None = next((each for each in tasks if each == asked), foreign.task)
    if task is None:
        raise ConfigError(f"--task: the file does not say what it predicts; {nearest('', tasks)}")
    if foreign.task is not None and task != foreign.task:
        raise ConfigError(f"--task {task}: the file says that it predicts a {foreign.task}")
    return task


def missing(foreign: Foreign) -> list[str] | None:
    """The words that mean that nothing is there, where the model knows some of the usual ones as categories."""
    known = {level for each in foreign.columns for level in each.levels}
    return [word for word in MISSING if word not in known] if known & {*MISSING} else None


def table_for(example: Any, missing: Sequence[str] | None) -> Table:
    """The first rows of an example in any form, as one table.

    Args:
        example: Also an array `[rows, columns]`, whose columns are called x0, x1, ….
        missing: As `open_source` takes it.

    Raises:
        DataError: There are none.
    """
    if isinstance(example, np.ndarray) and example.ndim == 2:
        example = {f"x{i}": example[:, i] for i in range(example.shape[1])}
    table = open_source(example, missing=missing).table()
    if not len(table):
        raise DataError(
            "the example: has no rows. Give some, with the columns that the model reads"
        )
    return table.slice(0, min(len(table), MOST))


def _check_answers(graph: Path, preprocessor: Preprocessor, example: Table) -> None:
    """Raise where a row of the example has no answer."""
    said = Graph(graph).run(preprocessor.encode(example).batch.inputs)
    found = next(iter(said.values())).reshape(len(example), -1)
    empty = np.isnan(found).any(axis=1)
    if empty.any():
        raise ArtifactError(
            f"the model has no answer (NaN) to row {int(empty.argmax()) + 1} of the example. Leave out rows with empty "
            "cells if it was not made for them"
        )


def _compare(model: Model, foreign: Foreign, example: Table) -> list[str]:
    """How the artifact's answers to the example stand to the tool's own, in a sentence.

    Raises:
        ArtifactError: They are others, for another reason than that numbers are read as float32.
    """
    artifact = model.artifact
    preprocessor = artifact.members[0].preprocessor
    encoded = artifact.encode(example)
    feature = artifact.outputs[0]
    found = artifact.raw(encoded)[feature.name]
    given, absent = cells(preprocessor, example, foreign.columns)
    output = preprocessor.layout.outputs[0]
    expected = foreign.says(given, absent, output)
    if expected is None:
        return [f"{foreign.tool} is not installed: its answers to the example were not compared"]
    other = _far(found, natural(feature, expected))
    if not other.any():
        return [f"answers the example's {len(found)} rows as {foreign.tool} does"]
    as_read = [each.astype(np.float32).astype(np.float64) for each in given]
    rounded = foreign.says(as_read, absent, output)
    assert rounded is not None
    far = _far(found, natural(feature, rounded))
    if far.any():
        row = int(far.argmax())
        raise ArtifactError(
            Problem(
                f"row {row + 1} of the example",
                f"{foreign.tool} says {expected[row].tolist()}, and the graph made of it {found[row].tolist()}. The "
                "model does something that cannot be followed here; nothing was written",
            )
        )
    which = f"{int(other.sum())} of the example's {len(found)} rows"
    why = "they hold numbers of more digits than the 7 that are read here"
    return [f"answers {which} otherwise than {foreign.tool}: {why}"]


def _far(found: NDArray[np.float64], expected: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which rows are answered otherwise, bool `[rows]`."""
    near = np.isclose(found, expected, rtol=NEAR, atol=NEAR)
    return np.asarray(~near.reshape(len(near), -1).all(axis=1))


def _readable(path: Path) -> Path:
    if path.is_dir():
        raise ArtifactError(f"{path}: is a folder; a model's file is wanted")
    if not path.is_file():
        raise ArtifactError(f"{path}: there is no such file")
    return path
