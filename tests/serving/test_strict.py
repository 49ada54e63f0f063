import numpy as np
import pytest

import crosstie
from crosstie.data.table import Table

ROWS = [
    {
        "size": None if i % 10 == 0 else i / 8,
        "colour": ["red", "blue", "green"][i % 3],
        "paid": ["yes", "no"][i % 2],
        "when": f"2024-01-{i % 28 + 1:02}",
        "place": [i / 10, -i / 7, 1.0],
        "price": 10.25 * i / 8 + (1.5 if i % 2 else 0.25),
    }
    for i in range(120)
]
GOOD = {"size": 1.5, "colour": "red", "paid": "no", "when": "2024-02-01", "place": [1, 2, 3]}


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    runs = tmp_path_factory.mktemp("runs")
    types = {"colour": "category", "place": "vector"}
    run = crosstie.train(ROWS, target="price", model_type="linear", types=types, runs=runs)
    return crosstie.load(run.path)


def said(model, *rows, **options):
    return list(map(str, model.check_rows(list(rows), **options)))


def test_good_rows_have_nothing_wrong_in_text_too(model):
    written = {**GOOD, "size": " 1.5 ", "place": "1 2 3", "paid": True}
    assert said(model, GOOD, written, {**GOOD, "size": None, "colour": "mauve"}) == []
    without = {name: cell for name, cell in GOOD.items() if name != "size"}
    assert said(model, without) == []


def test_every_wrong_cell_is_named_at_once_with_row_value_and_what_is_wanted(model):
    bad = {"size": "big", "colour": None, "paid": "maybe", "when": "soon", "place": [1, 2]}

    assert said(model, GOOD, bad, {**GOOD, "size": "x" * 100}) == [
        "row 2, column 'size': wanted a number, got 'big'",
        "row 2, column 'colour': is empty, and no training row was; wanted a value",
        "row 2, column 'paid': wanted 'no' or 'yes' (or yes, no, true, false, 1, 0 …), got 'maybe'",
        "row 2, column 'when': wanted a date, such as 2020-02-29, got 'soon'",
        "row 2, column 'place': wanted 3 numbers, got '[1,2]'",
        f"row 3, column 'size': wanted a number, got '{'x' * 60}…'",
    ]
    first = model.check_rows([bad])[0]
    assert (first.row, first.column, first.value, first.wanted) == (1, "size", "big", "a number")


def test_a_good_cell_among_many_of_another_width_is_good(model):
    rows = [{**GOOD, "place": [1, 2]}, GOOD, {**GOOD, "place": [1, 2]}]

    assert [each.row for each in model.check_rows(rows)] == [1, 3]


def test_absent_columns_are_named_with_what_they_may_be_called(model):
    row = {"Size": 1.0, "colour": "red", "paid": "no", "place": [1, 2, 3]}

    assert said(model, row) == [
        "column 'size': is absent; did you mean 'Size'? If it is missing, give it as null",
        "column 'when': the model needs it and the table has none; other columns there are 'Size'",
    ]


def test_no_more_problems_of_a_column_are_named_than_asked_for(model):
    found = model.check_rows([{**GOOD, "size": "x"}] * 50, most=3)

    assert [each.row for each in found] == [1, 2, 3]


def test_columns_of_a_table_are_checked_as_rows_are(model):
    table = Table.from_columns({name: [cell, cell] for name, cell in GOOD.items()})

    assert model.check_rows(table) == []
    assert model.check_rows(table.take(np.array([], np.int64))) == []
