import json

import numpy as np
import pytest

import crosstie
from crosstie.artifact.exchange import Exchange
from crosstie.data.read import open_source
from crosstie.data.table import Table
from crosstie.errors import DataError
from crosstie.evaluation.importance import Importance
from crosstie.serving.importance import Importances, drawn

ROWS = [
    {
        "size": (i * 37 % 120) / 8,
        "colour": ["red", "blue"][i % 2],
        "note": ["a", "b", "c"][i % 3],
        "price": 10.25 * (i * 37 % 120) / 8 + (9.5 if i % 2 else 0.25),
    }
    for i in range(240)
]


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "prices"
    return crosstie.train({"data": ROWS, "target": "price", "model_type": "linear"}, output=folder)


@pytest.fixture(scope="module")
def model(run):
    return crosstie.load(run.path)


@pytest.mark.slow
def test_a_run_says_what_its_columns_are_worth_on_the_rows_that_judge_it(run):
    found = json.loads((run.path / "importance.json").read_text())

    [(name, output)] = found["outputs"].items()
    assert (name, output["loss"], found["part"]) == ("price", "absolute error", "test")
    assert found["rows"] == run.evaluation["outputs"]["price"]["rows"]
    assert [each["column"] for each in output["columns"]] == ["size", "colour", "note"]
    size, _colour, note = output["columns"]
    assert size["low"] > 20
    assert note["low"] < 0.5
    assert size["low"] < size["value"] < size["high"]


def test_a_column_is_worth_what_shuffling_its_cells_by_hand_costs(model):
    table = Table.from_rows(ROWS)
    order = np.random.default_rng(5).permutation(len(ROWS))
    swapped = [{**row, "size": ROWS[j]["size"]} for row, j in zip(ROWS, order, strict=True)]
    exchange = Exchange(model.artifact, model.artifact.encode(table))

    by_hand = model.predict(swapped)
    found = model.artifact.raw(exchange.shuffled("size", order))["price"]

    assert found.tolist() == [each["price_prediction"] for each in by_hand]


def test_columns_may_each_come_from_another_row(model):
    exchange = Exchange(model.artifact, model.artifact.encode(Table.from_rows(ROWS[:3])))
    assert exchange.columns == ("size", "colour", "note")

    [found] = model.artifact.raw(exchange.mixed(np.array([[2, 1, 0]])))["price"]

    mixed = {**ROWS[0], "size": ROWS[2]["size"], "colour": ROWS[1]["colour"]}
    assert found == model.predict(mixed)["price_prediction"]


def test_rows_without_the_target_measure_nothing(model):
    some = [*ROWS[:40], {**ROWS[0], "price": None}]

    assert model.importance(some).rows == 40
    with pytest.raises(DataError) as error:
        model.importance([ROWS[0], {**ROWS[1], "price": "dear"}])
    assert str(error.value) == (
        "column 'price': importance needs two rows with a value the model knows, and 1 of 2 rows have one. "
        "Give a table with the true values"
    )


def test_rows_are_drawn_at_random_the_same_each_time_in_their_order():
    source = open_source([{"a": i, "b": -i} for i in range(500)])

    one, same = (drawn(source, ["a"], 20, seed=3).cells("a") for _ in range(2))

    assert one == same
    assert len(set(one)) == 20
    assert [int(each) for each in one] == sorted(int(each) for each in one)
    assert max(int(each) for each in one) > 250
    assert len(drawn(source, ["a"], 900, seed=3)) == 500


def test_the_command_measures_and_gives_a_run_what_it_lacks(run, capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("COLUMNS", "200")
    from crosstie.cli.explain import explain

    (tmp_path / "rows.json").write_text(json.dumps(ROWS[:60]))
    own = run.path / "importance.json"
    before = own.read_text()
    own.unlink()

    assert explain(str(run.path), str(tmp_path / "rows.json"), rows=0) == 0
    shown = capsys.readouterr()
    assert shown.err == f"Written to {own}\n"
    assert (
        "price: growth of its absolute error where a column's cells are shuffled, on 60 rows"
        in (shown.out)
    )
    assert json.loads(own.read_text())["part"] is None

    own.write_text(before)
    assert explain(str(run.path), str(tmp_path / "rows.json"), rows=0, json=True) == 0
    shown = capsys.readouterr()
    assert json.loads(shown.out)["importance"]["rows"] == 60
    assert (shown.err, own.read_text()) == ("", before)


def test_importances_show_themselves_in_a_notebook():
    columns = [Importance("age", 0.25, 0.125, 0.5)]
    found = Importances(100, 5, {"left": columns}, {"left": "log loss"})
    assert found._repr_html_() == (
        "<p>left: growth of its log loss where a column&#x27;s cells are shuffled, on 100 rows</p>"
        "<table><tr><th>column</th><th>importance</th><th>95 % interval</th></tr>"
        "<tr><td>age</td><td>0.25</td><td>0.125 to 0.5</td></tr></table>"
    )
