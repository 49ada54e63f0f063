import json
import math

import numpy as np
import pytest

from crosstie.data import profile as profile_module
from crosstie.data.profile import profile
from crosstie.data.read import open_source
from crosstie.data.style import Style


def of(values, name="x", **options):
    return profile(open_source({name: values}, **options))[name]


def test_numbers_are_counted_and_measured():
    found = of(["1", "2", "2", "NA", "4.5", "x", "inf"])
    assert (found.rows, found.missing, found.present, found.distinct) == (7, 1, 6, 5)
    assert (found.numbers, found.integers, found.infinities) == (4 / 6, 3 / 6, 1)
    assert (found.minimum, found.maximum, found.mean) == (1.0, 4.5, 2.375)
    assert found.std == pytest.approx(np.std([1, 2, 2, 4.5]))
    assert found.unparsed == ("x", "inf")
    assert found.top[0] == ("2", 2)
    assert not found.constant
    assert not found.unique


def test_words_are_counted():
    found = of(["one two three", "one", None, "one"])
    assert (found.words, found.max_length, found.numbers, found.stored) == (5 / 3, 13, 0.0, "text")
    assert found.top == (("one", 2), ("one two three", 1))


def test_dates_are_seen_with_their_span_and_order():
    found = of(["31/01/2016", "01/02/2016", "x", "01/02/2016 12:30"])
    assert (found.dates, found.style) == (0.75, Style(dates="day"))
    assert (found.earliest, found.latest) == ("2016-01-31 00:00:00", "2016-02-01 12:30:00")


def test_years_are_numbers_and_no_dates():
    assert (of(["2016", "2017"]).dates, of([2016, 2017]).dates) == (0.0, 0.0)


def test_typed_dates_are_dates():
    found = of(
        [np.datetime64("2016-01-31"), np.datetime64("2016-02-01"), np.datetime64("2016-02-02")]
    )
    assert (found.dates, found.stored, found.ascending) == (1.0, "date", True)


@pytest.mark.parametrize(
    "values",
    [["yes", "no", "Yes"], [True, False], ["0", "1"], ["T", "F"], ["on", "OFF"], [0.0, 1.0]],
)
def test_yes_and_no_are_seen_however_written(values):
    assert of(values).bools == 1.0


def test_a_column_of_other_words_is_no_yes_and_no():
    assert of(["yes", "maybe"]).bools == 0.5


def test_lists_and_vectors_are_told_apart():
    lists = of(['["a", "b"]', "[]", '["c"]', "x"])
    assert (lists.lists, lists.max_items, lists.vectors) == (0.75, 2, 0.0)
    vectors = of(["1 2 3", "4,5,6", "[7, 8, 9]"])
    assert (vectors.vectors, vectors.width, vectors.lists) == (1.0, 3, 1 / 3)
    ragged = of(["1 2 3", "4 5"])
    assert (ragged.vectors, ragged.width) == (0.5, 0)
    assert of([[1, 2], [3]]).stored == "list"


def test_nothing_at_all_is_empty_and_constant():
    found = of([None, "", "?"])
    assert (found.stored, found.missing, found.constant, found.distinct, found.top) == (
        "empty",
        3,
        True,
        0,
        (),
    )


def test_one_value_is_constant():
    assert of(["a", "a", None]).constant


def test_an_id_is_unique_and_ascending():
    assert of([1, 2, 5]).unique
    assert of([1, 2, 5]).ascending
    assert not of([1, 5, 2]).ascending
    assert not of([3, 3, 3]).ascending


def test_a_decimal_comma_is_found():
    found = of(["1,5", "1.000,5", "3"])
    assert (found.style.decimal, found.numbers, found.maximum) == (",", 1.0, 1000.5)


def test_numbers_too_large_to_average_have_no_mean():
    found = of([1e308, -1e308, 1.7e308])
    assert (found.minimum, found.maximum) == (-1e308, 1.7e308)
    assert found.std is None
    assert found.mean is None or math.isfinite(found.mean)


def test_levels_are_counted_as_features_will_see_them():
    assert of(["1.0", "1", "TRUE", "True"]).top == (("1", 2), ("true", 2))


def test_a_large_table_is_judged_by_a_sample_and_says_so(monkeypatch):
    monkeypatch.setattr(profile_module, "FIRST", 100)
    source = open_source({"x": list(range(1000))})
    found = profile(source)["x"]
    assert (found.rows, found.total_rows, found.sampled) == (200, 1000, True)
    assert found.minimum == 0.0
    assert found.maximum > 800
    assert profile(source) == profile(source)


def test_a_profile_is_json():
    state = of(["1", "x"]).state()
    assert json.loads(json.dumps(state, allow_nan=False))["style"] == {
        "decimal": ".",
        "dates": "month",
    }


@pytest.mark.slow
def test_a_hundred_thousand_levels_are_counted_exactly():
    assert of([f"level {i % 100_000}" for i in range(100_000)]).distinct == 100_000


def test_real_columns_look_like_what_they_are(shared_data):
    found = profile(open_source("tab_birdstrikes/birdstrikes.csv", base=shared_data))
    assert found["Flight Date"].dates == 1.0
    assert found["Effect Amount of damage"].top[0] == (
        "None",
        found["Effect Amount of damage"].top[0][1],
    )
    titanic = profile(open_source("tab_titanic/train.csv", base=shared_data))
    assert titanic["PassengerId"].unique
    assert titanic["PassengerId"].ascending
    assert (titanic["Age"].missing, titanic["Survived"].bools) == (177, 1.0)
    assert titanic["Name"].words > 3
    colic = profile(
        open_source({"path": "tab_horse_colic/horse-colic.csv", "header": False}, base=shared_data)
    )
    assert colic["column_16"].missing == 247


def test_signs_without_spaces_between_them_count_as_words():
    cells = ["这家餐厅的菜很好吃", "服务员不太友好", "東京の夏はとても暑い"]
    assert profile(open_source({"review": cells}))["review"].words == pytest.approx(
        (9 / 2 + 7 / 2 + 10 / 2) / 3
    )
