import numpy as np
import pytest

import crosstie
from crosstie.artifact.exchange import Exchange
from crosstie.data.table import Table
from crosstie.serving.partial import drawable, measure_partial

ROWS = [
    {
        "size": (i * 37 % 120) / 8,
        "colour": ["red", "blue", "red"][i % 3],
        "secret": ["a", "b"][i % 2],
        "note": f"{i} things to say",
        "price": 10 * (i * 37 % 120) / 8 + (9 if i % 3 == 1 else 0),
    }
    for i in range(240)
]


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    run = crosstie.train(
        {"data": ROWS, "target": "price", "model_type": "linear", "private": ["secret"]},
        set=["seed=3"],
        output=tmp_path_factory.mktemp("runs") / "prices",
    )
    return crosstie.load(run.path)


def measured(model, columns, **more):
    table = Table.from_rows(ROWS[:60])
    exchange = Exchange(model.artifact, model.artifact.encode(table))
    return measure_partial(model.artifact, table, exchange, columns, places=5, **more)


@pytest.mark.slow
def test_texts_and_private_columns_are_not_drawn(model):
    assert list(drawable(model.artifact)) == ["size", "colour"]


@pytest.mark.slow
def test_a_line_is_what_predicting_by_hand_says(model):
    [found] = measured(model, ["size"])

    assert len(found.numbers) == 5
    for value, mean in zip(found.numbers, found.of[""], strict=True):
        rows = [{**row, "size": value} for row in ROWS[:60]]
        said = [each["price_prediction"] for each in model.predict(rows)]
        assert mean == pytest.approx(np.mean(said), rel=1e-6)
    steps = np.diff(found.of[""]) / np.diff(found.numbers)
    assert steps == pytest.approx([10] * 4, rel=0.02)
    assert set(found.ticks) <= {row["size"] for row in ROWS[:60]}
    assert len(found.ticks) > 50


def test_levels_come_with_their_rows_the_most_frequent_first(model):
    [found] = measured(model, ["colour"], weights=np.ones(60))

    assert (found.levels, found.rows) == (["red", "blue"], [40, 20])
    red, blue = found.of[""]
    assert blue - red == pytest.approx(9, rel=0.1)


def test_a_column_of_which_most_rows_have_a_level_of_their_own_shows_nothing(model):
    table = Table.from_rows([{**row, "colour": f"c{i // 2}"} for i, row in enumerate(ROWS[:60])])
    exchange = Exchange(model.artifact, model.artifact.encode(table))

    assert measure_partial(model.artifact, table, exchange, ["colour"], places=20) == []


def test_a_column_of_one_value_shows_nothing(model):
    table = Table.from_rows([{**row, "colour": "red"} for row in ROWS[:20]])
    exchange = Exchange(model.artifact, model.artifact.encode(table))

    assert measure_partial(model.artifact, table, exchange, ["colour"], places=5) == []
