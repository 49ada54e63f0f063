import datetime as dt
import math

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crosstie.data.style import Style
from crosstie.data.table import Table
from crosstie.errors import DataError

FORMS = ("number", "levels", "text", "date", "vector", "series")
COLUMNS = {
    "integers": [1, None, -3],
    "floats": [1.0, 2.5, None],
    "texts": [" 1 ", "x", None],
    "words": ["NA", "?", "None"],
    "flags": [True, None, False],
    "dates": [dt.date(2016, 1, 31), None, dt.date(1969, 12, 31)],
    "times": [dt.datetime(2016, 1, 31, 12, 30), None, dt.datetime(1969, 12, 31)],
    "lists": [[1, 2], None, [3, 4]],
    "ragged": [[1], [2, 3], [4, 5]],
    "nothing": [None, None, None],
}


def same(one, other):
    assert (one.name, one.levels, one.unparsed, one.unparsed_examples) == (
        other.name,
        other.levels,
        other.unparsed,
        other.unparsed_examples,
    )
    np.testing.assert_array_equal(one.valid, other.valid)
    if isinstance(one.values, list):
        assert [repr(each) for each in one.values] == [repr(each) for each in other.values]
    else:
        assert one.values.dtype == other.values.dtype
        np.testing.assert_array_equal(one.values, other.values)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", COLUMNS)
def test_plain_values_and_arrow_give_the_same_column_in_every_form(name, form):
    plain = Table.from_columns({name: COLUMNS[name]})
    arrow = Table.from_arrow(pa.table({name: pa.array(COLUMNS[name])}))
    same(plain.column(name, form), arrow.column(name, form))
    assert plain.cells(name) == arrow.cells(name)
    assert plain.stored(name) == arrow.stored(name)


@pytest.mark.slow
@pytest.mark.parametrize("form", FORMS)
@given(
    st.lists(
        st.one_of(st.none(), st.text(max_size=5), st.floats().map(repr), st.dates().map(str)),
        max_size=40,
    )
)
def test_text_gives_the_same_column_from_a_file_as_from_a_request(form, cells):
    plain = Table.from_columns({"x": cells})
    arrow = Table.from_arrow(pa.table({"x": pa.array(cells, pa.string())}))
    same(plain.column("x", form), arrow.column("x", form))


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1))
def test_a_row_alone_has_the_number_that_it_has_among_others(values):
    texts = [repr(each) for each in values]
    together = Table.from_arrow(pa.table({"x": texts})).column("x", "number").values
    alone = [Table.from_rows([{"x": each}]).column("x", "number").values[0] for each in texts]
    assert together.tobytes() == np.array(alone).tobytes() == np.array(values).tobytes()


def test_numbers_that_cannot_be_read_are_counted_with_examples():
    column = Table.from_columns({"x": ["1", "one", "inf", "", "two", "one", True]}).column(
        "x", "number"
    )
    np.testing.assert_array_equal(column.values, [1.0] + [math.nan] * 6)
    assert (column.unparsed, column.unparsed_examples) == (5, ("one", "inf", "two", "true"))


def test_an_infinity_of_a_typed_column_counts_as_unread():
    column = Table.from_arrow(pa.table({"x": [1.0, math.inf, None, math.nan]})).column(
        "x", "number"
    )
    assert column.valid.tolist() == [True, False, False, False]
    assert (column.unparsed, column.unparsed_examples) == (1, ("inf",))


def test_levels_are_the_same_from_csv_text_and_from_typed_values():
    text = Table.from_columns({"x": ["1.0", "2.0", "1", "True", "FALSE"]}).column("x", "levels")
    typed = Table.from_columns({"x": [1, 2.0, np.int8(1), True, False]}).column("x", "levels")
    assert text.levels == typed.levels == ("1", "2", "true", "false")
    assert text.values.tolist() == typed.values.tolist() == [0, 1, 0, 2, 3]


def test_other_missing_words_take_the_place_of_the_usual_ones():
    table = Table.from_columns(
        {"x": ["-99", "NA", " ", "5"], "y": [-99, -99.0, 1, None]}, missing=["-99"]
    )
    assert table.cells("x") == [None, "NA", None, "5"]
    assert table.cells("y") == [None, None, "1", None]
    assert table.column("y", "number").valid.tolist() == [False, False, True, False]


def test_the_missing_words_hold_for_typed_arrow_columns_too():
    table = Table.from_arrow(pa.table({"y": [-99, 1]}), missing=["-99"])
    assert table.column("y", "number").valid.tolist() == [False, True]
    assert table.column("y", "number").unparsed == 0


def test_none_is_a_word_like_any_other():
    assert Table.from_columns({"damage": ["None", "Minor"]}).column("damage", "levels").levels == (
        "None",
        "Minor",
    )


def test_a_decimal_comma_concerns_text_only():
    table = Table.from_columns({"x": ["1,5", 1.5, "1.000"]})
    assert table.column("x", "number", style=Style(decimal=",")).values.tolist() == [
        1.5,
        1.5,
        1000.0,
    ]


def test_a_time_zone_is_converted_to_utc():
    moments = pa.array(
        [dt.datetime(2016, 1, 31, 12, tzinfo=dt.UTC)], pa.timestamp("ns", tz="Europe/Paris")
    )
    table = Table.from_arrow(pa.table({"x": moments}))
    assert table.cells("x") == ["2016-01-31 12:00:00"]
    assert table.column("x", "date").values.tolist() == [1454241600.0]


def test_dates_of_several_shapes_stand_in_one_column():
    column = Table.from_columns(
        {"x": ["2016-01-31", "Jan 31, 2016", "31/01/2016", "31.1.2016"]}
    ).column("x", "date")
    assert column.values.tolist() == [1454198400.0] * 4


def test_vectors_of_another_width_than_most_count_as_unread():
    column = Table.from_columns({"x": ["1 2", "[3, 4]", [5], None, "6;7"]}).column("x", "vector")
    np.testing.assert_array_equal(
        column.values, [[1, 2], [3, 4], [math.nan] * 2, [math.nan] * 2, [6, 7]]
    )
    assert (column.unparsed, column.unparsed_examples) == (1, ("[5]",))


def test_dictionary_encoded_and_string_view_columns_are_text():
    for kind in (pa.dictionary(pa.int32(), pa.string()), pa.string_view(), pa.large_string()):
        column = Table.from_arrow(pa.table({"x": pa.array(["a", None, "a"]).cast(kind)})).column(
            "x", "levels"
        )
        assert (column.levels, column.values.tolist()) == (("a",), [0, -1, 0])


def test_a_float32_has_the_text_that_a_csv_would_have():
    assert Table.from_arrow(pa.table({"x": pa.array([0.1, 2], pa.float32())})).cells("x") == [
        "0.1",
        "2",
    ]


def test_rows_are_taken_in_any_order_from_either_kind_of_table():
    for table in (
        Table.from_columns({"x": list("abcd")}),
        Table.from_arrow(pa.table({"x": list("abcd")})),
    ):
        assert table.take(np.array([3, 0, 3])).cells("x") == ["d", "a", "d"]
        assert table.slice(1, 2).cells("x") == ["b", "c"]
        assert len(table.slice(3, 9)) == 1


def test_tables_of_different_kinds_are_put_below_each_other():
    parts = [
        Table.from_arrow(pa.table({"x": [1, 2]})),
        Table.from_arrow(pa.table({"x": [2.5]})),
        Table.from_columns({"x": ["a"]}),
    ]
    assert Table.concat(parts[:2], ["x"]).cells("x") == ["1", "2", "2.5"]
    assert Table.concat(parts, ["x"]).cells("x") == ["1", "2", "2.5", "a"]
    assert Table.concat([], ["x"]).columns == ("x",)


def test_a_key_that_a_row_lacks_is_missing_there():
    table = Table.from_rows([{"a": 1}, {"b": 2, "a": 3}])
    assert (table.cells("a"), table.cells("b")) == (["1", "3"], [None, "2"])


def test_columns_of_different_lengths_are_refused():
    with pytest.raises(DataError) as raised:
        Table.from_columns({"a": [1, 2], "b": [1], "c": [1, 2]})
    assert str(raised.value) == (
        "column 'b': 1 values where other columns have 2. Give every column the same number of values."
    )


def test_an_unknown_column_is_refused_with_the_nearest_name():
    with pytest.raises(DataError) as raised:
        Table.from_columns({"Age": [1]}).column("Aeg", "number")
    assert str(raised.value) == "column 'Aeg': the table has no such column; did you mean 'Age'?"


def test_a_table_prints_its_shape():
    assert repr(Table.from_columns({"a": [1, 2], "b": [3, 4]})) == "Table(2 rows of a, b)"


def test_an_example_of_what_cannot_be_read_is_cut_where_it_is_long():
    column = Table.from_columns({"x": ["1", "2", "much too long " * 1000]}).column("x", "number")
    (example,) = column.unparsed_examples
    assert (len(example), example[-1]) == (160, "…")
