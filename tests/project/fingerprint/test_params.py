import datetime as dt
import math

import pytest

from crosstie.errors import ProjectError
from crosstie.project.fingerprint.params import params_of


def test_the_order_of_settings_is_no_change():
    one = params_of({"rate": 0.1, "depth": {"a": 1, "b": [1, 2]}})
    assert one == params_of({"depth": {"b": (1, 2), "a": 1}, "rate": 0.1})
    assert one.values == {"depth": '{"a": 1, "b": [1, 2]}', "rate": "0.1"}


@pytest.mark.parametrize(
    "other",
    [
        {},
        {"rate": 1, "more": None},
        {"rate": 1.0},
        {"rate": True},
        {"rate": "1"},
        {"rate": [1]},
        {"rate": {1: 1}},
        {"rate": {"1": 1}},
        {"rate": dt.date(2024, 1, 1)},
        {"rate": "2024-01-01"},
        {"rate": {"$date": "2024-01-01"}},
        {"rate": math.inf},
        {"rate": {"$float": "inf"}},
    ],
    ids=repr,
)
def test_another_value_type_or_name_is_a_change(other):
    known = [{"rate": 1}, {"rate": {"1": 1, "2": 1}}, {"rate": dt.datetime(2024, 1, 1)}]
    assert params_of(other).digest not in {params_of(each).digest for each in known}


def test_no_two_of_these_values_look_alike():
    values = [
        1,
        1.0,
        True,
        "1",
        "true",
        {1: 1},
        {"1": 1},
        {True: 1},
        {"$key 1": 1},
        dt.date(2024, 1, 1),
    ]
    values += [
        {"$date": "2024-01-01"},
        {"$$date": "2024-01-01"},
        dt.time(1),
        "01:00:00",
        math.nan,
        -math.inf,
        None,
    ]
    assert len({params_of({"x": each}).digest for each in values}) == len(values)


def test_settings_that_cannot_be_written_are_all_named():
    with pytest.raises(ProjectError) as error:
        params_of({"rate": object, "deep": {"list": [1, {2}]}}, "steps/10_a.py params")
    assert str(error.value) == (
        "steps/10_a.py params.rate: a type cannot be written as text, so a change of it could not be seen, "
        "got <class 'object'>. Give a number, a text, a date, true or false, or a list or mapping of those.\n"
        "steps/10_a.py params.deep.list[1]: a set cannot be written as text, so a change of it could not be seen, "
        "got {2}. Give a number, a text, a date, true or false, or a list or mapping of those."
    )
