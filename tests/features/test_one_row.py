"""A row that comes alone is encoded by a way of its own, to the same bytes and with the same counts."""

from typing import get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crosstie.data.parse import MISSING
from crosstie.data.table import Table
from crosstie.features.binary import Binary
from crosstie.features.category import Category
from crosstie.features.date import Date
from crosstie.features.number import Number
from crosstie.features.preprocessor import Preprocessor
from crosstie.features.scaling import Normalization
from crosstie.features.text import Text
from crosstie.features.vector import Vector

NORMALIZATIONS = [None, *get_args(Normalization)]
OUTLIERS = [None, "clip", "fill_with_const", "fill_with_mean"]
NUMBERS = [
    Number(
        f"n_{normalization}_{outliers}",
        column="n",
        normalization=normalization,
        outlier_strategy=outliers,
    )
    for normalization in NORMALIZATIONS
    for outliers in OUTLIERS
]
TABLE = {
    "n": [1.5, None, -3, 0.25, 7, 1e6, 0.0, 2] * 10,
    "m": [1, 2, 3, 4, 5, 6, 7, 8] * 10,
    "c": ["a", "b", None, "a", "c", "b", "a", "7"] * 10,
    "b": ["yes", "no", None, "yes", "no", "no", "yes", "yes"] * 10,
    "t": ["one two", "two", None, "three one", "", "two two", "one", "x"] * 10,
    "d": ["2024-01-01", "2023-05-06", None, "2020-02-29"] * 20,
    "v": [[1, 2], [3, 4], None, [0.5, -1]] * 20,
    "y": [0.5, 1.5, 2.5, 3.5] * 20,
}


@pytest.fixture(scope="module")
def fitted():
    inputs = [
        *NUMBERS,
        Number("filled", column="n", missing_value_strategy="fill_with_mean"),
        Number("m"),
        Category("c"),
        Category("small", column="c", lowercase=True, missing_value_strategy="fill_with_mode"),
        Binary("b"),
        Text("t"),
        Text("numbers", column="t"),
        Date("d"),
        Vector("v"),
    ]
    return Preprocessor(inputs, [Number("y")]).fit(Table.from_columns(TABLE))


def both(fitted, row, missing=None):
    """What the row is encoded as by its own way, and by that of a table."""
    one = Table.from_rows([row], missing=missing)
    table = Table.from_columns({name: [cell] for name, cell in row.items()}, missing=missing)
    assert one.row is not None
    assert table.row is None
    return fitted.encode(one), fitted.encode(table)


def check_same(fitted, row, missing=None):
    quick, slow = both(fitted, row, missing)
    assert sorted(quick.batch.inputs) == sorted(slow.batch.inputs)
    for name, array in slow.batch.inputs.items():
        assert quick.batch.inputs[name].dtype == array.dtype
        assert quick.batch.inputs[name].shape == array.shape
        assert quick.batch.inputs[name].tobytes() == array.tobytes(), name
    assert quick.counts == slow.counts
    assert quick.usable.tolist() == slow.usable.tolist()


PLAIN = {"n": 2.5, "m": 3, "c": "b", "b": "no", "t": "two x", "d": "2024-02-02", "v": [1, 2]}
CELLS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**30), 10**30),
    st.floats(),
    st.sampled_from([-0.0, 0.0, 0, "0", "-0.0", "1,000", "$ 7", "yes", "Yes", "a ", "A", *MISSING]),
    st.text(max_size=6),
    st.dates().map(str),
    st.lists(st.floats(-9, 9), min_size=2, max_size=2),
)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:overflow encountered")
@given(row=st.fixed_dictionaries(dict.fromkeys("nmcbtd", CELLS)))
def test_any_row_alone_is_the_row_of_a_table(fitted, row):
    check_same(fitted, {**row, "v": [1.0, 2.5]})
    check_same(fitted, {**row, "v": None})


def test_zeros_of_both_signs_are_told_apart_the_second_time_too(fitted):
    for zero in (0.0, -0.0, 0, "0", 0.0, -0.0):
        check_same(fitted, {**PLAIN, "n": zero, "m": zero})


def test_other_words_for_missing_are_not_mixed_up(fitted):
    for missing in (None, ["b", "-99"], None):
        check_same(fitted, {**PLAIN, "n": -99, "c": "b"}, missing)


def test_a_column_that_may_be_absent_may_be_absent_alone_too(fitted):
    check_same(fitted, {name: cell for name, cell in PLAIN.items() if name != "c"})


def test_a_feature_fitted_again_forgets_what_it_remembered():
    preprocessor = Preprocessor([Category("c")], [Number("y")])
    table = {"c": ["a", "b", "b"], "y": [1, 2, 3]}
    first = preprocessor.fit(Table.from_columns(table)).encode(Table.from_rows([{"c": "a"}]))
    again = preprocessor.fit(Table.from_columns({**table, "c": ["a", "a", "b"]}))

    assert first.batch.inputs["categories"].tolist() == [[3]]
    assert again.encode(Table.from_rows([{"c": "a"}])).batch.inputs["categories"].tolist() == [[2]]


def test_numbers_keep_their_type(fitted):
    quick, _ = both(fitted, PLAIN)
    assert quick.batch.inputs["numbers"].dtype == np.float32
    assert quick.batch.inputs["categories"].dtype == np.int32
