"""The first batch, shown before anything is learned."""

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from PIL import Image

import crosstie
from crosstie.errors import ConfigError
from crosstie.pipeline.batch_picture import heat
from crosstie.pipeline.batch_words import cell
from crosstie.pipeline.canvas import png
from crosstie.training.update import Update

FILE = {
    "output_features": [{"name": "y", "type": "binary"}],
    "model_type": "ecd",
    "split": {"type": "random", "probabilities": [0.8, 0.2, 0.0]},
    "input_features": [
        {"name": "size", "type": "number"},
        {"name": "kind", "type": "category"},
        {"name": "note", "type": "text", "preprocessing": {"min_frequency": 2}},
        {"name": "sound", "type": "audio"},
        {"name": "curve", "type": "timeseries"},
        {
            "name": "photo",
            "type": "image",
            "encoder": {"out_channels": 4},
            "augmentation": [{"type": "random_horizontal_flip", "probability": 1.0}],
        },
    ],
    "trainer": {"batch_size": 8, "epochs": 1},
}


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """30 rows of everything; each picture is as bright as its row's number, the left half black."""
    folder = tmp_path_factory.mktemp("data")
    rng = np.random.default_rng(0)
    lines = []
    for row in range(1, 31):
        pixels = np.zeros((8, 8), np.uint8)
        pixels[:, 4:] = 5 * row
        Image.fromarray(pixels).save(folder / f"{row}.png")
        sound = rng.normal(0, 0.1, 1600).astype(np.float32)
        soundfile.write(folder / f"{row}.wav", sound, 8000)
        curve = " ".join(f"{each:.2f}" for each in np.sin(np.arange(6) + row))
        word = "once" + "abcdefghij"[row % 10] * row
        lines.append(
            {
                "size": row,
                "kind": "ab"[row % 2],
                "note": f"see row {word}",
                "sound": f"{row}.wav",
                "curve": curve,
                "photo": f"{row}.png",
                "y": ["no", "yes"][row % 2],
            }
        )
    path = folder / "rows.jsonl"
    path.write_text("".join(json.dumps(each) + "\n" for each in lines))
    return path


def shown(table: Path, **changes: object) -> object:
    return crosstie.first_batch({**FILE, "data": str(table), **changes}, seed=3)


@pytest.fixture(scope="module")
def batch(table: Path):
    return shown(table)


def by_name(batch):
    return {each.name: each for each in (*batch.inputs, *batch.outputs)}


def test_every_column_says_where_it_lies_and_of_which_shape(batch):
    assert batch.title == "the first batch: 8 of 24 training rows, model_type ecd"
    found = {each.name: (each.type, each.array, each.dtype, each.shape) for each in batch.inputs}
    assert found == {
        "size": ("number", "numbers[0]", "float32", (8,)),
        "kind": ("category", "categories[0]", "int32", (8,)),
        "note": ("text", "tokens_0", "int32", (8, 8)),
        "sound": ("audio", "series_0", "float32", (8, 9, 40)),
        "curve": ("timeseries", "series_1", "float32", (8, 6, 1)),
        "photo": ("image", "image_0", "uint8", (8, 1, 8, 8)),
    }
    assert [(each.name, each.shape) for each in batch.outputs] == [("y", (8,))]


def test_cells_stand_beside_what_the_network_sees_of_them(batch):
    columns = by_name(batch)
    row = batch.rows[0]
    assert columns["size"].cells[0] == str(row)
    assert columns["kind"].cells[0] == "ab"[row % 2]
    assert columns["kind"].encoded[0] in (f"{'ab'[row % 2]} (2)", f"{'ab'[row % 2]} (3)")
    assert columns["note"].encoded[0] == "see, row, [unknown]"
    assert columns["sound"].cells[0].endswith(f"/{row}.wav")
    assert columns["sound"].encoded[0] == "9 steps of 40 numbers"
    assert columns["curve"].encoded[0].count(",") == 5
    assert columns["photo"].encoded[0] == f"pixels from 0 to {5 * row}, {2.5 * row:.0f} on average"
    assert columns["y"].encoded[0] == ["no (0)", "yes (1)"][row % 2]


def test_pictures_are_those_after_augmentation(batch):
    pixels = by_name(batch)["photo"].values
    for row, each in zip(batch.rows, pixels, strict=True):
        assert each[0, 0].tolist() == [5 * row] * 4 + [0] * 4  # flipped


@pytest.mark.slow
def test_it_is_the_batch_that_a_run_begins_with(table, tmp_path, monkeypatch):
    seen = []
    plain = Update.gradients

    def gradients(self, rows, **options):
        seen.append({name: each.clone() for name, each in rows.inputs.items()})
        plain(self, rows, **options)

    monkeypatch.setattr(Update, "gradients", gradients)
    trainer = {"trainer": {"batch_size": 8, "epochs": 1}}
    file = {**FILE, **trainer, "data": str(table)}
    file["input_features"] = file["input_features"][:3]
    crosstie.train(file, seed=3, output=tmp_path / "run")
    columns = by_name(crosstie.first_batch(file, seed=3))
    assert torch.equal(seen[0]["numbers"][:, 0], torch.from_numpy(columns["size"].values))
    assert torch.equal(seen[0]["tokens_0"], torch.from_numpy(columns["note"].values))


def test_mixed_rows_say_with_what(table):
    trainer = {"batch_size": 8, "mixup": 1.0}
    file = {**FILE["input_features"][-1], "augmentation": []}
    batch = shown(table, trainer=trainer, input_features=[file])
    numbers = {f"row {row}": row for row in batch.rows}
    pixels = batch.inputs[0].values
    for row, mixed, each in zip(batch.rows, batch.mixed, pixels, strict=True):
        share, _, other = mixed.partition("% of ")
        expected = 5 * (row + (numbers[other] - row) * float(share) / 100)
        assert abs(float(each[0, 0, 7]) - expected) < 2


def test_a_private_column_stays_hidden(table, tmp_path):
    batch = shown(table, private=["note", "photo"])
    for name in ("note", "photo"):
        column = by_name(batch)[name]
        assert set(column.cells) | set(column.encoded) == {"(private)"}
        assert (column.values, column.words) == (None, ())
    batch.save(tmp_path / "batch.svg")
    drawn = (tmp_path / "batch.svg").read_text()
    assert "note: (private)" in drawn
    assert "photo: (private)" in drawn
    assert "once" not in drawn


def test_a_learner_without_batches_shows_rows(table):
    batch = shown(table, model_type="linear", input_features=FILE["input_features"][:3], trainer={})
    assert batch.title == (
        "the first rows (no batches here): 24 of 24 training rows, model_type linear"
    )
    assert len(batch.rows) == 16


def test_the_picture_holds_every_row(batch, tmp_path):
    batch.save(tmp_path / "batch.svg")
    drawn = (tmp_path / "batch.svg").read_text()
    assert drawn.count("<image") == 2 * 8  # a photo and a sound
    assert drawn.count("<polyline") == 8
    assert drawn.count('fill="#c33">[unknown]') == 8
    assert drawn == batch._repr_html_()
    for row in batch.rows:
        assert f">row {row}<" in drawn
    batch.save(tmp_path / "batch.png")
    with Image.open(tmp_path / "batch.png") as opened:
        assert opened.size == (4 * 214 + 14, opened.height)
        assert len(np.unique(np.asarray(opened.convert("RGB")).reshape(-1, 3), axis=0)) > 50


def test_a_picture_of_another_kind_or_place_is_refused(batch, tmp_path):
    with pytest.raises(ConfigError) as error:
        batch.save(tmp_path / "batch.pdf")
    assert str(error.value) == f"-o {tmp_path / 'batch.pdf'}: a batch is drawn as .png or .svg"
    with pytest.raises(ConfigError) as error:
        batch.save(tmp_path / "none" / "batch.svg")
    assert str(error.value) == (
        f"-o {tmp_path / 'none' / 'batch.svg'}: there is no folder {tmp_path / 'none'}; make it first"
    )


def test_long_cells_are_cut_where_they_say_least():
    assert cell("word " * 30) == "word " * 12 + "…"
    assert cell(str(["/" * 90])) == "['" + "/" * 58 + "…"
    assert cell("/a/" + "b" * 80 + "/c.png") == "…" + "b" * 54 + "/c.png"


def test_a_png_by_hand_is_one(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (5, 7, 3), dtype=np.uint8)
    (tmp_path / "a.png").write_bytes(png(pixels))
    with Image.open(tmp_path / "a.png") as opened:
        assert np.array_equal(np.asarray(opened), pixels)


def test_what_is_missing_is_white():
    assert heat(np.array([[0.0, 1.0, np.nan]])).tolist() == [
        [[68, 1, 84], [253, 231, 37], [255] * 3]
    ]
    assert (heat(np.full((2, 2), np.nan)) == 255).all()
