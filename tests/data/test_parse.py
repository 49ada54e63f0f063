import datetime as dt
import math
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crosstie.data import parse
from crosstie.data.style import PLAIN, Style

COMMA = Style(decimal=",")
DAY_FIRST = Style(dates="day")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1", 1.0),
        ("-1.5", -1.5),
        ("+3", 3.0),
        ("1e-3", 0.001),
        (".5", 0.5),
        ("5.", 5.0),
        ("1,234", 1234.0),
        ("1,234,567.5", 1234567.5),
        ("1 234", 1234.0),
        ("1\u202f234", 1234.0),
        ("1'234", 1234.0),
        ("$5", 5.0),
        ("-$1,000", -1000.0),
        ("$-1", -1.0),
        ("5 €", 5.0),
        ("12%", 12.0),
        ("(3)", -3.0),
        ("\u22127", -7.0),
    ],
)
def test_a_number_is_read_however_it_is_dressed(text, value):
    assert parse.number(text) == value


@pytest.mark.parametrize(
    "text",
    ["", "x", "1,2", "12,34", "1.2.3", "1_000", "inf", "-Infinity", "nan", "1e400", "--5", "(-3)", "3 4", "5-3",
     "0x10", "1,234,56", "$", "%"],
)  # fmt: skip
def test_what_is_no_finite_number_is_none(text):
    assert parse.number(text) is None


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1,5", 1.5),
        ("1.234,5", 1234.5),
        ("1.234", 1234.0),
        ("-3", -3.0),
        ("€1.000", 1000.0),
        (",5", 0.5),
    ],
)
def test_a_decimal_comma_turns_dots_into_thousands(text, value):
    assert parse.number(text, COMMA) == value


def test_a_decimal_point_is_no_number_where_commas_are_decimal():
    assert parse.number("1.5", COMMA) is None


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_any_float_survives_being_written_and_read(value):
    assert parse.number(repr(value)) == value


@given(st.floats(min_value=-1e15, max_value=1e15, allow_nan=False))
def test_a_number_with_thousands_and_decimals_survives_in_both_styles(value):
    written = f"{value:,.6f}"
    swapped = written.translate(str.maketrans(",.", ".,"))
    assert parse.number(written) == parse.number(swapped, COMMA) == float(f"{value:.6f}")


@pytest.mark.slow
@given(
    st.lists(
        st.one_of(st.floats().map(repr), st.text(max_size=6), st.integers().map(str)), min_size=33
    )
)
def test_many_texts_give_the_numbers_that_each_gives_alone(texts):
    alone = [math.nan if (v := parse.number(t)) is None else v for t in texts]
    np.testing.assert_array_equal(parse.numbers(texts), alone)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2016-01-31", "2016-01-31"),
        ("2016/1/31", "2016-01-31"),
        ("2016.01.31", "2016-01-31"),
        ("2016-01", "2016-01-01"),
        ("2016-01-31T12:30:00Z", "2016-01-31T12:30"),
        ("2016-01-31 12:30", "2016-01-31T12:30"),
        ("2016-01-31T12:30:00+02:00", "2016-01-31T10:30"),
        ("2016-01-31T12:30:00-0530", "2016-01-31T18:00"),
        ("2016-01-31 12:30:00.250", "2016-01-31T12:30:00.250"),
        ("01/31/2016", "2016-01-31"),
        ("31/01/2016", "2016-01-31"),
        ("1/2/16", "2016-01-02"),
        ("1/2/75", "1975-01-02"),
        ("1.2.2016", "2016-02-01"),
        ("31-Jan-2016", "2016-01-31"),
        ("31 January 2016", "2016-01-31"),
        ("Jan 31, 2016", "2016-01-31"),
        ("Sept 1 2016 3:04 PM", "2016-09-01T15:04"),
        ("1/2/2016 12:05 AM", "2016-01-02T00:05"),
        ("Sun, 31 Jan 2016 10:00:00 GMT", "2016-01-31T10:00"),
        ("Jan 2016", "2016-01-01"),
        ("2016 Jan", "2016-01-01"),
        ("2016-Jan-31", "2016-01-31"),
        ("Jan-31-2016", "2016-01-31"),
        ("2016 Q1", "2016-01-01"),
        ("2016Q2", "2016-04-01"),
        ("Q4 2016", "2016-10-01"),
        ("September-2016", "2016-09-01"),
        ("Sun Jan 31 10:30:00 2016", "2016-01-31T10:30"),
        ("Wed Jan  6 10:30:00 UTC 2016", "2016-01-06T10:30"),
        ("Sun Jan 31 10:30:05 +0200 2016", "2016-01-31T08:30:05"),
    ],
)
def test_a_date_is_read_in_many_shapes(text, moment):
    expected = dt.datetime.fromisoformat(moment).replace(tzinfo=dt.UTC).timestamp()
    assert parse.date(text) == expected


@pytest.mark.parametrize(
    "text",
    ["2016", "20160131", "1454198400", "31/31/2016", "2016-13-01", "2016-02-30", "0999-01-01", "Foo 1, 2016", "Room 2016",
     "2016-01-31 25:00", "1/2/2016 13:00 PM", "12:30", "monday", ""],
)  # fmt: skip
def test_what_is_no_date_is_none(text):
    assert parse.date(text) is None


def test_the_style_decides_whether_day_or_month_comes_first():
    assert parse.date("01/02/2016") == parse.date("2016-01-02")
    assert parse.date("01/02/2016", DAY_FIRST) == parse.date("2016-02-01")


@given(
    st.datetimes(min_value=dt.datetime(1000, 1, 1), max_value=dt.datetime(9999, 12, 30)),
    st.booleans(),
)
def test_any_moment_survives_being_written_and_read(moment, as_day):
    seconds = (moment.replace(microsecond=0) - dt.datetime(1970, 1, 1)).total_seconds()
    text = moment.strftime("%d/%m/%Y %H:%M:%S") if as_day else moment.isoformat(timespec="seconds")
    text = text.replace(moment.strftime("%Y"), f"{moment.year:04}")
    assert parse.date(text, DAY_FIRST) == seconds


@pytest.mark.slow
@given(
    st.lists(st.dates(min_value=dt.date(1000, 1, 1)).map(str), min_size=33),
    st.sampled_from(["", "2016-02-30", "0001-01-01"]),
)
def test_many_texts_give_the_dates_that_each_gives_alone(texts, odd):
    texts = [*texts, odd] if odd else texts
    alone = [math.nan if (v := parse.date(t)) is None else v for t in texts]
    np.testing.assert_array_equal(parse.dates(texts), alone)


@pytest.mark.slow
@given(st.lists(st.datetimes(min_value=dt.datetime(1000, 1, 1)), min_size=33))
def test_many_times_give_what_each_gives_alone(moments):
    texts = [each.isoformat(sep=" ", timespec="seconds") for each in moments]
    np.testing.assert_array_equal(parse.dates(texts), [parse.date(each) for each in texts])


@pytest.mark.parametrize(
    ("texts", "style"),
    [
        (["1,5", "2"], COMMA),
        (["1.234,50", "12,00 €"], COMMA),
        (["1,5", "1.5"], PLAIN),
        (["27", "4,27", "1,2,3"], PLAIN),  # lists of numbers
        (["1,234", "5,678"], PLAIN),
        (["Paris, France", "x"], PLAIN),
        (["13/01/2016", "01/02/2016"], DAY_FIRST),
        (["01/13/2016", "01/02/2016"], PLAIN),
        (["01/02/2016"], PLAIN),
        ([], PLAIN),
    ],
)
def test_the_style_of_a_column_shows_in_its_cells(texts, style):
    assert parse.detect(texts) == style


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (1, "1"),
        (1.0, "1"),
        (1.5, "1.5"),
        (np.float32(0.1), "0.1"),
        (np.int64(7), "7"),
        (Decimal("1.00"), "1"),
        (Decimal("1.50"), "1.5"),
        (True, "true"),
        (np.False_, "false"),
        (" x ", "x"),
        ("  ", None),
        (None, None),
        (math.nan, None),
        (Decimal("NaN"), None),
        (np.datetime64("NaT"), None),
        (math.inf, "inf"),
        (-0.0, "0"),
        (1e22, "1e+22"),
        (dt.date(2016, 1, 31), "2016-01-31"),
        (dt.datetime(2016, 1, 31, 12), "2016-01-31 12:00:00"),
        (
            dt.datetime(2016, 1, 31, 12, tzinfo=dt.timezone(dt.timedelta(hours=2))),
            "2016-01-31 10:00:00",
        ),
        (np.datetime64("2016-01-31T12:00"), "2016-01-31 12:00:00"),
        ([1, "a", None], '[1,"a",null]'),
        (np.array([1, 2]), "[1,2]"),
        ({"a": 1}, '{"a":1}'),
        ({"b", "a"}, '["a","b"]'),
        (b"abc", "abc"),
    ],
)
def test_the_text_of_a_cell_does_not_depend_on_its_type(cell, text):
    assert parse.text(cell) == text


@pytest.mark.parametrize(
    ("text", "level"),
    [("1.0", "1"), ("-3.00", "-3"), ("1.50", "1.50"), ("TRUE", "true"), ("False", "false"), ("yes", "yes"),
     ("v1.0", "v1.0"), ("10", "10")],
)  # fmt: skip
def test_whole_numbers_and_booleans_have_one_level_however_written(text, level):
    assert parse.level(text) == level


@pytest.mark.parametrize(
    ("cell", "numbers"),
    [
        ("1 2.5 3", [1.0, 2.5, 3.0]),
        ("1,2;3", [1.0, 2.0, 3.0]),
        ("[1, 2]", [1.0, 2.0]),
        ("[1 2]", [1.0, 2.0]),
        ([1, 2.5], [1.0, 2.5]),
        (np.array([1, 2]), [1.0, 2.0]),
        ("1 x", None),
        ([1, None], None),
        ([True], None),
        ([], None),
        ("", None),
        ([math.inf], None),
        (5, None),
    ],
)
def test_a_vector_is_a_list_of_numbers_in_any_shape(cell, numbers):
    assert parse.vector(cell) == numbers


DEEP = "[" * 5000 + "]" * 5000


def test_numbers_too_large_for_a_float_and_lists_too_deep_are_no_numbers():
    assert parse.vector([1, 10**400]) is None
    assert parse.vector(DEEP) is None
    np.testing.assert_equal(parse.series([1, 10**400, 2]), [[1.0], [np.nan], [2.0]])
    assert parse.series(DEEP) is None
    assert parse.items(DEEP) is None
