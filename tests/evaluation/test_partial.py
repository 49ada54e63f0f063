import numpy as np

from crosstie.evaluation.partial import averages, exchanges, frequent, spread


def test_numbers_of_a_column_are_spread_over_its_rows_and_not_its_range():
    values = np.concatenate([np.arange(99.0), [1e9]])

    found = values[spread(values, 11)]

    assert found[0] == 1.0
    assert found[-1] == 98.0
    assert len(found) == 11
    assert np.ptp(np.diff(found)) <= 1


def test_a_number_that_most_rows_have_stands_once():
    values = np.array([0.0] * 90 + [3.0] * 10)

    assert values[spread(values, 20)].tolist() == [0.0, 3.0]


def test_a_column_without_numbers_has_none():
    assert len(spread(np.full(5, np.nan), 20)) == 0


def test_missing_levels_are_none():
    rows, counts = frequent(np.array([-1, -1, 2, 0, 2]), 12)

    assert (rows.tolist(), counts.tolist()) == ([2, 3], [2, 1])


def test_each_value_stands_in_all_rows():
    picks = exchanges(3, 2, 1, np.array([2, 0]))

    assert picks.tolist() == [[0, 2], [1, 2], [2, 2], [0, 0], [1, 0], [2, 0]]


def test_weights_count_in_the_mean():
    said = np.array([[0.0, 1.0], [1.0, 0.0]] * 2)

    assert averages(said, 2).tolist() == [[0.5, 0.5], [0.5, 0.5]]
    assert averages(said, 2, np.array([3.0, 1.0])).tolist() == [[0.25, 0.75], [0.25, 0.75]]
