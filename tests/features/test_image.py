"""Pictures as cameras, scanners and programs leave them, brought to bytes of one size."""

import base64
import io
import zipfile

import numpy as np
import pytest
from PIL import Image as Pillow

from crosstie.data.column import Column
from crosstie.data.table import Table
from crosstie.errors import ConfigError, DataError
from crosstie.features.image import Image
from crosstie.features.number import Number
from crosstie.features.pixels import fitted, picture
from crosstie.features.preprocessor import Preprocessor

RED, GREEN, BLUE = (255, 0, 0), (0, 255, 0), (0, 0, 255)


def media(values):
    return Column("x", list(values), np.array([each is not None for each in values]))


def saved(image, kind="PNG", **options):
    held = io.BytesIO()
    image.save(held, kind, **options)
    return held.getvalue()


def flag(size=(4, 2)):
    """Red on the left, blue on the right."""
    image = Pillow.new("RGB", size, RED)
    image.paste(BLUE, (size[0] // 2, 0, *size))
    return image


def pixels(value):
    return np.asarray(picture(value))


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "BMP", "WEBP", "GIF"])
def test_a_file_of_any_kind_has_its_pixels(kind, tmp_path):
    options = {"lossless": True} if kind == "WEBP" else {}
    content = saved(flag(), kind, **options)
    (tmp_path / "a").write_bytes(content)
    address = f"data:image/any;base64,{base64.b64encode(content).decode()}"
    for value in (content, str(tmp_path / "a"), f"file://{tmp_path}/a", address, flag()):
        np.testing.assert_array_equal(pixels(value), np.asarray(flag()))


def test_a_camera_held_upright_gives_an_upright_picture():
    exif = Pillow.Exif()
    exif[0x0112] = 6  # the top is on the right
    whole = pixels(saved(flag((64, 32)), "JPEG", exif=exif, quality=95))
    assert whole.shape == (64, 32, 3)
    assert whole[5, 16].tolist() == pytest.approx(RED, abs=4)
    assert whole[-5, 16].tolist() == pytest.approx(BLUE, abs=4)


def test_what_is_transparent_is_white():
    clear = Pillow.new("RGBA", (2, 1), (0, 0, 0, 0))
    clear.putpixel((1, 0), (0, 255, 0, 255))
    assert pixels(saved(clear)).tolist() == [[[255, 255, 255], [0, 255, 0]]]
    palette = clear.convert("P")
    palette.info["transparency"] = palette.getpixel((0, 0))
    assert pixels(saved(palette))[0, 0].tolist() == [255, 255, 255]
    grey = Pillow.new("LA", (1, 1), (0, 128))
    assert pixels(saved(grey)).tolist() == [[127]]
    assert pixels(np.asarray(clear)).tolist() == [[[255, 255, 255], [0, 255, 0]]]


def test_of_sixteen_bits_the_upper_eight_are_kept():
    deep = np.array([[0, 255, 256, 65535]], np.uint16)
    for value in (deep, deep.astype(np.int32), saved(Pillow.fromarray(deep), "TIFF")):
        assert pixels(value).tolist() == [[0, 0, 1, 255]]
    assert pixels(saved(Pillow.fromarray(deep), "PNG")).tolist() == [[0, 0, 1, 255]]


def test_inks_become_colours():
    inks = saved(flag((16, 16)).convert("CMYK"), "JPEG", quality=100)
    assert pixels(inks)[8, 2].tolist() == pytest.approx(RED, abs=8)


@pytest.mark.parametrize(
    ("array", "expected"),
    [
        (np.array([[0.0, 0.5, 1.0]]), [[0, 128, 255]]),
        (np.array([[True, False]]), [[255, 0]]),
        (np.array([[[1], [2]]], np.uint8), [[1, 2]]),
        (np.array([[[1, 9]], [[2, 9]], [[3, 9]]]), [[[1, 2, 3], [9, 9, 9]]]),
    ],
)
def test_arrays_are_taken_in_every_usual_form(array, expected):
    assert pixels(array).tolist() == expected


def test_what_is_no_picture_says_why(tmp_path):
    whole = saved(flag((64, 64)), "JPEG")
    (tmp_path / "note.jpg").write_text("no picture")
    values = [
        str(tmp_path / "gone.jpg"),
        str(tmp_path / "note.jpg"),
        whole[: len(whole) // 2],
        np.array([[0.0, 300.0]]),
        np.zeros((2, 2, 2, 2), np.uint8),
        {"a": 1},
        "data:image/png;base64,%%%",
        str(tmp_path),
    ]
    feature = Image("x").fit(media([np.zeros((2, 2), np.uint8)]))
    found = feature.opened(media(values))
    assert found.unparsed == 8
    assert not found.valid.any()
    one_by_one = [feature.opened(media([each])).unparsed_examples[0] for each in values]
    assert [each.rpartition(": ")[2] for each in one_by_one] == [
        "no such file or directory",
        "is no picture that can be read",
        one_by_one[2].rpartition(": ")[2],
        "floats must be from 0 to 1, or from 0 to 255, these are from 0 to 300",
        "an array of 2x2x2x2 is no picture",
        "a dict is no file",
        "is no base64",
        "is a directory",
    ]
    assert "cannot be decoded: " in one_by_one[2]
    assert one_by_one[0].startswith(f"{tmp_path}/gone.jpg: ")


@pytest.mark.parametrize(
    ("resize", "expected"),
    [
        ("interpolate", [[(219, 0, 36), (36, 0, 219)]] * 2),
        ("crop", [[RED, BLUE], [RED, BLUE]]),
        ("crop_or_pad", [[RED, BLUE], [RED, BLUE]]),
    ],
)
def test_a_wide_picture_fits_a_square(resize, expected):
    made = fitted(flag(), channels=3, height=2, width=2, resize=resize, blank=GREEN)
    assert made.transpose(1, 2, 0).tolist() == [[list(each) for each in row] for row in expected]


def test_bands_are_blank_where_a_picture_is_shown_whole():
    made = fitted(flag((4, 2)), channels=3, height=4, width=4, resize="pad", blank=GREEN)
    rows = made.transpose(1, 2, 0)
    assert rows[0].tolist() == rows[3].tolist() == [list(GREEN)] * 4
    assert rows[1].tolist() == np.asarray(flag((4, 2)))[0].tolist()
    made = fitted(flag((2, 1)), channels=1, height=3, width=4, resize="crop_or_pad", blank=9)
    assert made.tolist() == [[[9, 9, 9, 9], [9, 76, 29, 9], [9, 9, 9, 9]]]


def test_small_pictures_keep_their_size_and_large_ones_get_a_smaller_one():
    small = [np.zeros((28, 20), np.uint8)] * 3
    assert Image("x").fit(media(small)).shape == (1, 28, 20)
    large = [np.zeros((300, 400, 3), np.uint8)] * 3
    assert Image("x").fit(media(large)).shape == (3, 96, 128)
    assert Image("x", infer_image_max_width=40).fit(media(large)).shape == (3, 30, 40)
    assert Image("x", height=30).fit(media(large)).shape == (3, 30, 40)
    assert Image("x", width=200).fit(media(large)).shape == (3, 150, 200)
    assert Image("x", height=7, width=9, num_channels=1).fit(media(large)).shape == (1, 7, 9)
    mixed = [*small, np.zeros((28, 20, 3), np.uint8)]
    assert Image("x").fit(media(mixed)).shape == (3, 28, 20)


def test_the_size_of_a_large_photograph_is_that_before_it_is_decoded_smaller():
    exif = Pillow.Exif()
    exif[0x0112] = 6
    photo = saved(flag((1200, 800)), "JPEG", exif=exif)
    feature = Image("x", infer_image_max_height=2000, infer_image_max_width=2000)
    assert feature.fit(media([photo])).shape == (3, 1200, 800)


def test_mean_and_spread_are_those_of_the_training_rows():
    rng = np.random.default_rng(0)
    arrays = rng.integers(0, 256, (20, 9, 8, 3), dtype=np.uint8)
    feature = Image("x").fit(media(arrays))
    np.testing.assert_allclose(feature.mean, arrays.mean((0, 1, 2)) / 255, rtol=1e-12)
    np.testing.assert_allclose(feature.std, arrays.std((0, 1, 2)) / 255, rtol=1e-12)
    published = Image("x", standardize_image="imagenet1k").fit(media(arrays))
    assert published.mean == (0.485, 0.456, 0.406)
    plain = Image("x", standardize_image=None).fit(media(arrays))
    assert (plain.mean, plain.std) == ((0.0, 0.0, 0.0), (1.0, 1.0, 1.0))
    one_colour = Image("x").fit(media([np.full((2, 2), 7, np.uint8)]))
    assert one_colour.std == (1 / 255,)


def test_a_missing_picture_is_of_the_mean_colour():
    feature = Image("x").fit(media([np.full((1, 1, 3), (10, 20, 30), np.uint8)]))
    assert feature.encode(media([None])).ravel().tolist() == [10, 20, 30]


def test_published_moments_need_colours():
    with pytest.raises(ConfigError) as error:
        Image("x", standardize_image="imagenet1k", num_channels=1)
    assert str(error.value) == (
        "x.preprocessing.standardize_image: 'imagenet1k' is for pictures in colour, and num_channels is 1. "
        "Take one of them out."
    )


def test_a_wrong_folder_is_one_error():
    feature = Image("photo")
    feature.observe(media([f"/nowhere/{i}.jpg" for i in range(9)] + [np.zeros((2, 2), np.uint8)]))
    with pytest.raises(DataError) as error:
        feature.finish()
    shown = ", ".join(f"'/nowhere/{i}.jpg: no such file or directory'" for i in range(5))
    assert str(error.value) == (
        f"photo: 9 of 10 files are absent, for example {shown}. Paths are relative to the folder of the "
        "table's file."
    )


def test_a_few_absent_files_are_told_and_counted_as_missing(tmp_path):
    (tmp_path / "bad.png").write_bytes(b"no")
    good = np.zeros((2, 2), np.uint8)
    table = Table.from_columns(
        {"x": [good, "gone.png", good, str(tmp_path / "bad.png"), good, None], "y": [1, 2] * 3}
    )
    fit = Preprocessor([Image("x")], [Number("y")]).fit(table)
    assert fit.inputs[0].notes == (
        (
            "column 'x': 1 of 5 files are absent, for example 'gone.png: no such file or directory', "
            f"'{tmp_path}/bad.png: is no picture that can be read'"
        ),
        (
            "column 'x': 1 of 4 pictures that were tried cannot be read and count as missing, for example "
            f"'gone.png: no such file or directory', '{tmp_path}/bad.png: is no picture that can be read'"
        ),
    )
    encoded = fit.encode(table)
    assert encoded.batch.inputs["image_0"].shape == (6, 1, 2, 2)
    count = encoded.counts["x"]
    assert (count.missing, count.unparsed) == (3, 2)
    assert encoded.usable.all()
    left = Preprocessor([Image("x", missing_value_strategy="drop_row")], [Number("y")]).fit(table)
    assert left.encode(table).usable.tolist() == [True, False, True, False, True, False]


def test_a_folder_of_photographs_is_encoded_alone_as_together(shared_data, tmp_path):
    with zipfile.ZipFile(shared_data / "img_sign_digits" / "sign_digits_400.zip") as archive:
        names = [each for each in archive.namelist() if each.endswith(".JPG")][::20]
        archive.extractall(tmp_path, names)
    values = [str(tmp_path / each) for each in names]
    feature = Image("x", height=32, width=32).fit(media(values))
    assert feature.shape == (3, 32, 32)
    together = feature.encode(media(values))
    for row, value in enumerate(values):
        assert feature.encode(media([value])).tobytes() == together[row].tobytes()


def test_pictures_of_other_tools_test_suites_are_read_or_refused(shared_data):
    found = [
        str(each)
        for each in sorted((shared_data / "od_format_samples").rglob("*"))
        if each.suffix.lower() in {".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff", ".webp"}
    ]
    feature = Image("x").fit(media(found))
    column = feature.opened(media(found))
    assert len(found) > 100
    assert column.valid.sum() == len(found) - column.unparsed
    assert column.values.shape == (len(found), *feature.shape)


def test_examples_are_pictures_that_a_request_can_hold():
    feature = Image("x").fit(media([np.zeros((6, 9, 3), np.uint8)]))
    (example,) = feature.example(np.random.default_rng(0), 1)
    assert example.startswith("data:image/png;base64,")
    assert feature.opened(media([example])).valid.all()
    assert feature.encode(media([example])).shape == (1, 3, 6, 9)
