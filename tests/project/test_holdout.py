"""The frozen rows as each of two models takes them."""

import pytest

from crosstie.data.read import open_source
from crosstie.data.write import arrow_table
from crosstie.project.holdout import as_each_takes_them

NOW = {
    "id": ["4", "3", "2", "1"],
    "pay": ["40", "31", "21", "11"],
    "paid": ["d", "c", "b", "a"],
    "left": ["no", "no", "yes", "no"],
}


@pytest.fixture
def frozen(tmp_path):
    from pyarrow import parquet

    path = tmp_path / "holdout.parquet"
    rows = {"id": ["1", "2", "9"], "pay": ["10", "20", "90"], "left": ["no", "yes", "no"]}
    parquet.write_table(arrow_table(rows), path)
    return path


def cells(path):
    table = open_source(str(path)).table()
    return {name: table.cells(name) for name in table.columns}


def test_the_candidate_takes_the_same_rows_as_its_own_code_makes_them(frozen):
    now = open_source(NOW).table()
    assert as_each_takes_them(frozen, now, ["id"], ["paid"], unmoved=True)
    assert cells(frozen) == {"id": ["1", "2"], "pay": ["10", "20"], "left": ["no", "yes"]}
    assert cells(frozen.with_name("candidate.parquet")) == {
        "id": ["1", "2"],
        "pay": ["11", "21"],
        "left": ["no", "yes"],
        "paid": ["a", "b"],
    }


def test_where_data_moved_only_what_is_lacking_is_taken(frozen):
    assert as_each_takes_them(frozen, open_source(NOW).table(), ["id"], ["paid"], unmoved=False)
    taken = cells(frozen.with_name("candidate.parquet"))
    assert (taken["pay"], taken["paid"]) == (["10", "20"], ["a", "b"])


@pytest.mark.parametrize("key", [[], ["gone"], ["left"]])
def test_without_a_key_that_tells_rows_apart_nothing_is_written(frozen, key):
    before = frozen.read_bytes()
    assert not as_each_takes_them(frozen, open_source(NOW).table(), key, ["paid"], unmoved=True)
    assert frozen.read_bytes() == before
    assert not frozen.with_name("candidate.parquet").exists()


def test_rows_of_which_none_is_there_any_more_are_left_alone(frozen):
    now = open_source({**NOW, "id": ["5", "6", "7", "8"]}).table()
    assert not as_each_takes_them(frozen, now, ["id"], ["paid"], unmoved=True)
    assert cells(frozen)["id"] == ["1", "2", "9"]
