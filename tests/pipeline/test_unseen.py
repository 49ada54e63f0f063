"""By which rows models are compared, and that folds keep together what a split keeps together."""

import json

import numpy as np
import pytest

import crosstie


def table(n=240):
    rng = np.random.default_rng(0)
    x = rng.normal(size=n)
    return {
        "x": x.tolist(),
        "patient": [f"p{i % 40}" for i in range(n)],
        "day": [f"2026-{1 + i // 28 % 12:02d}-{1 + i % 28:02d}" for i in range(n)],
        "part": ["train", "train", "train", "validation", "test", "train"] * (n // 6),
        "y": (x + rng.normal(size=n)).tolist(),
    }


@pytest.mark.parametrize(
    ("split", "said"),
    [
        ("", "192 rows in 5 folds: each is judged by the models that never saw it"),
        (
            "{type: group, column: patient}",
            "192 rows in 5 folds, whole groups by 'patient': each is judged by the models that never saw it",
        ),
        (
            "{type: datetime, column: day}",
            "24 validation rows, those before the test rows by 'day'",
        ),
        ("{type: fixed, column: part}", "40 validation rows, as 'part' has them"),
    ],
)
def test_a_search_says_by_which_rows_it_compares_models_and_why(split, said, tmp_path):
    lines = []
    run = crosstie.train(
        table(),
        target="y",
        effort="standard",
        set=[
            "trainer.learners=[linear]",
            *([f"preprocessing.split={split}"] if split else []),
        ],
        runs=tmp_path,
        say=lines.append,
    )
    assert f"models are compared by {said}" in lines
    plan = json.loads((run.path / "plan.json").read_text())
    assert plan["compared_by"] == said


def test_folds_keep_groups_together(tmp_path):
    rng = np.random.default_rng(0)
    patient = rng.integers(0, 40, 400)
    columns = {  # a patient's number tells the target, and nothing of another patient's
        "x": patient.tolist(),
        "patient": [f"p{each}" for each in patient],
        "y": rng.normal(size=40)[patient].tolist(),
    }
    config = {"target": "y", "model_type": "decision_tree", "exclude": ["patient"], "folds": 3}
    split = {"preprocessing": {"split": {"type": "group", "column": "patient"}}}
    apart = crosstie.train({**config, **split}, data=columns, runs=tmp_path)
    mixed = crosstie.train(config, data=columns, runs=tmp_path)
    assert mixed.metrics["validation"]["y"]["r2"] > 0.2
    assert apart.metrics["validation"]["y"]["r2"] < 0.1


def test_the_mean_target_of_a_category_made_of_the_same_rows_is_a_warning():
    rng = np.random.default_rng(0)
    town = rng.integers(0, 12, 300)
    bought = rng.random(300) < town / 12
    means = np.array([bought[town == each].mean() for each in range(12)])
    columns = {
        "town": [f"town {each}" for each in town],
        "rate": means[town].round(6).tolist(),
        "size": rng.normal(size=300).tolist(),
        "bought": ["yes" if each else "no" for each in bought],
    }
    warnings = crosstie.check(columns, target="bought").warnings
    assert [each for each in warnings if "'rate'" in each] == [
        (
            "'rate' is the mean of 'bought' for each 'town', of these very rows: scores will be too good. Exclude it, or "
            "have it made of training rows only (gbm's constructed_columns does that)"
        )
    ]
    other = {**columns, "rate": rng.permutation(means[town]).tolist()}
    assert not any("'rate'" in each for each in crosstie.check(other, target="bought").warnings)
