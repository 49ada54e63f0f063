import numpy as np
import pytest

from crosstie.errors import DataError
from crosstie.features.vector import Vector


def fitted(column, values, **options):
    return Vector("v", **options).fit(column(values, "vector", "v"))


def test_every_place_is_standardised(column):
    feature = fitted(column, [[1, 5], [3, 5], None])
    assert feature.width == 2
    encoded = feature.encode(column([[1, 5], [3, 6]], "vector"))
    assert encoded.tolist() == [[-1, 0], [1, 1]]


def test_numbers_stay_as_they_are_when_asked(column):
    feature = fitted(column, [[1, 5], [3, 5]], standardise=False)
    assert feature.encode(column([[1, 5]], "vector")).tolist() == [[1, 5]]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, [np.nan, np.nan]),
        ({"missing_value_strategy": "fill_with_mean"}, [2, 5]),
        ({"missing_value_strategy": "fill_with_const", "fill_value": -1.0}, [-1, -1]),
    ],
)
def test_a_missing_vector_stays_missing_or_is_filled(column, options, expected):
    feature = fitted(column, [[1, 5], [3, 5]], standardise=False, **options)
    encoded = feature.encode(column([[1, 1], None], "vector"))
    np.testing.assert_array_equal(encoded[1], expected)


def test_another_width_is_an_error(column):
    feature = fitted(column, [[1, 5], [3, 5]])
    with pytest.raises(DataError) as error:
        feature.encode(column([[1, 2, 3], None, [1, 2, 3]], "vector", "v"))
    assert str(error.value) == (
        "v: 2 rows hold vectors of 3 numbers, expected 2. Give vectors of one width."
    )


def test_the_width_can_be_said(column):
    with pytest.raises(DataError) as error:
        fitted(column, [[1, 5]], vector_size=3)
    assert str(error.value) == (
        "v: 1 rows hold vectors of 2 numbers, expected 3. Give vectors of one width."
    )


def test_parts_of_different_width_do_not_merge(column):
    one, other = Vector("v"), Vector("v")
    one.observe(column([[1, 2]], "vector"))
    other.observe(column([[1, 2, 3]], "vector"))
    with pytest.raises(DataError) as error:
        one.merge(other)
    assert str(error.value) == (
        "v: some training rows hold vectors of 2 numbers, others of 3. Give vectors of one width."
    )


def test_vectors_of_several_widths_are_an_error_that_shows_them(column):
    with pytest.raises(DataError) as error:
        fitted(column, [[1, 5], [3, 5], [1, 2, 3], "x", None])
    assert str(error.value) == (
        "v: 2 training rows hold no vector of 2 numbers, for example '[1,2,3]', 'x'. "
        "Give every row one width, or leave the cell empty."
    )
