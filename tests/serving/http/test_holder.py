"""Requests that are predicted together get what they would have got alone."""

import asyncio

import pytest

from crosstie.artifact.example import same
from crosstie.data.table import Table
from crosstie.serving.http.holder import ModelHolder
from crosstie.serving.http.refused import WrongRows
from crosstie.serving.model import Model

ROW = {"size": 1.5, "colour": "red", "paid": "no", "when": "2024-02-01"}


@pytest.fixture(scope="module")
def model(prices):
    return Model.load(prices)


def ask(model, *requests):
    """Ask about all at once: all but the first wait, and go together."""
    holder = ModelHolder(model)

    async def body():
        asked = [holder.predict(model, Table.from_rows(rows)) for rows in requests]
        return await asyncio.gather(*asked, return_exceptions=True)

    return asyncio.run(body())


def test_rows_of_many_requests_are_answered_as_alone(model):
    requests = [
        [{**ROW, "size": i / 8, "colour": ["red", "green", "mauve"][i % 3]}] * (1 + i % 4)
        for i in range(60)
    ]

    answers = ask(model, *requests)

    for rows, answer in zip(requests, answers, strict=True):
        alone = [each["price_prediction"] for each in model.predict(rows)]
        assert answer.rows == len(rows)
        assert same(alone, list(answer.columns["price_prediction"]))


def test_what_was_odd_is_counted_once(model):
    answers = ask(model, *[[{**ROW, "colour": "mauve"}]] * 20)

    counted = [each.counts["colour"] for each in answers if each.counts]

    assert sum(each.rows for each in counted) == 20
    assert sum(each.unseen for each in counted) == 20


def test_a_request_with_wrong_cells_harms_none_that_goes_with_it(model):
    good, bad = [ROW], [ROW, {**ROW, "size": "many"}]

    first, one, wrong, other = ask(model, good, good, bad, good)

    assert isinstance(wrong, WrongRows)
    assert str(wrong) == "row 2, column 'size': wanted a number, got 'many'"
    assert [list(each.columns["price_prediction"]) for each in (one, other)] == [
        list(first.columns["price_prediction"])
    ] * 2


def test_requests_with_other_columns_are_told_of_theirs(model):
    lacking = [{"colour": "red"}]

    _, one, wrong, other = ask(model, [ROW], [ROW], lacking, [ROW])

    assert isinstance(wrong, WrongRows)
    assert [each.column for each in wrong.wrong] == ["paid", "when"]
    assert list(one.columns["price_prediction"]) == list(other.columns["price_prediction"])
