"""Where published weights lie on this machine: a folder, an installed package, or the hub's cache.

Only files are read. Weights are safetensors or nothing; no code that came with them is ever run, a package that
carries weights is not imported. Three places in this order: a folder of that name, an installed package of that
name, a model of the hub (fetched once, then known by its commit).
"""

import hashlib
import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path
from typing import Any, Literal

from crosstie.data.files import sha256
from crosstie.errors import ConfigError, MissingExtra, Problem

FETCHED = (
    "*.json",
    "*.safetensors",
    "README.md",
    "LICENSE*",
    "1_Pooling/config.json",
)
ENDLESS = 1_000_000  # how long a text may be, where a tokenizer's file says that it does not care
SHIFTED = frozenset({"roberta", "xlm-roberta", "camembert", "mpnet", "longformer", "data2vec-text"})


AST = (-4.2677393, 4.5689974)  # mean and spread of AudioSet's spectrograms


@dataclass(frozen=True)
class Pictures:
    """What pictures a published network reads.

    Attributes:
        height: Pixels.
        width: Pixels.
        resize: As the option `resize_method` of an image.
        mean: By channel, of pixels from 0 to 1: what becomes 0.
        std: Likewise: how far from it becomes 1.
        blue_first: Whether its channels are blue, green and red.
    """

    height: int
    width: int
    resize: Literal["interpolate", "crop", "pad"]
    mean: tuple[float, ...]
    std: tuple[float, ...]
    blue_first: bool = False


@dataclass(frozen=True)
class Sounds:
    """What sounds a published network reads.

    Attributes:
        rate: Samples a second.
        type: As the option `type` of audio: samples, or whose spectrogram.
        level: Whether each sound, or each band of it, is brought to mean 0 and variance 1.
        bands: Of the spectrogram, as all that follows.
        size: Samples behind one step.
        step: Samples from one step to the next.
        length: Steps that are always read, what is shorter filled up; None reads as many as there are.
        mean: Of all bands together, what becomes 0.
        std: How far from it becomes 1.
        stride: Steps that are read as one.
    """

    rate: int
    type: Literal["raw", "whisper", "kaldi", "ast"] = "raw"
    level: bool = True
    bands: int = 1
    size: int = 400
    step: int = 160
    length: int | None = None
    mean: float = 0.0
    std: float = 1.0
    stride: int = 1


@dataclass(frozen=True)
class Published:
    """A published model on this machine.

    Attributes:
        source: What the user called it.
        kind: Where it was found.
        folder: Where its files lie.
        revision: The hub's commit, or the version of the package; None of a folder.
        licence: As its card or package says; "" where neither does.
    """

    source: str
    kind: Literal["folder", "package", "hub"]
    folder: Path
    revision: str | None = None
    licence: str = ""

    def shape(self) -> dict[str, Any]:
        """Its `config.json`.

        Raises:
            ConfigError: There is none that can be read, or it needs code of its own.
        """
        found = _json(self.folder / "config.json")
        if not found.get("model_type"):
            raise self._wrong("has no config.json that says what kind of model it is")
        if "auto_map" in found:
            raise self._wrong("needs code of its own, which is never run. Take a model without it")
        return found

    def weights(self) -> list[Path]:
        """Its safetensors files.

        Raises:
            ConfigError: There are none.
        """
        found = sorted(self.folder.glob("*.safetensors"))
        if not found:
            raise self._wrong(
                "has no weights as safetensors, and other formats can hold code. Convert it with "
                "transformers: AutoModel.from_pretrained(…).save_pretrained('FOLDER')"
            )
        return found

    def tokenizer(self) -> str:
        """The text of its `tokenizer.json`.

        Raises:
            ConfigError: There is none.
        """
        path = self.folder / "tokenizer.json"
        if not path.is_file():
            raise self._wrong(
                "has no tokenizer.json. Write one with transformers: "
                "AutoTokenizer.from_pretrained(…).save_pretrained('FOLDER')"
            )
        return path.read_text(encoding="utf-8")

    def tokens(self) -> int:
        """The most tokens of a text that it can read, those that mark beginning and end among them."""
        shape = self.shape()
        places = shape.get("max_position_embeddings") or ENDLESS
        if shape["model_type"] in SHIFTED:  # their places begin after the one of padding
            places -= (shape.get("pad_token_id") or 0) + 1
        said = _json(self.folder / "tokenizer_config.json").get("model_max_length") or ENDLESS
        return int(min(places, said, ENDLESS))

    def pictures(self) -> "Pictures":
        """How pictures are prepared for it: its `preprocessor_config.json`.

        Raises:
            ConfigError: There is none, or it does not say how large they are.
        """
        said = self._preprocessor("image_processor")
        size, crop = _sides(said.get("size")), _sides(said.get("crop_size"))
        cut = bool(said.get("do_center_crop", crop is not None)) and crop is not None
        size = crop if cut else size
        if size is None and said:  # taken as they are: then the network says
            size = _sides(_json(self.folder / "config.json").get("image_size"))
        if size is None:
            raise self._wrong(
                "has no preprocessor_config.json that says how large its pictures are"
            )
        given = _mapping(said.get("size"))
        resize: Literal["interpolate", "crop", "pad"] = "crop"
        if not cut and given.keys() == {"longest_edge"}:
            resize = "pad"
        elif not cut and "height" in given:
            resize = "interpolate"
        mean, std = _scale(said)
        return Pictures(*size, resize, mean, std, bool(said.get("do_flip_channel_order")))

    def sounds(self) -> Sounds:
        """How sounds are prepared for it: its `preprocessor_config.json`.

        Raises:
            ConfigError: There is none, or it names no rate.
        """
        said = self._preprocessor("feature_extractor")
        rate = said.get("sampling_rate")
        if not isinstance(rate, int):
            raise self._wrong("has no preprocessor_config.json that says the rate of its sounds")
        kind = said.get("feature_extractor_type", "Wav2Vec2FeatureExtractor")
        level = bool(said.get("do_normalize", True))
        if kind == "Wav2Vec2FeatureExtractor":
            return Sounds(rate, "raw", level=level)
        if kind == "WhisperFeatureExtractor":
            size, step = int(said.get("n_fft", 400)), int(said.get("hop_length", 160))
            bands = int(said.get("feature_size", 80))
            length = int(said.get("chunk_length", 30)) * rate // step
            return Sounds(
                rate, "whisper", level=False, bands=bands, size=size, step=step, length=length
            )
        if kind == "ASTFeatureExtractor":
            found = Sounds(rate, "ast", level=False, bands=int(said.get("num_mel_bins", 128)))
            length = int(said.get("max_length", 1024))
            mean, std = (float(said.get(*each)) for each in (("mean", AST[0]), ("std", AST[1])))
            scaled = (mean, 2 * std) if level else (0.0, 1.0)
            return replace(found, length=length, mean=scaled[0], std=scaled[1])
        if kind == "SeamlessM4TFeatureExtractor":
            bands, stride = int(said.get("num_mel_bins", 80)), int(said.get("stride", 2))
            return Sounds(rate, "kaldi", bands=bands, stride=stride)
        raise self._wrong(
            f"prepares its sounds with {kind}, which is not one of those known here: those of wav2vec 2.0, Whisper, the "
            "Audio Spectrogram Transformer and SeamlessM4T"
        )

    def _preprocessor(self, part: str) -> dict[str, Any]:
        """What says how its inputs are prepared; newer files hold that of all kinds of input."""
        alone = _json(self.folder / "preprocessor_config.json")
        return alone or _mapping(_json(self.folder / "processor_config.json").get(part))

    def pooling(self) -> str | None:
        """How its authors make one vector of a text: `mean`, `cls` or `max`; None where they do not say."""
        said = _json(self.folder / "1_Pooling" / "config.json")
        names = {"mean_tokens": "mean", "cls_token": "cls", "max_tokens": "max"}
        return next((ours for key, ours in names.items() if said.get(f"pooling_mode_{key}")), None)

    def card(self) -> str:
        """Its README, "" where there is none."""
        path = self.folder / "README.md"
        return path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""

    def provenance(self) -> dict[str, Any]:
        """What a run keeps of it: source, revision, licence and the hash of its weights."""
        return {
            "source": Path(self.source).name if self.kind == "folder" else self.source,
            "kind": self.kind,
            "revision": self.revision,
            "licence": self.licence,
            "sha256": weights_hash(tuple(self.weights())),
        }

    def _wrong(self, what: str) -> ConfigError:
        return ConfigError(Problem("model", f"{self.source!r} {what}"))


def find(
    model: str, revision: str | None = None, *, folder: Path | None = None, local: bool = False
) -> Published:
    """The published model of that name, fetched from the hub where it is nowhere else.

    Args:
        model: A folder, an installed package that carries weights, or a name of the hub (`org/name`).
        revision: The hub's commit, tag or branch; None is the one that is here already, else the newest.
        folder: What a relative folder is relative to; None is the working directory.
        local: Ask no hub.

    Raises:
        ConfigError: It is nowhere, or not to be reached; the message says what to type.
    """
    place = (folder or Path()) / Path(model).expanduser()
    if place.is_dir():
        _no_revision(model, revision, "folder")
        return Published(model, "folder", place, None, _licence(place, {}))
    if model.startswith((".", "/", "~")):
        raise ConfigError(Problem("model", f"there is no folder {model!r}"))
    package = _package(model)
    if package is not None:
        found, version, said = package
        _no_revision(model, revision, "package")
        return Published(model, "package", found, version, _licence(found, {"licence": said}))
    if local:
        raise ConfigError(Problem("model", f"{model!r} is no folder and no installed package"))
    place = _fetched(model, revision)
    return Published(model, "hub", place, place.name, _licence(place, {}))


def _no_revision(model: str, revision: str | None, kind: str) -> None:
    if revision is not None:
        raise ConfigError(
            Problem("revision", f"{model!r} is a {kind}, which has no revisions; leave it out")
        )


def _package(name: str) -> tuple[Path, str, str] | None:
    """(folder, version, licence) of an installed package that carries a model; None if it is none."""
    if re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", name) is None:
        return None
    try:
        found: Distribution = distribution(name)
    except PackageNotFoundError:
        return None
    for file in found.files or ():
        place = Path(str(found.locate_file(file)))
        if file.name == "config.json" and list(place.parent.glob("*.safetensors")):
            said = next(
                (
                    found.metadata[k]
                    for k in ("License-Expression", "License")
                    if k in found.metadata
                ),
                "",
            )
            return place.parent, found.version, said
    return None


def _fetched(model: str, revision: str | None) -> Path:
    try:
        from huggingface_hub import snapshot_download  # 0.2 s
    except ImportError:
        raise MissingExtra(
            "transformers", "pretrained", needed_for=f"the published model {model!r}"
        ) from None
    try:
        return Path(_snapshot(snapshot_download, model, revision, local=True))
    except Exception:  # noqa: BLE001, S110 - absent or half there, however the library puts it: fetch it
        pass
    try:
        return Path(_snapshot(snapshot_download, model, revision, local=False))
    except Exception as error:
        first = (str(error).strip() or type(error).__name__).splitlines()[0]
        at = f" --revision {revision}" if revision else ""
        local = model.rpartition("/")[2]
        raise ConfigError(
            Problem(
                "model",
                f"{model!r} is no folder and no installed package that carries weights, and could not be fetched "
                f"from the hub ({first}). Where there is a connection type `hf download {model}{at} --local-dir {local}`, "
                f"then write `model: {local}`",
            )
        ) from error


def _snapshot(download: Any, model: str, revision: str | None, *, local: bool) -> str:
    found: str = download(
        model,
        revision=revision,
        allow_patterns=list(FETCHED),
        local_files_only=local,
        endpoint=os.environ.get("HF_ENDPOINT"),
    )
    if local and not (Path(found) / "config.json").is_file():
        raise FileNotFoundError(found)
    return found


def _licence(folder: Path, said: Mapping[str, str]) -> str:
    """As the card's head says, else as the package does."""
    card = folder / "README.md"
    text = card.read_text(encoding="utf-8", errors="replace")[:20_000] if card.is_file() else ""
    head = re.match(r"---\n(.*?)\n---", text, re.DOTALL)
    line = re.search(r"^license: *(.+?) *$", head.group(1) if head else "", re.MULTILINE)
    return line.group(1).strip("'\"") if line else said.get("licence", "")


def _json(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _mapping(found: Any) -> dict[str, Any]:
    return found if isinstance(found, dict) else {}


def _sides(said: Any) -> tuple[int, int] | None:
    """(height, width) of a size as these files have it: a number, one side, or both."""
    if isinstance(said, int):
        return said, said
    if isinstance(said, list) and len(said) == 2:
        return int(said[0]), int(said[1])
    given = _mapping(said)
    if "height" in given and "width" in given:
        return int(given["height"]), int(given["width"])
    side = given.get("shortest_edge", given.get("longest_edge"))
    return None if side is None else (int(side), int(side))


def _scale(said: Mapping[str, Any]) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """(mean, std) of pixels from 0 to 1 that do in one step what a preprocessor does to bytes in up to three."""
    whole = said.get("do_normalize", True)
    mean, std = (said.get(each) if whole else None for each in ("image_mean", "image_std"))
    mean, std = mean or (0.0,) * 3, std or (1.0,) * 3
    largest = 255 * said.get("rescale_factor", 1 / 255) if said.get("do_rescale", True) else 255.0
    below = 1.0 if said.get("rescale_offset") else 0.0  # EfficientNet: from -1 to 1
    twice = std if said.get("include_top") else (1.0,) * len(std)
    return (
        tuple((each + below) / largest for each in mean),
        tuple(each * again / largest for each, again in zip(std, twice, strict=True)),
    )


@lru_cache(maxsize=64)
def weights_hash(files: tuple[Path, ...]) -> str:
    """One hash of some files: that of the only one, else of all their hashes."""
    each = [sha256(path) for path in files]
    return each[0] if len(each) == 1 else hashlib.sha256("".join(each).encode()).hexdigest()
