"""An estimator of a live process as one of our models: by a graph or a booster's own text, never by its pickle."""

import atexit
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crosstie.data.table import Table
from crosstie.errors import ArtifactError, ConfigError, DataError, MissingExtra
from crosstie.serving.model import Model
from crosstie.shipping.bring_in import MOST, NEAR, Wanted, missing, put_together, read, table_for
from crosstie.shipping.onnx_graph import OnnxGraph, read_onnx

BOOSTERS = ("lightgbm", "xgboost")
OPSETS = {"": 18, "ai.onnx.ml": 3}


def wrap(estimator: Any, example: Any, wanted: Wanted) -> Model:
    """As `api.wrap`."""
    if not hasattr(example, "shape") or len(example.shape) != 2 or not len(example):
        raise DataError(
            f"example: is a {type(example).__name__}; give the DataFrame or array that the model was fitted on, or "
            "some rows of it"
        )
    rows = example.iloc[:MOST] if hasattr(example, "iloc") else example[:MOST]
    home = type(estimator).__module__.partition(".")[0]
    native = home in BOOSTERS and not hasattr(
        estimator, "get_params"
    )  # asked by what reads its file
    expected = None if native else _answers(estimator, rows)
    labels = wanted.labels
    if labels is None and hasattr(estimator, "classes_") and np.ndim(estimator.classes_) == 1:
        labels = [str(each) for each in np.asarray(estimator.classes_).tolist()]
    if wanted.task == "number" and hasattr(estimator, "classes_"):
        raise ConfigError(f"task number: {type(estimator).__name__} is a classifier; leave it out")
    task = wanted.task or (None if native else _task(estimator, labels))
    wanted = Wanted(task, labels, wanted.target, wanted.name)
    folder = Path(mkdtemp(prefix="crosstie-"))
    atexit.register(_remove, folder, os.getpid())
    about = {"class": _spelled(estimator)}
    if home in BOOSTERS:
        model = _booster(estimator, home, rows, folder / "model", wanted, about)
    else:
        assert expected is not None
        model = _converted(estimator, rows, folder / "model", wanted, about, expected)
    if expected is not None:
        _check(model, rows, expected, home)
        model.notes = [f"answers the example's {len(rows)} rows as {home} does"]
    return model


def _task(estimator: Any, labels: Sequence[str] | None) -> str:
    if labels is None or not hasattr(estimator, "classes_"):
        return "number"
    return "binary" if len(labels) == 2 else "category"


def _answers(estimator: Any, rows: Any) -> NDArray[Any]:
    """What the estimator says: probabilities `[rows, classes]`, classes `[rows]`, or numbers `[rows]`.

    Raises:
        ConfigError: It cannot be asked.
    """
    if not hasattr(estimator, "predict"):
        raise ConfigError(
            f"{type(estimator).__name__}: has no predict; wrap a fitted classifier or regressor"
        )
    ask = getattr(estimator, "predict_proba", estimator.predict)
    try:
        return np.asarray(ask(rows))
    except Exception as error:  # somebody else's model: whatever it raises is its answer
        raise DataError(
            f"example: {type(estimator).__name__} itself cannot predict it: {str(error).splitlines()[0]}"
        ) from error


def _booster(
    estimator: Any,
    home: str,
    rows: Any,
    folder: Path,
    wanted: Wanted,
    about: Mapping[str, Any],
) -> Model:
    """By the booster's own text or JSON."""
    with TemporaryDirectory() as work:
        file = Path(work) / ("model.txt" if home == "lightgbm" else "model.json")
        getattr(estimator, "booster_", estimator).save_model(file)
        foreign = read(file)
        about = {**about, "sha256": sha256(file.read_bytes()).hexdigest()}
    return put_together(foreign, folder, table_for(rows, missing(foreign)), wanted, about)


def _converted(
    estimator: Any,
    rows: Any,
    folder: Path,
    wanted: Wanted,
    about: Mapping[str, Any],
    expected: NDArray[Any],
) -> Model:
    """By the graph that skl2onnx makes: of the ways to type its inputs, the first that answers as the estimator."""
    try:
        import skl2onnx  # 1.5 s: scikit-learn with it
    except ModuleNotFoundError:
        raise MissingExtra(
            "skl2onnx", "sklearn", needed_for="wrapping a scikit-learn model"
        ) from None
    table = table_for(rows, None)
    failed: Exception | None = None
    for types in _types(estimator, rows, table):
        shutil.rmtree(folder, ignore_errors=True)
        try:
            proto = skl2onnx.to_onnx(estimator, initial_types=types, target_opset=OPSETS)
        except Exception as error:  # noqa: BLE001 - it raises many kinds for what it does not know
            failed = failed or error
            continue
        content = proto.SerializeToString()
        foreign = _foreign(content, estimator)
        facts = {**about, "sha256": sha256(content).hexdigest()}
        model = put_together(foreign, folder, table_for(rows, missing(foreign)), wanted, facts)
        with suppress(ArtifactError):
            _check(model, rows, expected, "scikit-learn")
            return model
    if failed is not None:
        reason = str(failed).splitlines()[0][:300]
        raise ArtifactError(
            f"{about['class']}: skl2onnx {version('skl2onnx')} cannot turn it into a graph: {reason}"
        ) from failed
    return model


def _foreign(content: bytes, estimator: Any) -> OnnxGraph:
    """The graph; of a classifier without probabilities its first output, the class itself, is what is predicted."""
    graph = read_onnx(content, type(estimator).__name__)
    if hasattr(estimator, "classes_") and not hasattr(estimator, "predict_proba"):
        return read_onnx(content, type(estimator).__name__, picked=graph.proto.graph.output[0].name)
    return graph


def _types(estimator: Any, rows: Any, table: Table) -> Iterator[list[tuple[str, Any]]]:
    """Ways to say to skl2onnx what the estimator reads: one matrix, or columns with whole numbers as such or not."""
    from skl2onnx.common import data_types

    names = list(table.columns)
    words = [name for name in names if _of_words(rows, name)]
    if not words and not _selects(estimator):
        yield [("X", data_types.FloatTensorType([None, len(names)]))]
        return
    whole = [name for name in names if name not in words and _of_whole_numbers(rows, name)]
    for ints in ([], whole) if whole else ([],):
        yield [
            (
                name,
                data_types.StringTensorType([None, 1])
                if name in words
                else data_types.Int64TensorType([None, 1])
                if name in ints
                else data_types.FloatTensorType([None, 1]),
            )
            for name in names
        ]


def _selects(estimator: Any) -> bool:
    """Whether an estimator, or the first step of it, tells columns apart."""
    steps = getattr(estimator, "steps", None)
    return hasattr(steps[0][1] if steps else estimator, "transformers")


def _of_words(rows: Any, name: str) -> bool:
    return hasattr(rows, "columns") and rows[name].dtype.kind not in "iufb"


def _of_whole_numbers(rows: Any, name: str) -> bool:
    return hasattr(rows, "columns") and rows[name].dtype.kind in "iu"


def _check(model: Model, rows: Any, expected: NDArray[Any], home: str) -> None:
    """Raise unless the model says of the example what the estimator says."""
    table = table_for(rows, model.artifact.missing)
    feature = model.artifact.outputs[0]
    found = model.predict_table(table)
    if expected.ndim == 2 and expected.shape[1] > 1:
        columns = [f"{feature.name}_probability_{each}" for each in feature.labels]
        said = np.stack([found[each] for each in columns], axis=1)
        far = ~np.isclose(said, expected, rtol=NEAR, atol=NEAR).all(axis=1)
    elif feature.labels:
        said = np.array(found[f"{feature.name}_prediction"], object)
        far = said != np.array([str(each) for each in expected.tolist()], object)
    else:
        said = np.asarray(found[f"{feature.name}_prediction"])
        far = ~np.isclose(said, expected.reshape(-1), rtol=NEAR, atol=NEAR)
    if far.any():
        row = int(far.argmax())
        raise ArtifactError(
            f"row {row + 1} of the example: {home} says {expected[row].tolist()}, and the graph made of it "
            f"{np.asarray(said[row]).tolist()}, as {int(far.sum())} of {len(far)} rows. It cannot be wrapped"
        )


def _spelled(estimator: Any) -> str:
    """`Pipeline(ColumnTransformer, LogisticRegression)`."""
    steps = [type(each).__name__ for _, each in getattr(estimator, "steps", ())]
    return f"{type(estimator).__name__}({', '.join(steps)})" if steps else type(estimator).__name__


def _remove(folder: Path, process: int) -> None:
    if os.getpid() == process:
        shutil.rmtree(folder, ignore_errors=True)
