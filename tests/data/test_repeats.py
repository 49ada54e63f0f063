import numpy as np
import pytest

from crosstie.data.read import open_source
from crosstie.data.repeats import LOOKED_AT, warn_on_repeats

HALVES = np.array([0, 0, 0, 0, 1, 2, 2, 2], np.int8)


def test_rows_that_stand_on_both_sides_are_told():
    source = open_source(
        {"a": list("abcdabzz"), "b": [1, 2, 3, 4, 1, 2, 5, 5], "y": list(range(8))}
    )
    assert warn_on_repeats(source, HALVES, exclude={"y"}) == [
        (
            "the table given: 50% of the validation and test rows are in the training rows too, cell for cell. "
            "Take repeated rows out, or measure with `preprocessing.split: {type: hash}`, which keeps equal rows together."
        )
    ]


def test_ids_that_stand_on_both_sides_are_told():
    source = open_source({"customerID": list("abcdaxyz"), "x": list(range(8))})
    assert warn_on_repeats(source, HALVES) == [
        (
            "column 'customerID': 25% of the validation and test rows share an id with training rows, so the figures "
            "may be too good. Consider `preprocessing.split: {type: group, column: customerID}`."
        )
    ]


def test_moments_that_stand_on_both_sides_are_told():
    times = [f"2016-01-01 0{hour}:30" for hour in (1, 2, 3, 4, 4, 4, 5, 6)]
    source = open_source({"measured": times, "x": list(range(8))})
    assert warn_on_repeats(source, HALVES) == [
        (
            "column 'measured': 50% of the validation and test rows share a moment with training rows, so the figures "
            "may be too good. Consider `preprocessing.split: {type: datetime, column: measured}`."
        )
    ]


def test_a_word_that_ends_in_id_and_a_day_are_no_ids():
    source = open_source(
        {"paid": list("abcaabca"), "day": ["2016-01-01", "2016-01-02"] * 4, "x": list(range(8))}
    )
    assert warn_on_repeats(source, HALVES) == []


def test_nothing_is_told_where_nothing_is_held_out():
    source = open_source({"id": [1] * 8})
    assert warn_on_repeats(source, np.zeros(8, np.int8)) == []


def test_real_tables_without_repeats_give_no_warning(shared_data):
    from crosstie.data.split import splits

    source = open_source("tab_titanic/train.csv", base=shared_data)
    assignment = splits.get("random")().assign(source, target="Survived", seed=0)
    assert warn_on_repeats(source, assignment, exclude={"Survived"}) == []


def test_columns_that_were_spoken_of_are_not_told_again():
    source = open_source({"customerID": list("abcdaxyz"), "x": list(range(8))})
    assert warn_on_repeats(source, HALVES, told=["customerID"]) == []


@pytest.mark.slow
def test_of_a_large_table_the_first_rows_are_looked_at():
    rows = np.arange(LOOKED_AT + 100_001)
    assignment = (rows % 2).astype(np.int8)
    early = np.where(rows < 50_000, rows // 2, rows)
    late = np.where(rows > LOOKED_AT, -rows // 2, rows)
    source = open_source({"early_id": early, "late_id": late})

    told = warn_on_repeats(source, assignment)

    assert len(told) == 1
    assert told[0].startswith("column 'early_id': 25% of the validation and test rows share an id")


def test_rows_differ_that_hold_the_same_cells_in_another_order():
    source = open_source({"a": list("acegbdfh"), "b": list("bdfhaceg")})
    assert warn_on_repeats(source, HALVES) == []
