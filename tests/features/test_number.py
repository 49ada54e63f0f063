import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crosstie.data.column import Column
from crosstie.errors import DataError
from crosstie.features.number import Number

NORMALIZATIONS = ["zscore", "minmax", "robust", "iq", "quantile", "log1p", None]


def number(values, **options):
    values = np.asarray(values, float)
    return Number("price", **options).fit(Column("price", values, ~np.isnan(values)))


def encode(feature, values):
    values = np.asarray(values, float)
    return feature.encode(Column("price", values, ~np.isnan(values))).tolist()


def there_and_back(feature, values):
    values = np.asarray(values, float)
    target, _ = feature.encode_target(Column("price", values, ~np.isnan(values)))
    return feature.decode(target)["prediction"]


def test_by_default_numbers_have_mean_0_and_spread_1():
    encoded = encode(number([1, 2, 3, 4, 5]), [1, 3, 5])
    np.testing.assert_allclose(encoded, [-np.sqrt(2), 0, np.sqrt(2)], rtol=1e-6)


def test_missing_stays_missing_by_default():
    assert np.isnan(encode(number([1, 2, np.nan]), [np.nan])).all()


def test_missing_can_become_the_mean():
    feature = number([1, 2, 6, np.nan], missing_value_strategy="fill_with_mean", normalization=None)
    assert encode(feature, [np.nan, 1]) == [3, 1]


def test_missing_can_become_a_constant():
    feature = number(
        [1, 2, 6], missing_value_strategy="fill_with_const", fill_value=-1.0, normalization=None
    )
    assert encode(feature, [np.nan, 1]) == [-1, 1]


def test_minmax_runs_from_0_to_1():
    feature = number([10, 20, 30], normalization="minmax", outlier_strategy=None)
    assert encode(feature, [10, 15, 30, 40]) == [0, 0.25, 1, 1.5]


@pytest.mark.parametrize("normalization", ["robust", "iq"])
def test_robust_measures_in_quartiles_from_the_median(normalization):
    feature = number([1, 2, 3, 4, 1000], normalization=normalization)
    assert encode(feature, [1, 2, 3, 4]) == [-1, -0.5, 0, 0.5]


def test_robust_falls_back_to_the_range_where_the_quartiles_are_equal():
    feature = number([5] * 9 + [9], normalization="robust")
    assert encode(feature, [5, 9]) == [0, 2]


def test_log1p_takes_zero_and_negative_numbers():
    feature = number([-7, 0, 7], normalization="log1p")
    np.testing.assert_allclose(
        encode(feature, [-7, 0, 7]), [-np.sqrt(1.5), 0, np.sqrt(1.5)], rtol=1e-6
    )


def test_quantile_gives_a_normal_shape():
    values = np.exp(np.random.default_rng(0).normal(size=20_000))
    encoded = np.array(encode(number(values, normalization="quantile"), values))
    np.testing.assert_allclose(
        np.quantile(encoded, [0.025, 0.16, 0.5, 0.84, 0.975]),
        [-1.96, -0.994, 0, 0.994, 1.96],
        atol=0.01,
    )
    assert abs(encoded.mean()) < 0.005


def test_quantile_gives_equal_numbers_one_place():
    feature = number([0] * 50 + list(range(1, 51)), normalization="quantile")
    low, one, high = encode(feature, [0, 1, 50])
    assert low < one < high
    assert encode(feature, [-9, 99]) == [low, high]


@pytest.mark.parametrize("normalization", NORMALIZATIONS)
def test_a_constant_column_divides_by_nothing(normalization):
    feature = number([0.1] * 7, normalization=normalization)
    (encoded,) = encode(feature, [0.1])
    assert encoded == (0 if normalization else pytest.approx(0.1))
    np.testing.assert_allclose(there_and_back(feature, [0.1]), [0.1], rtol=1e-7)


def test_by_default_ten_spreads_bound_an_input():
    values = [0.0] * 5000 + [1.0] * 5000
    assert encode(number(values), [1e9, -1e9, 1]) == [10, -10, 1]


def test_outliers_can_be_left():
    assert encode(number([0, 1] * 5, outlier_strategy=None), [100.5]) == [200]


@pytest.mark.parametrize(
    ("strategy", "expected"), [("clip", 2.5), ("fill_with_mean", 0.5), ("fill_with_const", -3.0)]
)
def test_outliers_can_be_clipped_or_filled(strategy, expected):
    feature = number(
        [0, 1] * 5,
        outlier_strategy=strategy,
        outlier_threshold=4.0,
        fill_value=-3.0,
        normalization=None,
    )
    assert encode(feature, [100, 1]) == [expected, 1]


def test_rows_with_outliers_can_be_left_out():
    feature = number([0, 1] * 5, outlier_strategy="drop_row")
    rows = np.array([0, 2, 2.1, np.nan])
    assert feature.usable(Column("price", rows, ~np.isnan(rows))).tolist() == [
        True,
        True,
        False,
        True,
    ]


def test_a_target_is_never_clipped():
    np.testing.assert_allclose(there_and_back(number([0, 1] * 5), [1e6]), [1e6], rtol=1e-6)


def test_no_number_in_training_is_an_error():
    with pytest.raises(DataError) as error:
        number([np.nan, np.nan])
    assert str(error.value) == (
        "price: no training row holds a number. Take the column out, or give it another type."
    )


@pytest.mark.parametrize(
    ("values", "shown"),
    [
        ([1, 1e200, -1e200], "-1e+200 to 1e+200"),
        ([1e200, 3e200], "1e+200 to 3e+200"),
        ([1e308, 1.5e308], "1e+308 to 1.5e+308"),
    ],
)
def test_numbers_too_large_to_scale_are_an_error(values, shown):
    with pytest.raises(DataError) as error:
        number(values)
    assert str(error.value) == (
        f"price: numbers from {shown} are too large to scale. Mend the column, or take it out."
    )


def test_numbers_beyond_float32_stay_finite():
    assert np.isfinite(encode(number([1e100, 2e100], normalization=None), [1e100])).all()


def test_examples_are_whole_where_the_column_is_and_in_its_range():
    examples = number([1, 2, 30]).example(np.random.default_rng(0), 50)
    assert all(isinstance(each, int) and 1 <= each <= 30 for each in examples)
    assert any(
        isinstance(each, float) for each in number([1.5, 2]).example(np.random.default_rng(0), 5)
    )


@given(
    st.sampled_from(NORMALIZATIONS),
    st.lists(st.floats(-1e6, 1e6, width=32), min_size=1, max_size=40),
)
def test_a_target_comes_back_as_it_was(normalization, values):
    feature = number(values, normalization=normalization)
    back = there_and_back(feature, values)
    reach = max(map(abs, values))
    np.testing.assert_allclose(back, values, rtol=1e-5, atol=max(reach, 1e-30) * 1e-5)
