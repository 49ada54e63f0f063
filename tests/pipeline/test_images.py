"""From a folder of pictures to predictions on files."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import crosstie
from crosstie.errors import ConfigError, DataError

SMALL = [
    "trainer.epochs=6",
    "input_features=[{name: image, encoder: {out_channels: 4}, augmentation: []}]",
]


@pytest.fixture(scope="module")
def shapes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """60 pictures of 8x8: bright on the left, on the right, or above."""
    folder = tmp_path_factory.mktemp("data") / "shapes"
    rng = np.random.default_rng(0)
    for name, (rows, columns) in {
        "left": (slice(8), slice(4)),
        "right": (slice(8), slice(4, 8)),
        "top": (slice(4), slice(8)),
    }.items():
        (folder / name).mkdir(parents=True)
        for number in range(20):
            pixels = rng.integers(0, 90, (8, 8), dtype=np.uint8)
            pixels[rows, columns] += 150
            Image.fromarray(pixels).save(folder / name / f"{number}.png")
    return folder


@pytest.fixture(scope="module")
def run(shapes: Path, tmp_path_factory: pytest.TempPathFactory) -> crosstie.Run:
    return crosstie.train(shapes, set=SMALL, runs=tmp_path_factory.mktemp("runs"), seed=1)


def test_a_folder_trains_without_another_word(run: crosstie.Run) -> None:
    assert run.metrics["test"]["label"]["accuracy"] == 1.0
    assert run.manifest["exit"] == "done"
    assert crosstie.load(run.path).artifact.manifest["name"] == "shapes"


def test_files_are_predicted_under_their_names(
    run: crosstie.Run, shapes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(shapes)
    found = crosstie.predict(run.path, ["left/3.png", "top/5.png"])
    assert found["image"] == ["left/3.png", "top/5.png"]
    assert found["label_prediction"] == ["left", "top"]
    assert crosstie.predict(run.path, "right", output=tmp_path / "p.csv") == 20
    first, *rows = (tmp_path / "p.csv").read_text().splitlines()
    assert first.startswith("image,label_prediction,label_probability_left,")
    assert [row.split(",")[:2] for row in rows[:2]] == [["0.png", "right"], ["1.png", "right"]]
    assert crosstie.predict(run.path, "top/*.png", keep=["image"])["image"][0] == "top/0.png"


def test_a_picture_is_the_same_as_file_bytes_and_array(run: crosstie.Run, shapes: Path) -> None:
    model = crosstie.load(run.path)
    path = shapes / "top" / "1.png"
    forms = [str(path), path.read_bytes(), np.asarray(Image.open(path)), Image.open(path)]
    found = [model.predict([{"image": each}])[0] for each in forms]
    assert all(each == found[0] for each in found)
    assert found[0]["label_prediction"] == "top"


def test_a_dict_of_one_picture_is_a_row(run: crosstie.Run, shapes: Path) -> None:
    model = crosstie.load(run.path)
    pixels = np.asarray(Image.open(shapes / "top" / "1.png"))
    said = model.predict([{"image": pixels}])[0]
    for one in (pixels, pixels.tolist(), np.dstack([pixels] * 3)):
        assert model.predict({"image": one}) == said
    several = model.predict({"image": np.stack([pixels] * 5)})
    assert several["label_prediction"] == ["top"] * 5
    assert model.predict({"image": [pixels, pixels]})["label_prediction"] == ["top"] * 2
    assert model.evaluate({"image": pixels, "label": "top"})["label"]["accuracy"] == 1.0
    with pytest.raises(DataError) as error:
        model.predict({"image": np.stack([pixels] * 3)})
    assert str(error.value) == (
        "column 'image': an array of 3x8x8 may be one cell or 3. Give a list of rows, [{…}, …], or a dict in which "
        "each holds a list of cells"
    )


def test_evaluating_takes_a_folder(run: crosstie.Run, shapes: Path) -> None:
    assert crosstie.evaluate(run.path, shapes)["label"]["accuracy"] == 1.0


def test_a_file_that_is_no_picture_is_told(run: crosstie.Run, tmp_path: Path) -> None:
    (tmp_path / "note.png").write_text("no picture")
    said: list[str] = []
    where = tmp_path / "note.png"
    found = crosstie.predict(crosstie.load(run.path), where, say=said.append)
    assert found["image"] == [str(where)]
    assert said == [
        (
            "column 'image': 1 of 1 cells could not be read and count as missing, for example "
            f"'{where}: is no picture that can be read'"
        )
    ]


def test_checking_tells_of_absent_and_damaged_files(shapes: Path, tmp_path: Path) -> None:
    lines = [f"{shapes}/{kind}/{i}.png,{kind}" for kind in ("left", "top") for i in range(20)]
    (tmp_path / "a.csv").write_text("\n".join(["photo,kind", "gone.png,top", *lines, ""]))
    split = ["preprocessing.split={type: random, probabilities: [1, 0, 0]}"]
    plan = crosstie.check(tmp_path / "a.csv", target="kind", set=split)
    assert [(each.column, each.type) for each in plan.inferred] == [
        ("photo", "image"),
        ("kind", "binary"),
    ]
    assert (
        f"column 'photo': 1 of 41 files are absent, for example '{tmp_path}/gone.png: no such file or directory'"
        in plan.warnings
    )


def test_a_wrong_folder_is_told_before_anything_is_learned(tmp_path: Path) -> None:
    lines = [f"x{i}.jpg,{i % 2}" for i in range(40)]
    (tmp_path / "a.csv").write_text("\n".join(["photo,y", *lines, ""]))
    with pytest.raises(DataError, match=r"photo: 2\d of 2\d files are absent, for example"):
        crosstie.check(tmp_path / "a.csv", target="y")


def test_trees_cannot_read_pictures(shapes: Path) -> None:
    with pytest.raises(ConfigError) as error:
        crosstie.check(shapes, model_type="gbm")
    assert str(error.value) == (
        "--target: a gbm model cannot read the image column 'image'; exclude it, or set model_type: ecd"
    )


def test_more_layers_than_a_picture_has_pixels_are_refused(shapes: Path) -> None:
    with pytest.raises(ConfigError) as error:
        crosstie.check(
            shapes,
            model_type="ecd",
            set=[
                "input_features=[{name: image, preprocessing: {height: 8, width: 8}, encoder: {num_conv_layers: 4}}]"
            ],
        )
    assert str(error.value) == (
        "--set input_features[0].encoder.num_conv_layers: nothing is left of a picture of 1x1 after layer 4. "
        "Take fewer layers, a smaller kernel or pool, or `padding: same`."
    )


def test_a_written_file_says_what_a_folder_is(shapes: Path) -> None:
    text = crosstie.init(shapes)
    assert f"data: {shapes}\n" in text
    assert "# label: category, 3 classes\ntarget: label\n" in text
    assert "# Trains a network: nothing else reads pictures, sound and series." in text


def test_training_pictures_are_changed_and_others_are_not(shapes: Path, tmp_path: Path) -> None:
    changes = "augmentation: [random_shift, {type: random_rotate, degree: 5}]"
    inputs = f"input_features=[{{name: image, encoder: {{out_channels: 4}}, {changes}}}]"
    run = crosstie.train(
        shapes, model_type="ecd", set=["trainer.epochs=6", inputs], runs=tmp_path, seed=1
    )
    assert run.metrics["test"]["label"]["accuracy"] == 1.0
    assert "type: random_shift\n    share: 0.1\n    probability: 0.5" in (
        run.path / "config.yaml"
    ).read_text(encoding="utf-8")
    model = crosstie.load(run.path)
    one, other = (model.predict([{"image": str(shapes / "top/1.png")}]) for _ in range(2))
    assert one == other


@pytest.fixture(scope="module")
def changed(shapes: Path, tmp_path_factory: pytest.TempPathFactory) -> crosstie.Run:
    augmentation = "augmentation: [{type: random_shift, share: 0.25}, random_vertical_flip]"
    inputs = f"input_features=[{{name: image, encoder: {{out_channels: 4}}, {augmentation}}}]"
    runs = tmp_path_factory.mktemp("runs")
    return crosstie.train(shapes, set=["trainer.epochs=2", inputs], runs=runs, seed=1)


def test_a_prediction_may_be_averaged_over_what_training_saw(
    changed: crosstie.Run, shapes: Path
) -> None:
    model = crosstie.load(changed.path)
    views = model.artifact.views["image"]
    assert [each.state() for each in views[:3]] == [
        {"right": 0.125},
        {"mirror": "vertical"},
        {"right": -0.125},
    ]
    pixels = np.asarray(Image.open(shapes / "left" / "2.png"))
    moved = np.pad(pixels, ((0, 0), (1, 0)), mode="edge")[:, :-1]  # an eighth of 8 pixels
    rows = model.predict([{"image": each} for each in (pixels, moved, pixels[::-1])])
    one, two = (model.predict([{"image": pixels}], augment=n)[0] for n in (1, 2))
    for name in ("left", "right", "top"):
        said = [row[f"label_probability_{name}"] for row in rows]
        assert one[f"label_probability_{name}"] == pytest.approx(np.mean(said[:2]), abs=1e-6)
        assert two[f"label_probability_{name}"] == pytest.approx(np.mean(said), abs=1e-6)
    assert two != one
    assert model.predict({"image": str(shapes / "left" / "2.png")}, augment=2) == two
    assert crosstie.predict(model, [shapes / "left" / "2.png"], augment=2)[
        "label_probability_left"
    ] == pytest.approx([two["label_probability_left"]], abs=1e-6)
    alone, averaged = (model.evaluate(shapes, augment=n)["label"] for n in (0, 9))
    assert alone["log_loss"] != averaged["log_loss"]


def test_more_views_than_training_gave_are_refused(
    run: crosstie.Run, changed: crosstie.Run, shapes: Path
) -> None:
    with pytest.raises(ConfigError) as error:
        crosstie.predict(changed.path, [shapes / "left" / "2.png"], augment=10)
    assert str(error.value) == (
        "augment: must be at most 9, in so many other ways did training see them. Write 9 or less (got 10)"
    )
    with pytest.raises(ConfigError) as error:
        crosstie.evaluate(run.path, shapes, augment=1)
    assert str(error.value) == (
        "augment: shows pictures as training changed them, and this model was trained on unchanged ones; leave it "
        "out, or train with `augmentation: …` at the image (got 1)"
    )


MOVED = {"type": "random_shift", "share": 0.1, "probability": 0.5}
TURNED = {"type": "random_rotate", "degree": 10, "probability": 0.5}


@pytest.mark.parametrize(
    ("given", "filled"),
    [
        ({}, [MOVED, TURNED]),
        ({"encoder": "vit"}, [MOVED, TURNED]),
        ({"augmentation": True}, [MOVED, TURNED]),
        ({"augmentation": False}, []),
        ({"augmentation": []}, []),
        ({"augmentation": ["random_shift"]}, [MOVED]),
    ],
)
def test_training_pictures_are_moved_and_turned_unless_the_file_says_otherwise(
    shapes: Path, given: dict[str, object], filled: list[dict[str, object]]
) -> None:
    file = {"data": str(shapes), "target": "label", "input_features": [{"name": "image", **given}]}
    assert crosstie.check(file).config["input_features"][0]["augmentation"] == filled


def test_so_they_are_where_the_file_names_no_network(shapes: Path) -> None:
    plan = crosstie.check(shapes)
    assert plan.model_type == "auto"
    assert plan.architecture["inputs"]["image"]["augmentation"] == [MOVED, TURNED]


def test_mistakes_in_augmentation_are_told_at_their_place(shapes: Path, tmp_path: Path) -> None:
    (tmp_path / "model.yaml").write_text(
        f"data: {shapes}\n"
        "input_features:\n"
        "- name: image\n"
        "  augmentation:\n"
        "  - random_flip\n"
        "  - {type: random_blur, kernel_size: 4}\n"
        "  - {type: random_rotate, degrees: 3}\n"
        "output_features:\n"
        "- {name: label, type: category}\n"
    )
    with pytest.raises(ConfigError) as error:
        crosstie.check(tmp_path / "model.yaml")
    where = f"{tmp_path}/model.yaml"
    assert [str(each) for each in error.value.problems] == [
        f"{where}:5 input_features[0].augmentation[0]: 'random_flip' is no augmentation; did you mean 'random_blur'?",
        f"{where}:6 input_features[0].augmentation[1].kernel_size: must be odd, got 4. Take 5",
        f"{where}:7 input_features[0].augmentation[2].degrees: unknown option; did you mean 'degree'?",
    ]


def test_mistakes_about_pictures_come_all_at_once(shapes: Path) -> None:
    preprocessing = "preprocessing: {hight: 3, num_channels: 2}"
    inputs = f"input_features=[{{name: image, encoder: resnett, {preprocessing}}}]"
    with pytest.raises(ConfigError) as error:
        crosstie.check(shapes, model_type="ecd", set=[inputs])
    where = "--set input_features[0]"
    assert [str(each) for each in error.value.problems] == [
        f"{where}.encoder: 'resnett' is no encoder of an image feature; did you mean 'resnet'?",
        f"{where}.preprocessing.hight: unknown option; did you mean 'height'?",
        f"{where}.preprocessing.num_channels: must be 1 or 3 or null, got 2",
    ]


def test_auto_takes_options_of_a_network_where_nothing_else_reads_the_columns(
    shapes: Path, few_customers: Path
) -> None:
    plan = crosstie.check(shapes, set=["trainer.epochs=3", "combiner.num_fc_layers=1"])
    assert (plan.model_type, plan.trainer["epochs"]) == ("ecd", 3)
    assert plan.architecture["combiner"]["num_fc_layers"] == 1
    assert plan.warnings[0] == (
        "model_type auto: only a network (ecd) reads and predicts these columns, so its options are taken"
    )
    assert crosstie.check(shapes).model_type == "auto"
    with pytest.raises(ConfigError, match="leaves it open what learns"):
        crosstie.check(few_customers, target="Churn", set=["trainer.epochs=3"])
