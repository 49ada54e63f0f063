import calendar
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crosstie.data.column import Column
from crosstie.errors import ConfigError
from crosstie.features.date import PARTS, Date


def fitted(column, values, **options):
    return Date("seen", **options).fit(column(values, "date", "seen"))


def test_the_parts_are_named_with_their_periods():
    assert PARTS == {
        "time": 0,
        "year": 0,
        "month": 12,
        "day": 31,
        "weekday": 7,
        "day_of_year": 366,
        "hour": 24,
        "minute": 60,
        "second": 60,
    }


def test_a_date_is_its_parts(column):
    feature = fitted(column, ["2019-01-01", "2021-01-01"])
    encoded = feature.encode(column(["2020-02-29T23:58:07", "2021-01-01"], "date"))
    assert encoded[0, 1:].tolist() == [0, 1, 28, 5, 59, 23, 58, 7]
    assert encoded[1].tolist() == [1, 1, 0, 0, 4, 0, 0, 0, 0]


def test_a_missing_date_is_missing_in_every_part(column):
    feature = fitted(column, ["2019-01-01", None])
    assert np.isnan(feature.encode(column([None], "date"))).all()


def test_a_missing_date_can_be_filled(column):
    days = ["2019-01-01", "2019-01-03"]
    feature = fitted(
        column, days, missing_value_strategy="fill_with_const", fill_value="2019-01-02T12:00:00"
    )
    assert feature.encode(column([None], "date"))[0, 3:7].tolist() == [1, 2, 1, 12]
    feature = fitted(column, days, missing_value_strategy="fill_with_mean")
    assert feature.encode(column([None], "date"))[0, :4].tolist() == [0, 0, 0, 1]


def test_a_fill_that_is_no_date_is_an_error():
    with pytest.raises(ConfigError) as error:
        Date("seen", fill_value="soon")
    assert str(error.value) == (
        "seen.preprocessing.fill_value: not a date, got 'soon'. Write it as 2020-02-29."
    )


@given(st.datetimes(datetime(1600, 1, 1), datetime(2400, 1, 1)))
def test_parts_agree_with_the_calendar(moment):
    moment = moment.replace(tzinfo=UTC)
    seconds = np.array([calendar.timegm(moment.timetuple()) + moment.microsecond / 1e6])
    column = Column("x", seconds, np.array([True]))
    parts = dict(zip(PARTS, Date("x").fit(column).encode(column)[0].tolist(), strict=True))
    assert parts == {
        "time": 0,
        "year": 0,
        "month": moment.month - 1,
        "day": moment.day - 1,
        "weekday": moment.weekday(),
        "day_of_year": moment.timetuple().tm_yday - 1,
        "hour": moment.hour,
        "minute": moment.minute,
        "second": moment.second,
    }
