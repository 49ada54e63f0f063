"""Cells that hold files: names relative to their table, bytes, arrays."""

import hashlib
import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from crosstie.data.media import media_of
from crosstie.data.profile import look
from crosstie.data.read import open_source
from crosstie.data.table import Table

PNG = b"\x89PNG\r\n\x1a\n\0\0"


def media(table, name="x"):
    return table.column(name, "media").values


def test_paths_are_relative_to_the_folder_of_the_table(tmp_path):
    (tmp_path / "a.csv").write_text("x,y\nimg/1.png,1\n/abs/2.png,2\nhttps://h/3.png,3\n,4\nNA,5\n")
    found = open_source("a.csv", base=tmp_path).table().column("x", "media")
    assert found.values == [
        f"{tmp_path}/img/1.png",
        "/abs/2.png",
        "https://h/3.png",
        None,
        None,
    ]
    assert found.valid.tolist() == [True, True, True, False, False]
    assert found.unparsed == 0


def test_each_file_of_a_table_has_its_own_folder(tmp_path):
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "t.csv").write_text(f"x,y\n{name}.png,1\nagain.png,2\n")
    table = open_source("*/t.csv", base=tmp_path).table()
    expected = ["one/one.png", "one/again.png", "two/two.png", "two/again.png"]
    assert media(table) == [f"{tmp_path}/{each}" for each in expected]
    assert media(table.take(np.array([3, 0]))) == [
        f"{tmp_path}/two/again.png",
        f"{tmp_path}/one/one.png",
    ]
    assert media(table.slice(1, 2)) == [f"{tmp_path}/one/again.png", f"{tmp_path}/two/two.png"]
    assert media(table.select(["x"]))[3] == f"{tmp_path}/two/again.png"


def test_chunks_of_a_large_table_keep_its_folder(tmp_path, monkeypatch):
    monkeypatch.setattr("crosstie.data.source.HELD", -1)
    (tmp_path / "a.csv").write_text("x,y\n1.png,1\n2.png,2\n3.png,3\n")
    chunks = list(open_source("a.csv", base=tmp_path).chunks(2))
    assert [media(each) for each in chunks] == [
        [f"{tmp_path}/1.png", f"{tmp_path}/2.png"],
        [f"{tmp_path}/3.png"],
    ]


def test_a_frames_paths_stay_as_they_are():
    assert media(Table.from_columns({"x": ["a.png", None, " "]})) == ["a.png", None, None]


@pytest.mark.parametrize("kind", ["binary", "struct"])
def test_bytes_come_out_of_parquet(tmp_path, kind):
    cells = [PNG + bytes([i]) for i in range(3)] + [None]
    values = cells if kind == "binary" else [{"bytes": each, "path": None} for each in cells]
    pq.write_table(pa.table({"x": values, "y": [1, 2, 3, 4]}), tmp_path / "a.parquet")
    table = open_source("a.parquet", base=tmp_path).table()
    assert media(table) == cells
    assert table.column("x", "media").valid.tolist() == [True, True, True, False]


def test_lists_of_numbers_are_arrays_and_other_things_stay():
    ragged = [[1, 2], [3]]
    found = media(Table.from_columns({"x": [[[0, 255], [7, 8]], ragged, json.dumps("a")]}))
    assert found[0].tolist() == [[0, 255], [7, 8]]
    assert found[1:] == [ragged, '"a"']


def test_bytes_and_arrays_have_short_texts_that_tell_them_apart():
    cells = [PNG, PNG + b"1", b"text", np.zeros((2, 3), np.uint8), np.ones((2, 3), np.uint8)]
    texts = Table.from_columns({"x": cells}).cells("x")
    digests = [hashlib.sha256(bytes(each)).hexdigest()[:12] for each in cells]
    assert texts == [
        f"<10 bytes {digests[0]}>",
        f"<11 bytes {digests[1]}>",
        "text",
        f"<array 2x3 {digests[3]}>",
        f"<array 2x3 {digests[4]}>",
    ]


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        (["a.JPG", "b.png", None, "https://h/c.webp?size=3"] * 10, "image"),
        (["a.wav", "b.mp3"], "audio"),
        ([PNG, b"\xff\xd8\xff\xe0"], "image"),
        ([b"fLaC\0", b"RIFF0000WAVE"], "audio"),
        ([np.zeros((8, 8), np.uint8)], "image"),
        (["see a.png", "a line\nof b.png"], None),
        (["a.png", "a.wav"], None),
        ([1.5, 2.5], None),
        ([None], None),
    ],
)
def test_a_profile_says_what_files_a_column_holds(cells, kind):
    assert look(Table.from_columns({"x": cells}), "x").media == kind


def test_webp_is_no_sound():
    assert media_of(b"RIFF0000WEBPVP8 ") == "image"
