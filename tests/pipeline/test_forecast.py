"""A forecast from a file to what comes after the last row, and what a file may get wrong."""

import json

import numpy as np
import pytest

import crosstie
from crosstie.errors import ConfigError, DataError
from crosstie.pipeline.naive import repeated

MONTHS = [f"{2000 + month // 12}-{month % 12 + 1:02}-01" for month in range(96)]
VALUES = [round(100 + month + 10 * np.sin(month / 12 * 2 * np.pi), 3) for month in range(96)]
FILE = {
    "input_features": [{"name": "y", "type": "timeseries", "preprocessing": {"window_size": 12}}],
    "output_features": [
        {"name": "next", "column": "y", "type": "timeseries", "preprocessing": {"horizon": 3}}
    ],
    "trainer": {"epochs": 30, "batch_size": 16},
}


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs")
    return crosstie.train(FILE, data={"month": MONTHS, "y": VALUES}, runs=folder)


def test_what_comes_after_the_last_row_has_its_times_and_follows_the_trend(run):
    found = crosstie.load(run.path).predict({"month": MONTHS, "y": VALUES})
    assert found["month"] == ["2008-01-01", "2008-02-01", "2008-03-01"]
    assert np.allclose(found["next_prediction"], [196, 202, 206.66], atol=12)


def test_each_row_has_its_own_forecast_where_its_window_is_whole(run):
    rows = [{"month": month, "y": value} for month, value in zip(MONTHS, VALUES, strict=True)]
    found = crosstie.load(run.path).predict(rows, each_row=True)
    assert [each["next_prediction"] is None for each in found] == [True] * 11 + [False] * 85
    assert len(found[-1]["next_prediction"]) == 3


def test_no_forecast_depends_on_what_comes_after_its_row(run):
    model = crosstie.load(run.path)
    whole = model.predict({"month": MONTHS, "y": VALUES}, each_row=True)
    part = model.predict({"month": MONTHS[:50], "y": VALUES[:50]}, each_row=True)
    assert np.allclose(part["next_prediction"][11:], whole["next_prediction"][11:50], atol=1e-4)


def test_naive_and_seasonal_naive_stand_beside_it(run):
    evaluation = json.loads((run.path / "evaluation.json").read_text())
    names = [each["model"] for each in evaluation["models"]]
    assert names == ["ecd", "naive", "seasonal naive (12)", "baseline"]
    seasonal = evaluation["models"][2]["metrics"]["test"]["next"]
    assert seasonal["mae"] == pytest.approx(12, abs=1e-3)  # a year's rise
    assert seasonal["mase"] == pytest.approx(1, abs=1e-3)


def test_rows_whose_steps_ahead_have_gaps_are_learned_from_and_none_of_them_tested(tmp_path):
    values = [None if row % 7 == 3 else value for row, value in enumerate(VALUES)]
    run = crosstie.train(FILE, data={"month": MONTHS, "y": values}, runs=tmp_path)
    evaluation = json.loads((run.path / "evaluation.json").read_text())
    assert evaluation["completed_rows"] == {"train": 14, "validation": 2}
    said = "14 train rows lack some of the steps ahead; a line between their neighbours stands for these"
    assert said in (run.path / "log.txt").read_text()
    assert run.metrics["test"]["next"]["mase"] < 1


def test_too_few_rows_are_told(run):
    with pytest.raises(DataError) as caught:
        crosstie.load(run.path).predict({"month": MONTHS[:5], "y": VALUES[:5]})
    assert str(caught.value) == (
        "the table: 5 steps are there, and a window needs 12. Give the rows before them too."
    )


def test_seasons_are_repeated_and_gaps_filled_with_the_number_before():
    values = np.array([[1.0, 2.0, np.nan, 4.0]])
    assert repeated(values, 1, 3).tolist() == [[4, 4, 4]]
    assert repeated(values, 3, 4).tolist() == [[2, 2, 4, 2]]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            {"split": {"type": "random"}},
            (
                "a random split would train on what it is tested on, for windows overlap; write `split: {type: "
                "datetime, column: month}`"
            ),
        ),
        (
            {"folds": 3},
            "folds mix times, and windows of one would hold targets of another; leave it out",
        ),
        (
            {"output_features": [{"name": "next", "column": "y", "type": "timeseries"}]},
            "'y' holds one number a row; say how many rows make a series: `preprocessing: {horizon: 24}`",
        ),
        ({"preprocessing": {"time": "mont"}}, "did you mean 'month'?"),
    ],
)
def test_what_windows_cannot_be_is_told(change, said):
    with pytest.raises(ConfigError) as caught:
        crosstie.check({**FILE, **change}, data={"month": MONTHS, "y": VALUES})
    assert said in str(caught.value)
