import numpy as np
import pytest

from crosstie.clustering.differences import Looked, cliffs_delta, differences, sentence
from crosstie.data.table import Table

INSIDE = np.arange(20) < 10


def said(form, cells, **more):
    column = Table.from_columns({"it": cells}).column("it", form)
    return [str(each) for each in differences([Looked(column, form, **more)], INSIDE)]


@pytest.mark.parametrize(
    ("form", "cells", "expected"),
    [
        ("number", [*range(10), *range(100, 110)], "it is lower (4.500 against 104.5)"),
        ("number", [0] * 19 + [40], "it is like the others"),
        (
            "number",
            [0] * 6 + [1, 2, 3, 4] + [0] * 10,
            "it is higher (mean 1 against 0)",
        ),
        ("levels", ["a"] * 5 + ["b"] * 15, "it is more often a (50 % against 0 %)"),
        ("levels", ["a"] * 10 + ["b", "c"] * 5, "it is always a (100 % against 0 %)"),
        ("levels", ["b", "c"] * 5 + ["a"] * 10, "it is never a (0 % against 100 %)"),
        ("levels", [None] * 4 + ["a"] * 16, "it is more often missing (40 % against 0 %)"),
        (
            "date",
            ["2020-01-31"] * 10 + ["2019-05-01"] * 10,
            "it is later (2020-01-31 against 2019-05-01)",
        ),
    ],
)
def test_a_difference_is_said_in_words(form, cells, expected):
    found = said(form, cells)
    assert (found[:1] or ["it is like the others"]) == [expected]


def test_words_that_a_group_holds_are_told():
    ids = np.zeros((20, 3), np.int32)
    ids[:8, 1], ids[12:, 0], ids[:, 2] = (
        2,
        3,
        4,
    )  # free in 8 of 10, hello in 8 of the others, you in all
    cells = ["any text"] * 20
    assert said("text", cells, ids=ids, words=("free", "hello", "you")) == [
        "it more often holds 'free' (80 % against 0 %)",
        "it never holds 'hello' (0 % against 80 %)",
    ]


def test_a_column_that_says_the_same_of_the_same_rows_is_told_once():
    table = Table.from_columns(
        {
            "internet": ["no"] * 9 + ["yes"] * 11,
            "backup": ["no internet"] * 9 + ["a", "b"] * 5 + ["a"],
            "age": [*range(50, 60), *range(40, 45), *range(55, 60)],
        }
    )
    forms = {"internet": "levels", "backup": "levels", "age": "number"}
    columns = [Looked(table.column(name, form), form) for name, form in forms.items()]
    found = differences(columns, INSIDE)
    assert [(each.column, each.same_as) for each in found] == [
        ("internet", ""),
        ("backup", "internet"),
        ("age", ""),
    ]
    assert sentence(found) == (
        "internet is more often no (90 % against 0 %); age is higher (54.50 against 49.50)"
    )
    assert found[1].to_json()["text"] == "backup is more often no internet (90 % against 0 %)"


def test_a_group_of_all_rows_differs_from_none():
    column = Table.from_columns({"it": [1, 2]}).column("it", "number")
    assert differences([Looked(column, "number")], np.ones(2, bool)) == []
    assert sentence([]) == "like the other rows in every column"


def test_what_no_words_compare_is_said_to_be_so():
    assert sentence([], wordless=["face", "voice"]) == (
        "different in face and voice alone, for which there are no words"
    )


def test_cliffs_delta_is_counted_by_pairs():
    rng = np.random.default_rng(0)
    ones, others = rng.integers(0, 9, 40).astype(float), rng.integers(2, 9, 30).astype(float)
    pairs = np.sign(ones[:, None] - others)
    assert cliffs_delta(ones, others) == pytest.approx(pairs.mean())
