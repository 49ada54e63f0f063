"""Folders of class folders, files named one by one, and IDX as tables."""

import gzip
import io
import struct
import zipfile

import numpy as np
import pytest
from PIL import Image

from crosstie.data.profile import look
from crosstie.data.read import open_source, own_target
from crosstie.errors import DataError


@pytest.fixture
def pets(tmp_path):
    """Two class folders with three pictures."""
    held = io.BytesIO()
    Image.new("L", (2, 2)).save(held, "PNG")
    for name in ("cat/b.png", "cat/a.PNG", "dog/deep/c.jpg", "dog/.hidden.png", "dog/notes.txt"):
        path = tmp_path / "pets" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(held.getvalue())
    return tmp_path / "pets"


def test_class_folders_are_a_table(pets):
    source = open_source("pets", base=pets.parent)
    assert (source.name, source.columns, source.media) == ("pets", ("image", "label"), "image")
    table = source.table()
    assert table.cells("image") == ["cat/a.PNG", "cat/b.png", "dog/deep/c.jpg"]
    assert table.cells("label") == ["cat", "cat", "dog"]
    assert table.column("image", "media").values[2] == f"{pets}/dog/deep/c.jpg"
    assert look(table, "image").media == "image"
    assert look(table, "label").stored == "class"
    assert own_target(pets) == "label"


def test_a_folder_without_class_folders_has_no_labels(pets):
    source = open_source(pets / "cat")
    assert source.columns == ("image",)
    assert source.table().cells("image") == ["a.PNG", "b.png"]


def test_a_folder_changes_when_a_file_does(pets):
    before = open_source(pets).fingerprint
    assert open_source(pets).fingerprint == before
    (pets / "dog/deep/c.jpg").write_bytes(b"another size")
    assert open_source(pets).fingerprint != before


def test_files_are_named_as_they_were(pets):
    names = ["pets/cat/b.png", str(pets / "dog/deep/c.jpg")]
    source = open_source(names, base=pets.parent)
    assert source.table().cells("image") == names
    assert source.table().column("image", "media").values == [f"{pets}/cat/b.png", names[1]]
    by_pattern = open_source("pets/cat/*.*", base=pets.parent)
    assert by_pattern.table().cells("image") == ["pets/cat/a.PNG", "pets/cat/b.png"]


def test_sounds_are_a_column_of_their_own(tmp_path):
    for name in ("one/a.wav", "one/b.flac", "two/c.mp3", "two/d.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"0")
    source = open_source(tmp_path)
    assert source.columns == ("audio", "label")
    assert source.rows == 3
    assert source.notes == [f"{tmp_path}: left out 1 files that hold no audio, as 'two/d.png'"]


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        (
            "mixed",
            (
                "mixed: 1 files lie beside the class folders, for example 'z.png'. Move them into the folder of their "
                "class, or away."
            ),
        ),
        (
            "parts",
            "parts: holds the parts 'test', 'train' of a data set, not classes. Write parts/train --test parts/test.",
        ),
        (
            ["mixed/z.png", "table.csv"],
            "table.csv: is no picture or sound, as 'mixed/z.png' is. Give files of one kind, or one folder.",
        ),
        ("gone.jpg", "gone.jpg: there is no such file"),
        (
            "other",
            (
                "other: is a folder, and of its files none is a picture, a sound or a table that can be read: .doc (1). "
                "Give a table, or pictures as .png or .jpg."
            ),
        ),
        ("empty", "empty: is a folder without a file."),
    ],
)
def test_what_is_no_table_says_why(tmp_path, spec, message):
    for name in (
        "mixed/z.png",
        "mixed/a/b.png",
        "parts/train/a/1.png",
        "parts/test/a/1.png",
        "other/a/a.doc",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"0")
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError) as error:
        open_source(spec, base=tmp_path)
    assert str(error.value) == message


def idx(array):
    return struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape) + array.tobytes()


def test_idx_files_of_pictures_and_labels_are_one_table(tmp_path):
    pictures = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)
    (tmp_path / "t-images-idx3-ubyte.gz").write_bytes(gzip.compress(idx(pictures)))
    (tmp_path / "t-labels-idx1-ubyte").write_bytes(idx(np.array([7, 0], np.uint8)))
    source = open_source("t-images-idx3-ubyte.gz", base=tmp_path)
    table = source.table()
    assert table.columns == ("image", "label")
    assert np.array_equal(table.column("image", "media").values, pictures)
    assert table.cells("label") == ["7", "0"]
    assert own_target(tmp_path / "t-images-idx3-ubyte.gz") == "label"
    assert open_source("t-labels-idx1-ubyte", base=tmp_path).table().cells("label") == ["7", "0"]
    before = source.fingerprint
    (tmp_path / "t-labels-idx1-ubyte").write_bytes(idx(np.array([7, 1], np.uint8)))
    assert open_source("t-images-idx3-ubyte.gz", base=tmp_path).fingerprint != before


def test_idx_without_labels_is_pictures_alone(tmp_path):
    (tmp_path / "a.idx3-ubyte").write_bytes(idx(np.zeros((1, 2, 2), np.uint8)))
    assert open_source(tmp_path / "a.idx3-ubyte").columns == ("image",)
    assert own_target(tmp_path / "a.idx3-ubyte") is None


@pytest.mark.parametrize("content", [b"", b"\0\0\x08\x03", b"\0\0\x08\x01\0\0\0\x05abc", b"PNG??"])
def test_a_damaged_idx_file_is_refused(tmp_path, content):
    (tmp_path / "a.idx").write_bytes(content + b"!" * (not content))
    with pytest.raises(DataError, match="is no IDX file that can be read"):
        open_source("a.idx", base=tmp_path)


def test_labels_must_be_as_many_as_pictures(tmp_path):
    (tmp_path / "t-images-idx3-ubyte").write_bytes(idx(np.zeros((2, 2, 2), np.uint8)))
    (tmp_path / "t-labels-idx1-ubyte").write_bytes(idx(np.array([7], np.uint8)))
    with pytest.raises(DataError) as error:
        open_source("t-images-idx3-ubyte", base=tmp_path)
    assert str(error.value) == (
        "t-images-idx3-ubyte: holds 2 pictures, and the file of labels beside it 1 labels. Give the two files of "
        "one data set."
    )


def test_mnist_is_read_as_it_is_published(shared_data):
    table = open_source(shared_data / "img_mnist_t10k" / "t10k-images-idx3-ubyte.gz").table()
    assert len(table) == 10_000
    assert table.slice(0, 5).cells("label") == ["7", "2", "1", "0", "4"]
    assert table.column("image", "media").values[0].shape == (28, 28)


def test_published_class_folders_are_read_as_they_are(shared_data, tmp_path):
    with zipfile.ZipFile(shared_data / "img_sign_digits" / "sign_digits_400.zip") as archive:
        archive.extractall(tmp_path)
    source = open_source(tmp_path / "sign_digits")
    assert source.rows == 400
    assert set(source.table().cells("label")) == set("0123456789")
