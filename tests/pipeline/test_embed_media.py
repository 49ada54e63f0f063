"""Pictures and sounds to vectors."""

import csv
from pathlib import Path

import numpy as np
import pytest
import tiny_pictures
import tiny_sounds
import torch
from PIL import Image
from transformers import AutoModel

import crosstie
from crosstie.errors import ConfigError, DataError
from crosstie.features.sound import data_uri


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    tiny_pictures.published(tmp_path / "eyes", "vit")
    tiny_sounds.published(tmp_path / "ears", "wav2vec2")
    rng = np.random.default_rng(0)
    for number in range(5):
        path = tmp_path / "pictures" / "ab"[number % 2] / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(rng.integers(0, 256, (16, 16, 3), dtype=np.uint8)).save(path)
    return tmp_path


def by_hand(paths: list[Path]) -> np.ndarray:
    """With the library alone."""
    pixels = np.stack([np.asarray(Image.open(each)) for each in paths]).transpose(0, 3, 1, 2)
    said = tiny_pictures.SAID
    mean, std = (torch.tensor(said[e]).view(3, 1, 1) for e in ("image_mean", "image_std"))
    with torch.no_grad():
        found = AutoModel.from_pretrained("eyes").eval()(
            pixel_values=(torch.tensor(pixels) / 255 - mean) / std
        )
    return found.last_hidden_state[:, 0].numpy()


def test_a_folder_a_pattern_files_and_a_column_have_the_librarys_vectors(folder: Path) -> None:
    paths = sorted(Path("pictures").glob("*/*.png"))
    expected = by_hand(paths)
    np.testing.assert_allclose(crosstie.embed("pictures", encoder="eyes"), expected, atol=1e-5)
    named = [str(each) for each in paths]
    with Path("table.csv").open("w", newline="") as file:
        csv.writer(file).writerows([["n", "photo"], *enumerate(named)])
    for found in (
        crosstie.embed("pictures/*/*.png", encoder="eyes"),
        crosstie.embed(named, encoder="eyes"),
        crosstie.embed("table.csv", column="photo", encoder="eyes", output="v.npy"),
        np.load("v.npy"),
    ):
        np.testing.assert_allclose(found, expected, atol=1e-5)


def test_what_cannot_be_read_has_no_vector(folder: Path) -> None:
    Path("pictures/a/2.png").write_bytes(b"spoiled")
    found = crosstie.embed("pictures", encoder="eyes")
    assert np.isnan(found).all(axis=1).tolist() == [False, True, False, False, False]
    assert not np.isnan(found[[0, 2, 3, 4]]).any()


def test_sounds_of_any_length_have_the_vectors_that_they_have_alone(folder: Path) -> None:
    rng = np.random.default_rng(0)
    sounds = [rng.normal(0, 0.1, n).astype(np.float32) for n in (300, 9000, 1200)]
    rows = {"sound": [data_uri(each, 8000) for each in sounds] + [None]}
    found = crosstie.embed(rows, column="sound", encoder="ears")
    assert found.shape == (4, 16)
    assert np.isnan(found[3]).all()
    for place in range(3):
        alone = crosstie.embed(
            {"sound": rows["sound"][place : place + 1]}, encoder="ears", cache=None
        )
        np.testing.assert_allclose(found[place], alone[0], atol=1e-5)


def test_mistakes_are_told(folder: Path) -> None:
    with pytest.raises(DataError, match=r"^gone.png: there is no such file$"):
        crosstie.embed(["gone.png"], encoder="eyes")
    with pytest.raises(
        ConfigError, match=r"^--encoder: a 'wav2vec2' is no network that makes vectors of"
    ):
        crosstie.embed("pictures", encoder="ears")
    with pytest.raises(ConfigError, match=r"^--encoder: there is no folder './nose'"):
        crosstie.embed("pictures", encoder="./nose")
