"""One row, or a dict of columns."""

import pandas as pd
import pytest

import crosstie
from crosstie.errors import DataError

ROWS = [
    {
        "tags": ["ab"[i % 2], "cd"[i % 3 % 2]],
        "place": [i % 5 / 2, i % 3 / 2],
        "size": i / 8,
        "kind": "xy"[i % 2],
    }
    for i in range(60)
]


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    types = {"tags": "set", "place": "vector"}
    runs = tmp_path_factory.mktemp("runs")
    run = crosstie.train(ROWS, target="kind", types=types, model_type="linear", runs=runs)
    return crosstie.load(run.path)


def test_lists_that_are_cells_make_a_row(model):
    row = {"tags": ["a", "c"], "place": [0.5, 1.0], "size": 2}
    said = model.predict([row])[0]
    assert model.predict(row) == said
    assert model.predict({**row, "place": "0.5 1"}) == said
    assert model.predict({**row, "kind": "x", "more": [1, 2, 3]}) == said


def test_lists_of_cells_make_columns(model):
    said = [each["kind_prediction"] for each in model.predict(ROWS[:3])]
    columns = {name: [row[name] for row in ROWS[:3]] for name in ROWS[0]}
    assert model.predict(columns)["kind_prediction"] == said
    spelled = {**columns, "tags": [" ".join(each) for each in columns["tags"]]}
    assert model.predict(spelled)["kind_prediction"] == said
    series = {name: pd.Series(each) for name, each in columns.items()}
    assert model.predict(series)["kind_prediction"] == said


def test_a_column_of_numbers_decides_what_a_list_of_items_leaves_open(model):
    columns = {"tags": ["a", "b"], "place": [[0.5, 1.0], [1.0, 0.5]], "size": [1, 2]}
    rows = [{name: values[i] for name, values in columns.items()} for i in range(2)]
    assert model.predict(columns)["kind_prediction"] == [
        each["kind_prediction"] for each in model.predict(rows)
    ]


def test_cells_beside_columns_are_refused(model):
    with pytest.raises(DataError) as error:
        model.predict({"tags": ["a", "c"], "place": [0.5, 1.0], "size": [1, 2, 3]})
    assert str(error.value) == (
        "'place' holds one cell and 'size' a column of 3. Give a list of rows, [{…}, …], or a dict in which each holds "
        "a list of cells"
    )
