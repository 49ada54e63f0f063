"""Published networks for pictures, from the file to the model."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from tiny_pictures import published

import crosstie
from crosstie.errors import ConfigError


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    published(tmp_path / "tiny", "dinov2", image_mean=[0.5] * 3, image_std=[0.25] * 3)
    rng = np.random.default_rng(0)
    for name, bright in (("dark", 0), ("light", 150)):
        (tmp_path / "pictures" / name).mkdir(parents=True)
        for number in range(15):
            pixels = rng.integers(0, 90, (20, 24, 3), dtype=np.uint8) + np.uint8(bright)
            Image.fromarray(pixels).save(tmp_path / "pictures" / name / f"{number}.png")
    return tmp_path


def model(encoder: dict[str, Any], **image: Any) -> dict[str, Any]:
    return {
        "name": "pictures",
        "data": "pictures",
        "model_type": "ecd",
        "input_features": [{"name": "image", "type": "image", "encoder": encoder, **image}],
        "output_features": [{"name": "label", "type": "category"}],
        "trainer": {"epochs": 10, "batch_size": 8, "learning_rate": 0.02},
    }


def test_a_picture_is_looked_at_once_and_the_model_needs_no_folder(folder: Path) -> None:
    run = crosstie.train(model({"type": "pretrained", "model": "tiny"}))
    assert run.metrics["test"]["label"]["accuracy"] == 1.0
    assert run.manifest["published"]["image"]["source"] == "tiny"
    pieces = list((folder / ".crosstie" / "vectors").glob("*/*.safetensors"))
    assert len(pieces) == 2  # of training rows, which nothing changes, and of validation rows
    found = crosstie.predict(run.path, ["pictures/dark/3.png", "pictures/light/5.png"])
    assert found["label_prediction"] == ["dark", "light"]
    features = json.loads((run.model / "features.json").read_text())
    assert '"shape": [3, 16, 16]' in json.dumps(features)


def test_changed_pictures_are_looked_at_each_time(folder: Path) -> None:
    changes = [{"type": "random_horizontal_flip"}]
    run = crosstie.train(
        model({"type": "pretrained", "model": "tiny"}, augmentation=changes),
        set=["trainer.epochs=1"],
    )
    assert run.manifest["exit"] == "done"
    pieces = list((folder / ".crosstie" / "vectors").glob("*/*.safetensors"))
    assert len(pieces) == 1  # of validation rows, which do not change


def test_family_names_stand_for_a_model_of_the_hub(folder: Path) -> None:
    section = {"type": "dinov2", "model": "tiny", "trainable": "last_1"}
    filled = crosstie.check(model(section)).config["input_features"][0]
    assert filled["encoder"]["type"] == "pretrained"
    assert filled["encoder"]["trainable"] == "last_1"
    assert [each["type"] for each in filled["augmentation"]] == ["random_shift", "random_rotate"]
    assert (filled["preprocessing"]["height"], filled["preprocessing"]["width"]) == (16, 16)
    assert filled["preprocessing"]["standardize_image"] is None


@pytest.mark.parametrize("name", ["vit", "resnet"])
def test_what_starts_from_nothing_says_where_published_weights_are(folder: Path, name: str) -> None:
    section = {"type": name, "pretrained_model_name_or_path": "google/vit-base-patch16-224"}
    with pytest.raises(ConfigError) as caught:
        crosstie.check(model(section))
    assert str(caught.value).endswith(
        "encoder.pretrained_model_name_or_path: this one starts from nothing; for published weights write "
        "`{type: pretrained, model: …}`"
    )


def test_a_size_that_the_network_does_not_read_is_told(folder: Path) -> None:
    section = {"type": "pretrained", "model": "tiny"}
    with pytest.raises(ConfigError) as caught:
        crosstie.check(model(section, preprocessing={"height": 99}))
    assert str(caught.value).endswith("preprocessing.height: the encoder needs 16 here, got 99")
