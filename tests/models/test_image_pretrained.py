"""Published networks for pictures as encoders."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tiny_pictures import LAYERS, SAID, SHAPES, published
from transformers import AutoImageProcessor, AutoModel
from worlds import BINARY, architecture, check_graph_and_config, network

from crosstie.config.options import build
from crosstie.data.batch import Image, Layout
from crosstie.errors import ConfigError
from crosstie.models.encoders.encoder import Columns
from crosstie.models.encoders.image_pretrained import FAMILIES, ImagePretrained
from crosstie.models.vectors import vectors

COLUMNS = Columns("image", ("a",), shape=(3, 16, 16), rows=50)
PIXELS = np.random.default_rng(0).integers(0, 256, (5, 3, 16, 16), dtype=np.uint8)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return published(tmp_path_factory.mktemp("tiny"), "vit")


def encoder(folder: Path, **options: Any) -> ImagePretrained:
    torch.manual_seed(0)
    return build(ImagePretrained, COLUMNS, model=str(folder), **options).eval()


def by_hand(folder: Path, kind: str, pooling: str) -> np.ndarray:
    """With the library alone: its own preparation of the same pixels, its own network."""
    (folder / "preprocessor_config.json").write_text(
        json.dumps({**SAID, "image_processor_type": "ViTImageProcessor"})
    )
    given = AutoImageProcessor.from_pretrained(folder)(list(PIXELS), return_tensors="pt")
    theirs = AutoModel.from_pretrained(folder).eval()
    theirs = getattr(theirs, "vision_model", theirs)
    with torch.no_grad():
        found = theirs(pixel_values=given["pixel_values"])
    rows = found.last_hidden_state
    rows = rows.flatten(2).transpose(1, 2) if rows.dim() == 4 else rows
    if pooling == "cls_pooled":
        return found.pooler_output.flatten(1).numpy()
    return {"cls": rows[:, 0], "mean": rows.mean(1)}[pooling].numpy()


USUAL = dict.fromkeys(SHAPES, "cls_pooled") | dict.fromkeys(("segformer", "poolformer"), "mean")
USUAL |= dict.fromkeys(("vit", "deit", "dinov2"), "cls")


MAPS = ("segformer", "poolformer")  # have a map of vectors, and no way of their own to make it one


@pytest.mark.slow
@pytest.mark.parametrize("kind", SHAPES)
def test_a_vector_is_the_librarys_own(tmp_path: Path, kind: str) -> None:
    published(tmp_path, kind)
    for pooling in (None, "mean") if kind in MAPS else (None, "mean", "cls_pooled"):
        made = encoder(tmp_path, pooling=pooling)
        with torch.no_grad():
            found = made(torch.from_numpy(PIXELS) / 255).numpy()
        assert made.pooling == (pooling or USUAL[kind])
        expected = by_hand(tmp_path, kind, made.pooling)
        np.testing.assert_allclose(found, expected, atol=1e-5)
        assert expected.std(0).max() > 1e-3


def test_every_family_has_a_network_that_was_tried() -> None:
    large = {"efficientnet", "mobilenetv2"}  # tried by hand: nothing small can be made of them
    assert {each.replace("_transformer", "") for each in FAMILIES} - large <= set(SHAPES)


def test_its_files_say_what_pictures_it_reads(tmp_path: Path) -> None:
    published(tmp_path, "vit")
    options = {"model": str(tmp_path)}
    usual = {"height": 16, "width": 16, "num_channels": 3, "standardize_image": None}
    assert ImagePretrained.feature_options(options) == {**usual, "resize_method": "interpolate"}
    for said in (
        {"size": {"shortest_edge": 20}, "do_center_crop": True, "crop_size": 16},
        {"size": {"shortest_edge": 16}, "crop_pct": 0.9},
        {"size": 16, "do_center_crop": False, "crop_size": {"height": 9, "width": 9}},
    ):
        (tmp_path / "preprocessor_config.json").write_text(json.dumps({**SAID, **said}))
        assert ImagePretrained.feature_options(options) == {**usual, "resize_method": "crop"}
    (tmp_path / "preprocessor_config.json").rename(tmp_path / "old.json")
    (tmp_path / "processor_config.json").write_text(json.dumps({"image_processor": SAID}))
    assert ImagePretrained.feature_options(options) == {**usual, "resize_method": "interpolate"}


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("MobileViTImageProcessor", {"do_flip_channel_order": True, "do_normalize": False}),
        ("EfficientNetImageProcessor", {"include_top": True}),
        (
            "EfficientNetImageProcessor",
            {"rescale_offset": True, "rescale_factor": 1 / 127.5, "include_top": False},
        ),
        ("ViTImageProcessor", {"do_rescale": False}),
    ],
)
def test_colours_are_scaled_as_the_library_does(
    tmp_path: Path, kind: str, said: dict[str, Any]
) -> None:
    said = {"image_processor_type": kind, **said}
    made = encoder(published(tmp_path, "vit", **said), pooling="mean")
    given = AutoImageProcessor.from_pretrained(tmp_path, do_resize=False, do_center_crop=False)
    pixels = given(list(PIXELS), return_tensors="pt")["pixel_values"]
    with torch.no_grad():
        expected = made.published(pixel_values=pixels).last_hidden_state.mean(1)
        found = made(torch.from_numpy(PIXELS) / 255)
    torch.testing.assert_close(found, expected, atol=1e-4, rtol=1e-4)


def test_left_alone_it_neither_learns_nor_drops(folder: Path) -> None:
    made = encoder(folder).train()
    assert made.once
    assert not any(each.requires_grad for each in made.parameters())
    rows = vectors(made, PIXELS, prepare=lambda each: each / 255)
    with torch.no_grad():
        np.testing.assert_allclose(made(torch.from_numpy(PIXELS) / 255), rows, atol=1e-6)
    assert torch.equal(made(torch.from_numpy(rows)), torch.from_numpy(rows))


def test_layers_are_trained_from_the_top(tmp_path: Path, folder: Path) -> None:
    published(tmp_path, "resnet")
    for place, prefix in ((folder, "layers.1."), (tmp_path, "encoder.stages.1.")):
        made = encoder(place, trainable="last_1", pooling="mean")
        learning = [name for name, each in made.published.named_parameters() if each.requires_grad]
        assert any(name.startswith(prefix) for name in learning)
        assert all(name.startswith((prefix, "layernorm.")) for name in learning)
    rates = encoder(folder, trainable="all", layer_decay=0.5).rates()
    assert set(rates.values()) == {0.5, 0.25, 0.125, 0.0625}


@pytest.mark.slow
def test_an_adapter_learns_alone_and_is_merged(folder: Path) -> None:
    made = encoder(folder, adapter={"type": "lora", "r": 2})
    assert {each.split(".")[-3] for each, p in made.named_parameters() if p.requires_grad} == {
        "lora_A",
        "lora_B",
    }
    assert made.merge() == {"adapter": None}
    assert set(made.state_dict()) == set(encoder(folder).state_dict())


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["vit", "dinov2", "swin", "convnext", "clip"])
def test_the_graph_holds_the_whole_network(tmp_path: Path, kind: str) -> None:
    published(tmp_path / "net", kind)
    image = Image("a", "image_0", 3, 16, 16, (0.0,) * 3, (1.0,) * 3)
    layout = Layout(images=(image,), outputs=(BINARY,))
    section = {"type": "pretrained", "model": str(tmp_path / "net")}
    built = network(layout, architecture({"a": "image"}, (BINARY,), encoder=section)).eval()
    check_graph_and_config(built, layout, tmp_path)


def test_pictures_of_another_size_are_read_by_a_shape_alone() -> None:
    shape = {"model_type": "vit", **LAYERS, "intermediate_size": 24}
    columns = Columns("image", ("a",), shape=(3, 24, 32))
    made = build(ImagePretrained, columns, architecture=shape).eval()
    with torch.no_grad():
        assert made(torch.rand(2, 3, 24, 32)).shape == (2, 16)


def test_what_cannot_be_is_told(tmp_path: Path) -> None:
    published(tmp_path, "vit")
    (tmp_path / "preprocessor_config.json").unlink()
    with pytest.raises(ConfigError, match=r"no preprocessor_config.json that says how large its"):
        encoder(tmp_path)
    assert ImagePretrained.feature_options({"model": str(tmp_path)}) == {}
    published(tmp_path, "hiding")
    with pytest.raises(ConfigError, match=r"a 'vit_mae' sees the same picture differently each ti"):
        encoder(tmp_path)
    with pytest.raises(ConfigError, match=r"a 'bert' makes no vector of a picture of 3x16x16: "):
        build(ImagePretrained, COLUMNS, architecture={"model_type": "bert", "hidden_size": 12})
