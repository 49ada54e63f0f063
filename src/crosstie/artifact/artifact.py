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

A model of one graph is an ensemble of one: there is one way to load and one way to predict. Nothing in here
is code and loading runs none.
"""

import inspect
import json
import shutil
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file

from crosstie.artifact.runtime import Graph
from crosstie.artifact.schema import row_schema
from crosstie.data.batch import Batch
from crosstie.data.files import atomic, sha256, write_json
from crosstie.data.table import Table
from crosstie.data.windows import Windows
from crosstie.errors import ArtifactError, ConfigError
from crosstie.evaluation.calibration import apply_temperature
from crosstie.features.feature import Feature, feature_types
from crosstie.features.output_feature import OutputFeature
from crosstie.features.preprocessor import Encoded, Preprocessor
from crosstie.features.views import View

FORMAT = 1


@dataclass(frozen=True)
class OutputSettings:
    """What stands between a graph's output and a prediction.

    Attributes:
        threshold: Of a binary output, or one for each label of a set; unused by the others.
        temperature: Probabilities are divided by it in log space; 1 leaves them alone.
    """

    threshold: float | list[float] = 0.5
    temperature: float = 1.0


@dataclass(frozen=True)
class Member:
    """One fitted way from rows to raw outputs, and its weight in the average."""

    preprocessor: Preprocessor
    graph: Graph
    weight: float = 1.0

    def raw(
        self, batch: Batch, tokens: Mapping[str, Sequence[Sequence[str]]] | None = None
    ) -> dict[str, NDArray[Any]]:
        """Outputs by name: numbers in the unit of the user's column, texts, probabilities otherwise.

        Args:
            batch: Encoded rows.
            tokens: As `Encoded.tokens`: what texts copy.
        """
        layout = self.preprocessor.layout
        outputs = self.graph.run(batch.inputs, most=layout.rows_at_once)
        return {
            place.name: natural(feature, outputs[place.array], (tokens or {}).get(place.name))
            for place, feature in zip(layout.outputs, self.preprocessor.outputs, strict=True)
        }


@dataclass
class Artifact:
    """A loaded model. `raw` gives numbers, `decode` gives predictions.

    Attributes:
        manifest: As in `manifest.json`.
        members: At least one; their outputs are averaged.
        settings: By output name.
        missing: Texts that mean that nothing is there, where training had others than the usual ones.
        private: Columns whose cells are not shown.
        reading: How the training table got its columns' names, where not from a header line: `Source.reading`.
        views: By picture input: in which other ways it may be seen, for training saw it so.
    """

    manifest: Mapping[str, Any]
    members: Sequence[Member]
    settings: dict[str, OutputSettings] = field(default_factory=dict)
    missing: Sequence[str] | None = None
    reading: Mapping[str, Any] = field(default_factory=dict)
    private: Collection[str] = ()
    views: Mapping[str, Sequence[View]] = field(default_factory=dict)

    @property
    def outputs(self) -> Sequence[OutputFeature]:
        """The features it predicts."""
        return self.members[0].preprocessor.outputs

    @property
    def inputs(self) -> Sequence[Feature]:
        """The features it predicts from."""
        return self.members[0].preprocessor.inputs

    @property
    def columns(self) -> Sequence[str]:
        """The input columns it reads."""
        return self.members[0].preprocessor.columns

    @property
    def windows(self) -> Windows | None:
        """How a long table is cut for it, if it is."""
        return self.members[0].preprocessor.windows

    def encode(self, table: Table) -> list[Encoded]:
        """The table as each member sees it."""
        return [member.preprocessor.encode(table) for member in self.members]

    def raw(self, encoded: Sequence[Encoded]) -> dict[str, NDArray[Any]]:
        """Averaged outputs by name: numbers in their own unit, texts, calibrated probabilities otherwise.

        Returns:
            number and binary `[rows]`, category `[rows, classes]`, set `[rows, labels]`, sequence `[rows, length,
            labels]`, text `[rows]` of str.
        """
        total = sum(member.weight for member in self.members)
        result: dict[str, NDArray[Any]] = {}
        for member, rows in zip(self.members, encoded, strict=True):
            for name, values in member.raw(rows.batch, rows.tokens).items():
                part = values * (member.weight / total) if len(self.members) > 1 else values
                result[name] = result[name] + part if name in result else part
        for feature in self.outputs:
            temperature = self.settings[feature.name].temperature
            if temperature != 1.0:
                result[feature.name] = apply_temperature(
                    result[feature.name], temperature, output_type=feature.type
                )
        return result

    def raw_averaged(self, encoded: Sequence[Encoded], views: int) -> dict[str, NDArray[Any]]:
        """As `raw`, averaged over the pictures as they are and so many other views of them."""
        total = self.raw(encoded)
        for place in range(views):
            for name, values in self.raw([self._seen(each, place) for each in encoded]).items():
                total[name] = total[name] + values
        return {name: values / (views + 1) for name, values in total.items()} if views else total

    def _seen(self, encoded: Encoded, place: int) -> Encoded:
        """The rows with their pictures as they are in one of the views."""
        inputs = dict(encoded.batch.inputs)
        for image in self.members[0].preprocessor.layout.images:
            views = self.views.get(image.name, ())
            if place < len(views):
                inputs[image.array] = views[place].of(np.asarray(inputs[image.array]))
        return replace(encoded, batch=replace(encoded.batch, inputs=inputs))

    def decode(
        self,
        raw: Mapping[str, NDArray[Any]],
        tokens: Mapping[str, Sequence[Sequence[str]]] | None = None,
    ) -> dict[str, Any]:
        """Prediction columns: `<output>_prediction`, `<output>_probability_<class>`.

        Args:
            raw: Of `raw`.
            tokens: As `Encoded.tokens`, for outputs that have a label for each token.
        """
        columns: dict[str, Any] = {}
        for feature in self.outputs:
            values: NDArray[Any] = raw[feature.name]
            if feature.as_shown:
                columns[f"{feature.name}_prediction"] = listed(values)
                continue
            decoded = feature.decode(
                values,
                threshold=self.settings[feature.name].threshold,
                tokens=(tokens or {}).get(feature.name),
            )
            columns |= {f"{feature.name}_{suffix}": each for suffix, each in decoded.items()}
        return columns


def listed(values: NDArray[Any]) -> Any:
    """Amounts as a column: a list of them where a row has several."""
    return values.tolist() if values.ndim > 1 else values


def natural(
    feature: OutputFeature, raw: NDArray[Any], tokens: Sequence[Sequence[str]] | None = None
) -> NDArray[Any]:
    """Targets or a graph's output in the unit that is averaged and shown: numbers and texts as in the user's column.

    Args:
        feature: Whose.
        raw: As `OutputFeature.decode` takes it.
        tokens: Likewise.
    """
    if feature.amount:
        return np.asarray(feature.decode(raw)["prediction"], dtype=np.float64)
    if feature.type == "text":
        return np.array(feature.decode(raw, tokens=tokens)["prediction"], dtype=object)
    return np.asarray(raw, dtype=np.float64)


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


def plain(value: Any) -> Any:
    """A numpy scalar as the Python value that JSON and people expect."""
    return value.item() if isinstance(value, np.generic) else value


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


def own_types(features: Sequence[Feature]) -> dict[str, str]:
    """Feature types that did not come with Crosstie, by name: the file of each, without its folder."""
    found = {
        each.type: Path(inspect.getfile(type(each))).name
        for each in features
        if feature_types.is_own(type(each))
    }
    return dict(sorted(found.items()))


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
