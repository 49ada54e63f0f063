import json

import pytest

from crosstie.errors import ConfigError
from crosstie.gates.row_diff import row_diff


def test_rows_are_matched_by_key_in_whatever_order():
    was = {"id": ["a", "b", "c"], "pay": ["1", "2", "3"], "city": ["x", None, "z"]}
    now = {"id": ["c", "a", "b"], "pay": ["3.0", "1", "2"], "city": ["z", "x", None]}
    found = row_diff(was, now, "id")
    assert found.same
    assert (found.shared, found.added, found.lost, found.changed) == (3, 0, 0, 0)


def test_every_kind_of_change_is_counted():
    was = {
        "id": [1, 2, 3, 4, 4],
        "pay": [10.0, 20.0, 30.0, 40.0, 99.0],
        "city": ["x", "y", None, "z", "z"],
        "old": [1, 1, 1, 1, 1],
    }
    now = {
        "id": [5, 4, 3, 2, 1],
        "pay": [50.0, 40.0, 30.5, None, 12.0],
        "city": ["v", "z", "w", "y", "X"],
        "new": [1, 1, 1, 1, 1],
    }
    found = row_diff(was, now, "id")
    assert (found.rows, found.shared, found.added, found.lost) == ((5, 5), 4, 1, 0)
    assert (found.repeated, found.changed) == ((1, 0), 3)
    assert (found.new_columns, found.lost_columns) == (["new"], ["old"])
    pay, city = found.columns["pay"], found.columns["city"]
    assert (pay.kind, pay.rows, pay.changed, pay.max_delta) == (("number", "number"), 3, 0.75, 2.0)
    assert (pay.new_missing, pay.no_longer_missing) == (1, 0)
    assert pay.range == ((10.0, 99.0), (12.0, 50.0))
    assert pay.distinct == (5, 4)
    assert pay.examples[0] == ("1", "10", "12")
    assert (city.rows, city.max_delta, city.no_longer_missing, city.range) == (2, None, 1, None)
    assert city.examples == [("1", "x", "X"), ("3", None, "w")]
    assert not found.same
    assert json.loads(json.dumps(found.state(), allow_nan=False))["changed"] == 3


def test_a_column_that_becomes_words_changed_its_kind():
    found = row_diff({"id": [1, 2], "n": ["1", "2"]}, {"id": [1, 2], "n": ["1", "two"]}, "id")
    assert found.columns["n"].kind == ("number", "text")
    assert (found.columns["n"].rows, found.columns["n"].max_delta) == (1, None)


def test_another_storage_of_the_same_cells_is_no_changed_row():
    found = row_diff({"id": [1], "n": ["1"]}, {"id": [1], "n": [1]}, "id")
    assert found.changed == 0
    assert found.columns["n"].stored == ("text", "integer")
    assert not found.same


def test_a_key_of_several_columns_and_one_that_is_not_there():
    was = {"a": [1, 1], "b": ["x", "y"], "v": [1, 2]}
    found = row_diff(was, {**was, "v": [1, 3]}, ["a", "b"])
    assert found.columns["v"].examples == [("1, y", "2", "3")]
    with pytest.raises(
        ConfigError, match=r"^key: the table before has no column 'c'; choose one of 'a', 'b', 'v'"
    ):
        row_diff(was, was, "c")


@pytest.mark.slow
def test_a_real_table_with_one_cell_changed(customers, tmp_path):
    text = customers.read_text(encoding="utf-8")
    line = text.splitlines()[500]
    other = tmp_path / "other.csv"
    cells = line.split(",")
    other.write_text(
        text.replace(line, ",".join([cells[0], "Neither", *cells[2:]])), encoding="utf-8"
    )
    found = row_diff(customers, other, "customerID")
    changed = {name: each.examples for name, each in found.columns.items() if each.rows}
    assert changed == {"gender": [(cells[0], cells[1], "Neither")]}
    assert found.changed == 1


@pytest.mark.slow
def test_parquet_files_are_compared_as_they_hold_their_columns(tmp_path):
    import pyarrow as pa
    from pyarrow import parquet

    days = pa.array([0, 86_400_000_000, 1], pa.timestamp("us"))
    was = pa.table({
        "id": pa.array([1, 2, 3], pa.int32()),
        'odd "name"': [1.5, float("nan"), None],
        "big": pa.array([2**62, 2**62 + 1, 5], pa.int64()),
        "price": pa.array([1, 2, 3], pa.decimal128(5, 1)),
        "day": days,
        "parts": [[1, 2], [3], None],
        "sure": [True, False, None],
        "none": pa.array([None, None, None], pa.string()),
    })  # fmt: skip
    now = was.set_column(0, "id", pa.array([1.0, 2.0, 3.0]))
    now = now.set_column(1, 'odd "name"', pa.array([1.5, None, None]))
    now = now.set_column(2, "big", pa.array([2**62, 2**62 + 2, 5], pa.int64()))
    now = now.set_column(5, "parts", pa.array([[1, 2], [3, 4], None])).take([2, 0, 1])
    paths = str(tmp_path / "was.parquet"), str(tmp_path / "now.parquet")
    for table, path in zip((was, now), paths, strict=True):
        parquet.write_table(table, path)

    found = row_diff(*paths, "id")

    assert (found.rows, found.shared, found.changed, found.same) == ((3, 3), 3, 1, False)
    assert {name: each.rows for name, each in found.columns.items()} == {
        'odd "name"': 0,  # NaN is a missing cell
        "big": 1,
        "price": 0,
        "day": 0,
        "parts": 1,
        "sure": 0,
        "none": 0,
    }
    big, parts = found.columns["big"], found.columns["parts"]
    assert big.examples == [("2", "4611686018427387905", "4611686018427387906")]
    assert parts.examples == [("2", "[3]", "[3,4]")]
    assert parts.stored == ("bigint[]", "bigint[]")
    assert (found.columns["none"].kind, found.columns["day"].distinct) == (
        ("empty", "empty"),
        (3, 3),
    )
    assert row_diff(paths[0], paths[0], "id").same


@pytest.mark.slow
def test_a_parquet_file_and_the_same_rows_in_memory_are_one_table(customers, tmp_path):
    from pyarrow import csv, parquet

    blank = csv.ConvertOptions(null_values=["", " "])
    table = csv.read_csv(customers, convert_options=blank)
    parquet.write_table(table, tmp_path / "customers.parquet")
    found = row_diff(customers, tmp_path / "customers.parquet", "customerID")
    assert (found.changed, found.added, found.lost) == (0, 0, 0)
    assert found.columns["tenure"].stored == ("text", "bigint")
    assert found.columns["tenure"].range == ((0.0, 72.0), (0.0, 72.0))
