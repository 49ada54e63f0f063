"""`start_from`: an earlier network as a plan sees it, its sections and its fitted features. No weight is read here.

What a file leaves open is then as it was in the earlier run: types of columns, preprocessing, encoders, combiner,
decoders. Otherwise a default that depends on the table would make a network that none of the weights fit.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from crosstie.artifact.fitted import load_fitted
from crosstie.artifact.loading import read_json
from crosstie.config.document import Document
from crosstie.data.files import sha256
from crosstie.errors import ArtifactError, CrosstieError, RunError
from crosstie.features.feature import Feature
from crosstie.features.preprocessor import Preprocessor
from crosstie.learners.learner import Start
from crosstie.pipeline.findings import Findings
from crosstie.pipeline.hub import Place, is_on_hub
from crosstie.pipeline.published import fetch_published, is_published, verify
from crosstie.pipeline.run import Run

NETWORK = ("config.json", "weights.safetensors", "features.json", "arrays.safetensors")


@dataclass(frozen=True)
class Earlier:
    """A network to start from.

    Attributes:
        folder: Where it lies.
        source: What names it for good: the folder, or the hub's commit.
        architecture: Its filled sections.
        preprocessor: Its fitted features.
    """

    folder: Path
    source: str
    architecture: Mapping[str, Any]
    preprocessor: Preprocessor = field(repr=False)

    @property
    def inputs(self) -> dict[str, Feature]:
        """Its fitted inputs by name."""
        return {each.name: each for each in self.preprocessor.inputs}

    @property
    def outputs(self) -> dict[str, Feature]:
        """Its fitted outputs by name."""
        return {each.name: each for each in self.preprocessor.outputs}

    @property
    def types(self) -> dict[str, str]:
        """The type of every feature by name; of one that is both, that of the input."""
        return {name: each.type for name, each in (self.outputs | self.inputs).items()}

    def section(self, role: str, name: str, kind: str, part: str) -> dict[str, Any]:
        """The section of a part (`encoder`) of an input or output of that name and type; empty if there is none."""
        own = self.architecture[role].get(name, {})
        return dict(own.get(part, {})) if own.get("type") == kind else {}

    def options(self, role: str, name: str, kind: str) -> dict[str, Any]:
        """Preprocessing options of an input or output of that name and type; empty if there is none."""
        feature = (self.inputs if role == "inputs" else self.outputs).get(name)
        if feature is None or feature.type != kind:
            return {}
        return {key: each for key, each in feature.options().items() if key != "column"}

    def fingerprint(self) -> str:
        """Hash of its weights."""
        return sha256(self.folder / "weights.safetensors")

    def start(self, preprocessor: Preprocessor) -> Start:
        """For the learner, once new features are fitted: they go on from the earlier ones where that can be.

        Args:
            preprocessor: Fitted; changed in place.
        """
        kept = preprocessor.go_on_from(self.inputs, self.outputs)
        return Start(
            self.folder,
            kept,
            {name: each.words for name, each in self.inputs.items() if each.words},
            {each.name: each.words for each in preprocessor.inputs if each.words},
        )


def read_start(findings: Findings, model_type: str) -> Earlier | None:
    """What `start_from` names; None if nothing does, or if it is no network, which is noted."""
    document = findings.document
    given = document.value.get("start_from")
    if given is None:
        return None
    place = document.at("start_from")
    if model_type != "ecd":
        findings.wrong(
            place, f"a {model_type} model does not begin with weights; set model_type: ecd"
        )
        return None
    try:
        return open_network(str(given), document)
    except CrosstieError as error:
        for problem in error.problems:
            findings.wrong(place, str(problem))
        return None


def open_network(reference: str, document: Document) -> Earlier:
    """The network of a run, or a folder that holds one.

    Args:
        reference: A run, `NAME/latest`, its `network/`, its `model/`, what `crosstie push` wrote, or
            `hf://ORG/NAME`; relative to the document.
        document: Where it is written.

    Raises:
        RunError: There is no such run, or it is none of a network.
        ArtifactError: A file of the network is absent or damaged.
    """
    folder = find_network(reference, document.folder)
    config = read_json(folder / "config.json")
    if "weights" not in config:
        raise ArtifactError(f"{folder}: does not say what its weights are of; train it anew")
    lacking = [name for name in NETWORK if not (folder / name).is_file()]
    if lacking:
        raise ArtifactError(f"{folder}: lacks {', '.join(lacking)}; copy the whole folder again")
    source = (
        f"hf://{Place.of(reference).name}@{folder.parent.name}"
        if is_on_hub(reference)
        else str(folder)
    )
    return Earlier(folder, source, config["architecture"], load_fitted(folder))


def find_network(reference: str, base: Path, runs: Path | None = None) -> Path:
    """The folder of the network that a reference names; see `open_network`."""
    if is_on_hub(reference):
        return _network(Run(fetch_published(reference, weights=True)))
    path = base / reference
    if (path / "weights.safetensors").is_file():
        return path.resolve()
    if (path / "graph").is_dir() and (path / "features.json").is_file():  # a model/
        if (path.parent / "network" / "weights.safetensors").is_file():
            return (path.parent / "network").resolve()
        raise RunError(
            f"{path}: holds what serves, not the weights; give the run it came from, or its network/"
        )
    run = Run.find(path if path.exists() else reference, runs or base / "runs")
    if is_published(run.path):
        verify(run.path, ("network", "folds"))
    return _network(run)


def _network(run: Run) -> Path:
    network = run.path / "network"
    if (network / "weights.safetensors").is_file():
        return network.resolve()
    folds = sorted(run.path.glob("folds/*/network/weights.safetensors"))
    if folds:
        raise RunError(
            f"{run.path}: holds {len(folds)} networks, one a fold; name one of them: {folds[0].parent}"
        )
    learner = run.manifest.get("learner") or run.manifest.get("model_type")
    if network.is_dir() or learner not in ("ecd", "auto", None):
        raise RunError(
            f"{run.path}: is a {learner} model; only a network has weights to start from"
        )
    raise RunError(f"{run.path}: has no network yet (its exit is {run.exit!r})")
