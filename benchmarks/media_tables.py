"""Sentences with a tag a word, pictures and sounds as tables: the files are unpacked once, and a table names them."""

import gzip
import json
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image
from table import CACHE, Table

IDX_HEADER = {"images": 16, "labels": 8}  # bytes


def wnut17(folder: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Its own test part; the development part trains too, for every peer keeps validation rows of its own."""
    names = ("wnut17train.conll", "emerging.dev.conll", "emerging.test.annotated")
    train, development, test = (_sentences(folder / "seq_wnut17" / name) for name in names)
    return pd.concat([train, development]), test


def _sentences(path: Path) -> pd.DataFrame:
    """A row a sentence: its words and its tags, lists in JSON."""
    rows, words = [], []
    for line in [*path.read_text().splitlines(), ""]:
        if line.strip():
            words.append(line.split("\t"))
        elif words:
            rows.append([json.dumps(each) for each in zip(*words, strict=True)])
            words = []
    return pd.DataFrame(rows, columns=["tokens", "tags"])


def sign_digits(folder: Path) -> pd.DataFrame:
    place = CACHE / "sign_digits" / "files"
    with zipfile.ZipFile(folder / "img_sign_digits/sign_digits_400.zip") as archive:
        archive.extractall(place)
    paths = sorted(place.rglob("*.JPG"))
    return pd.DataFrame({"image": paths, "label": [each.parent.name for each in paths]})


def mnist(folder: Path) -> pd.DataFrame:
    """The 10,000 digits of the test part, each a PNG."""
    place = CACHE / "mnist" / "files"
    place.mkdir(parents=True, exist_ok=True)
    pictures, labels = (
        np.frombuffer(
            gzip.decompress((folder / f"img_mnist_t10k/t10k-{kind}-ubyte.gz").read_bytes()),
            np.uint8,
            offset=IDX_HEADER[kind.partition("-")[0]],
        )
        for kind in ("images-idx3", "labels-idx1")
    )
    paths = [place / f"{row:05}.png" for row in range(len(labels))]
    for path, picture in zip(paths, pictures.reshape(-1, 28, 28), strict=True):
        Image.fromarray(picture).save(path)
    return pd.DataFrame({"image": paths, "label": labels})


def fsdd(folder: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Its own test part: each speaker's first five recordings of a digit."""
    place = CACHE / "fsdd" / "files"
    with zipfile.ZipFile(folder / "aud_fsdd/fsdd_600.zip") as archive:
        archive.extractall(place)
    paths = sorted(place.rglob("*.wav"))
    digits, _, numbers = zip(*(each.stem.split("_") for each in paths), strict=True)
    frame = pd.DataFrame({"sound": paths, "digit": digits})
    tested = pd.Series(numbers).astype(int) < 5
    return frame[~tested], frame[tested]


MEDIA = {
    "wnut17": Table(
        "tags",
        "tags",
        wnut17,
        types={"tokens": "sequence", "tags": "sequence"},
        media="tokens",
        script=("windows.py",),
    ),
    "sign_digits": Table(
        "label", "multiclass", sign_digits, media="image", script=("logistic.py", "pictures")
    ),
    "mnist": Table("label", "multiclass", mnist, media="image", script=("logistic.py", "pictures")),
    "fsdd": Table("digit", "multiclass", fsdd, media="sound", script=("logistic.py", "sounds")),
}
