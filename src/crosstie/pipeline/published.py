"""Opening what `crosstie push` wrote: from the hub or from a folder, every file compared with its hash.

    README.md           the card
    manifest.json       the run's facts that may be known, and `files`: the hash of every other file but the card
    config.yaml         the filled file without its data
    metrics.json, evaluation.json
    model/              the artifact
    network/            the weights; folds/N/network/ of each fold where there are folds

Such a folder is a run from which all is gone that belongs to its owner alone.
"""

from pathlib import Path, PurePosixPath

from crosstie.artifact.loading import read_json
from crosstie.data.files import sha256
from crosstie.errors import ArtifactError
from crosstie.pipeline.hub import Place, fetch

FACTS = ("manifest.json", "config.yaml", "metrics.json", "evaluation.json")
FOLDERS = ("model", "network", "folds")
CARD = "README.md"


def fetch_published(reference: str, *, weights: bool = False) -> Path:
    """The folder of a model of the hub, on this machine and checked.

    Args:
        reference: `hf://ORG/NAME`, `hf://ORG/NAME@REVISION`.
        weights: The networks too, not only what predicts.

    Raises:
        ArtifactError: It is no model of ours, or a file is not the one that was published.
        HubError: It is not there or not to be reached.
    """
    place = Place.of(reference)
    folders = FOLDERS if weights else FOLDERS[:1]
    folder = fetch(place, [*FACTS, *(f"{each}/*" for each in folders)])
    if not is_published(folder):
        raise ArtifactError(
            f"{reference}: is no model that `crosstie push` wrote. Published weights of other kinds are an encoder's: "
            f"encoder: {{type: pretrained, model: {place.name}}}"
        )
    verify(folder, folders[1:])
    return folder


def is_published(folder: Path) -> bool:
    """Whether `crosstie push` wrote this folder."""
    path = folder / "manifest.json"
    if not path.is_file():
        return False
    manifest = read_json(path)
    return isinstance(manifest, dict) and "config.yaml" in (manifest.get("files") or {})


def verify(folder: Path, folders: tuple[str, ...]) -> None:
    """Compare files with the hashes they were published with.

    Args:
        folder: As `crosstie push` wrote it.
        folders: Which of its folders; the files beside them always. A model's own files are compared when it is
            loaded.

    Raises:
        ArtifactError: One is absent or another.
    """
    for name, expected in read_json(folder / "manifest.json")["files"].items():
        parts = PurePosixPath(name).parts
        if ".." in parts or PurePosixPath(name).is_absolute():
            raise ArtifactError(f"{folder}: its manifest names a file outside it, {name!r}")
        if len(parts) > 1 and parts[0] not in folders and name != "model/manifest.json":
            continue
        path = folder / name
        if not path.is_file():
            raise ArtifactError(f"{path}: missing; what was published is incomplete here")
        if sha256(path) != expected:
            raise ArtifactError(
                f"{path}: not the file that was published (its hash differs). Remove {path.resolve()} and try again"
            )
