"""Long tables cut into windows: by time, within groups, gaps seen, no future in what is seen."""

import numpy as np
import pytest

from crosstie.data.split import splits
from crosstie.data.table import Table
from crosstie.data.windows import Windows
from crosstie.errors import DataError

nan = np.nan


def cells(table, name):
    return [
        None if each is None else each[:, 0].tolist()
        for each in table.column(name, "series").values
    ]


def cut(columns, **options):
    return Windows(**options).cut(Table.from_columns(columns), {})


def test_a_cell_holds_the_steps_up_to_its_row_and_those_after_it():
    table, _ = cut({"y": [1, 2, 3, 4, 5]}, past={"y": 2}, ahead={"y": 1})
    found = cells(table, "y")
    assert found[:4] == [None, [1, 2, 3], [2, 3, 4], [3, 4, 5]]
    np.testing.assert_array_equal(found[4], [4, 5, nan])


def test_rows_are_put_in_the_order_of_time_and_stay_where_they_are():
    days = ["2024-01-03", "2024-01-01", "2024-01-02"]
    table, grid = cut({"d": days, "y": [3, 1, 2]}, time="d", past={"y": 2})
    assert table.cells("d") == days
    assert cells(table, "y") == [[2, 3], None, [1, 2]]
    assert grid.season == 7


def test_groups_do_not_see_each_other():
    shops = ["a", "b", "a", "b", "a"]
    table, grid = cut({"shop": shops, "y": [1, 10, 2, 20, 3]}, group="shop", past={"y": 2})
    assert cells(table, "y") == [None, None, [1, 2], [10, 20], [2, 3]]
    assert grid.last().tolist() == [4, 3]


def test_a_time_without_a_row_is_a_missing_number_and_counted():
    days = ["2024-01-01", "2024-01-02", "2024-01-05", "2024-01-06", "2024-01-07"]
    table, grid = cut({"d": days, "y": [1, 2, 5, 6, 7]}, time="d", past={"y": 3})
    assert (grid.gaps, grid.longest, grid.step) == (2, 2, 86_400)
    found = cells(table, "y")
    np.testing.assert_array_equal(found[2], [nan, nan, 5])
    np.testing.assert_array_equal(found[3], [nan, 5, 6])


def test_months_are_steps_of_one_length_and_go_on_as_months():
    table = {"m": ["2023-11-01", "2023-12-01", "2024-01-01", "2024-02-01"], "y": [1, 2, 3, 4]}
    _, grid = cut(table, time="m", past={"y": 1})
    assert (grid.months, grid.gaps, grid.season, grid.places.tolist()) == (1, 0, 12, [0, 1, 2, 3])
    assert np.datetime64(int(grid.after(3, 11)), "s") == np.datetime64("2025-01-01T00:00:00")


def test_two_rows_of_one_time_are_refused():
    with pytest.raises(DataError) as caught:
        cut({"d": ["2024-01-01", "2024-01-01"], "y": [1, 2]}, time="d", past={"y": 1})
    assert str(caught.value) == (
        "column 'd': 1 rows have the time of the row before, the first at row 2. Give each time one row, or say "
        "which series they belong to: `group: COLUMN`."
    )


def test_no_row_whose_steps_ahead_lie_in_another_part_is_used():
    windows = Windows(past={"y": 1}, ahead={"y": 2})
    table = Table.from_columns({"y": list(range(8))})
    parts = np.array([0, 0, 0, 0, 1, 1, 2, 2], np.int8)
    found = windows.purged(windows.grid(table, {}), parts)
    assert found.tolist() == [0, 0, 3, 3, 3, 3, 2, 2]


def test_changing_the_future_changes_nothing_that_is_seen():
    rng = np.random.default_rng(0)
    values = rng.normal(size=30)
    other = np.concatenate([values[:20], rng.normal(size=10)])
    windows = Windows(past={"y": 5})
    one, two = (windows.cut(Table.from_columns({"y": each}), {})[0] for each in (values, other))
    assert cells(one, "y")[:20] == cells(two, "y")[:20]
    assert cells(one, "y")[20:] != cells(two, "y")[20:]


def test_the_first_rows_train_and_the_last_test():
    class Rows:
        name, columns, rows, notes = "t", ("y",), 10, []

    split = splits.get("order")(probabilities=[0.5, 0.2, 0.3])
    assert split.assign(Rows, target=None, seed=0).tolist() == [0] * 5 + [1] * 2 + [2] * 3
