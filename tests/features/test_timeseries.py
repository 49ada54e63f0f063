import numpy as np
import pytest

from crosstie.data.parse import series
from crosstie.data.profile import look
from crosstie.data.table import Table
from crosstie.errors import DataError
from crosstie.features.infer import infer
from crosstie.features.timeseries import Timeseries, filled


def fitted(column, values, **options):
    return Timeseries("s", **options).fit(column(values, "series", "s"))


@pytest.mark.parametrize(
    ("cell", "steps"),
    [
        ("1 2 3", [[1], [2], [3]]),
        ("1, 2;3", [[1], [2], [3]]),
        ("[1, 2.5]", [[1], [2.5]]),
        ("1,,3", [[1], [None], [3]]),
        ([1, None, "NA"], [[1], [None], [None]]),
        ("[[1, 2], [3, null]]", [[1, 2], [3, None]]),
        (np.array([[1.0, np.inf]]), [[1, None]]),
        ("7", [[7]]),
    ],
)
def test_a_cell_is_read_as_steps_of_channels(cell, steps):
    np.testing.assert_array_equal(series(cell), np.array(steps, np.float64))


@pytest.mark.parametrize(
    "cell", ["", "a b", "[[1, 2], [3]]", [[1], 2], "NA NA", True, "[1, true]", []]
)
def test_what_is_no_series_is_none(cell):
    assert series(cell) is None


def test_every_channel_is_scaled_by_the_training_rows(column):
    feature = fitted(column, [[[0, 10], [4, 10]]])
    encoded = feature.encode(column([[[2, 11], [None, 10], [9, 9]]], "series"))
    np.testing.assert_array_equal(encoded, [[[0, 1], [np.nan, 0]]])  # two steps long in training


def test_a_shorter_row_ends_in_nan_and_a_longer_one_is_cut(column):
    feature = fitted(column, ["1 2 3 4 5"], timeseries_length_limit=3, standardise=False)
    encoded = feature.encode(column(["7", "1 2 3 4", None], "series"))[:, :, 0]
    nan = np.nan
    np.testing.assert_array_equal(encoded, [[7, nan, nan], [1, 2, 3], [nan, nan, nan]])


def test_a_cell_of_other_channels_than_most_counts_as_unreadable():
    found = Table.from_columns({"s": ["1 2", [[1, 2]], "3 4", "5"]}).column("s", "series")
    assert found.valid.tolist() == [True, False, True, True]
    assert (found.unparsed, found.unparsed_examples) == (1, ("[[1,2]]",))


def test_rows_of_other_channels_than_in_training_are_refused(column):
    feature = fitted(column, [[[1, 2], [3, 4]]])
    with pytest.raises(DataError) as caught:
        feature.encode(column(["1 2 3"], "series"))
    assert str(caught.value) == (
        "s: some rows hold 1 numbers a step, others 2. Give every step one number a channel."
    )


def test_gaps_are_filled_from_what_is_known_around_them():
    nan = np.nan
    values = np.array([[nan, 1], [2, nan], [nan, nan], [4, 7], [nan, 8]])
    before = filled(values, "previous")
    np.testing.assert_array_equal(before, [[nan, 1], [2, 1], [2, 1], [4, 7], [4, 8]])
    between = filled(values, "interpolate")
    np.testing.assert_array_equal(between, [[nan, 1], [2, 3], [3, 5], [4, 7], [4, 8]])
    assert filled(values, "mark") is values


def test_columns_of_measurements_are_series_and_lists_of_ids_are_not():
    table = Table.from_columns(
        {
            "ecg": ["0.1 0.2 0.3", "0.5 0.1", "1 2 0.5 0.5"] * 3,
            "channels": [[[1, 2]], [[3, 4], [5, 6]], [[7, 8]]] * 3,
            "bought": ["1 5 7", "3 4", "5"] * 3,
            "embedding": ["0.1 0.2", "0.3 0.4", "0.5 0.6"] * 3,
        }
    )
    types = {name: infer(look(table, name), output=False).type for name in table.columns}
    assert types["ecg"] == types["channels"] == "timeseries"
    assert types["embedding"] == "vector"
    assert types["bought"] != "timeseries"
    assert infer(look(table, "ecg"), output=False).why == (
        "every cell holds numbers one after the other, up to 4"
    )


def test_numbers_are_one_cell_but_of_a_window_rather_a_long_table(column):
    cells = [[1, 2, 3], [3, None, 2]]
    assert fitted(column, cells).one_cell([None, 2, 3]) == 1
    assert fitted(column, cells).one_cell(np.zeros((2, 3))) == 0
    assert fitted(column, cells).one_cell(["1 2 3", "4 5 6"]) == 0
    assert fitted(column, cells, window_size=3).one_cell([1, 2, 3]) == 0.25
    channels = fitted(column, [[[1, 2], [3, 4]]] * 2)
    assert channels.one_cell([[1, 2], [3, 4]]) == 1
    assert channels.one_cell([[[1, 2], [3, 4]]]) == 0


def test_a_target_that_lacks_some_steps_is_completed_to_learn_from_but_not_to_be_measured_by(
    column,
):
    feature = Timeseries("s", horizon=4, standardise=False)
    feature.predicted = True
    cells = ["1 2 3 4 5", "1 NA 3 NA 5", "1 2 3 4 NA", "1 NA NA NA 5", "NA NA 3 4 5", None]
    cells = column(cells, "series")
    feature.observe(cells)
    feature.finish()
    target, known = feature.encode_target(cells)
    learnable = feature.learnable(cells, known)
    assert known.tolist() == [True, False, False, False, False, False]
    assert learnable.tolist() == [True, True, False, False, False, False]
    np.testing.assert_array_equal(target[learnable], [[2, 3, 4, 5], [2, 3, 4, 5]])
