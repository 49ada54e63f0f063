import datetime as dt

import numpy as np
import pytest

from crosstie.data.read import open_source
from crosstie.data.write import TableWriter, write_table
from crosstie.errors import DataError

COLUMNS = {
    "id": [1, 2, 3],
    "price": np.array([1.5, np.nan, 0.1]),
    "label": ["a", None, "c, d"],
    "tags": [["u", "v"], [], ["w"]],
    "flag": np.array([True, False, True]),
}
CELLS = {
    "id": ["1", "2", "3"],
    "price": ["1.5", None, "0.1"],
    "label": ["a", None, "c, d"],
    "tags": ['["u","v"]', "[]", '["w"]'],
    "flag": ["true", "false", "true"],
}


@pytest.mark.parametrize("suffix", ["csv", "tsv", "parquet", "feather", "arrow", "jsonl", "json"])
def test_what_is_written_is_read_again(tmp_path, suffix):
    path = tmp_path / "folder" / f"x.{suffix}"
    write_table(COLUMNS, path)
    table = open_source(path).table()
    assert {name: table.cells(name) for name in table.columns} == CELLS
    assert [each.name for each in path.parent.iterdir()] == [path.name]


def test_csv_on_standard_output(capsys):
    write_table(COLUMNS, None)
    assert capsys.readouterr().out == (
        'id,price,label,tags,flag\n1,1.5,a,"[""u"",""v""]",true\n2,,,[],false\n3,0.1,"c, d","[""w""]",true\n'
    )


def test_json_lines_hold_null_for_what_is_no_number(tmp_path):
    write_table(
        {"x": np.array([1.0, np.nan, np.inf]), "d": [dt.date(2016, 1, 31)] * 3},
        tmp_path / "x.jsonl",
    )
    assert (tmp_path / "x.jsonl").read_text() == (
        '{"x":1.0,"d":"2016-01-31"}\n{"x":null,"d":"2016-01-31"}\n{"x":null,"d":"2016-01-31"}\n'
    )


def test_an_unknown_suffix_is_refused(tmp_path):
    with pytest.raises(DataError) as raised:
        write_table(COLUMNS, tmp_path / "x.docx")
    assert str(raised.value) == (
        f"{tmp_path}/x.docx: cannot write a .docx. Choose one of .csv, .tsv, .parquet, .feather, .arrow, .jsonl, .json."
    )


def test_a_file_that_was_read_is_not_overwritten(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text("a\n1\n")
    with pytest.raises(DataError) as raised:
        write_table(COLUMNS, tmp_path / "." / "x.csv", inputs=[path])
    assert str(raised.value) == f"{path}: holds the data that was read. Write to another file."
    assert path.read_text() == "a\n1\n"


def test_a_failed_write_leaves_what_was_there(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text("old")
    with pytest.raises(ValueError, match="shorter"):
        write_table({"a": [1, 2], "b": [1]}, path)
    assert path.read_text() == "old"
    assert [each.name for each in tmp_path.iterdir()] == ["x.csv"]


@pytest.mark.parametrize("suffix", ["csv", "tsv", "parquet", "feather", "arrow", "jsonl", "json"])
def test_pieces_make_the_table(tmp_path, suffix):
    path = tmp_path / f"x.{suffix}"
    with TableWriter(path) as writer:
        for row in range(3):
            writer.append({name: values[row : row + 1] for name, values in COLUMNS.items()})
            assert not path.exists()
    table = open_source(path).table()
    assert {name: table.cells(name) for name in table.columns} == CELLS


@pytest.mark.parametrize("suffix", ["csv", "tsv", "jsonl", "json"])
def test_pieces_make_the_bytes_of_the_whole(tmp_path, suffix):
    whole, pieces = tmp_path / f"whole.{suffix}", tmp_path / f"pieces.{suffix}"
    write_table(COLUMNS, whole)
    with TableWriter(pieces) as writer:
        writer.append({name: values[:2] for name, values in COLUMNS.items()})
        writer.append({name: values[2:] for name, values in COLUMNS.items()})
    assert pieces.read_bytes() == whole.read_bytes()


def test_a_column_that_begins_empty_is_text(tmp_path):
    with TableWriter(tmp_path / "x.parquet") as writer:
        writer.append({"label": [None, None], "tags": [[], []]})
        writer.append({"label": ["a", None], "tags": [["u"], []]})
    table = open_source(tmp_path / "x.parquet").table()
    assert table.cells("label") == [None, None, "a", None]
    assert table.cells("tags") == ["[]", "[]", '["u"]', "[]"]


@pytest.mark.parametrize("suffix", ["csv", "parquet", "arrow", "json"])
def test_what_fails_between_pieces_leaves_what_was_there(tmp_path, suffix):
    path = tmp_path / f"x.{suffix}"
    path.write_text("old")

    def fail_between_pieces():
        with TableWriter(path) as writer:
            writer.append(COLUMNS)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_between_pieces()
    assert path.read_text() == "old"
    assert [each.name for each in tmp_path.iterdir()] == [path.name]
