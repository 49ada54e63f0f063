"""Models that are no better than a guess."""

import numpy as np

import crosstie
from crosstie.pipeline.verdict import verdicts


def evaluation(kind, metric, models):
    """As a run has it, of an output `y`."""
    return {
        "judged_on": "test",
        "watched": {"y": metric},
        "outputs": {"y": {"type": kind, "rows": 40}},
        "models": [
            {"model": name, "metrics": {"test": {"y": {} if value is None else {metric: value}}}}
            for name, value in models.items()
        ],
    }


def test_a_model_that_beats_the_baseline_is_not_spoken_of():
    assert list(verdicts(evaluation("binary", "roc_auc", {"gbm": 0.6, "baseline": 0.5}))) == []
    assert list(verdicts(evaluation("number", "rmse", {"gbm": 2.0, "baseline": 2.5}))) == []


def test_one_that_does_not_is_and_what_does_is_named():
    models = {"gbm": 0.45, "linear": 0.6123, "baseline": 0.5}
    assert list(verdicts(evaluation("binary", "roc_auc", models))) == [
        (
            "y: gbm is no better than the baseline, which sees no column, on 40 test rows, roc_auc 0.45 against 0.5; "
            "linear is, with 0.6123: set model_type: linear"
        )
    ]


def test_of_a_series_the_best_guess_counts():
    models = {"ecd": 3.0, "naive": 2.5, "seasonal naive (12)": 1.5, "baseline": 9.0}
    assert list(verdicts(evaluation("timeseries", "rmse", models))) == [
        (
            "y: ecd is no better than the seasonal naive (12) forecast on 40 test rows, rmse 3 against 1.5; more rows "
            "or other columns may help"
        )
    ]


def test_nothing_is_said_of_a_metric_that_is_not_there():
    assert list(verdicts(evaluation("binary", "roc_auc", {"gbm": 0.4, "baseline": None}))) == []


def test_a_run_on_noise_says_so(tmp_path):
    rng = np.random.default_rng(2)
    rows = [{"a": float(rng.normal()), "y": float(rng.normal())} for _ in range(60)]
    said: list[str] = []
    run = crosstie.train(rows, target="y", model_type="linear", runs=tmp_path, say=said.append)
    found = run.metrics["test"]["y"]["rmse"]
    assert said[-1].startswith(
        f"y: linear is no better than the baseline, which sees no column, on 12 test rows, rmse {found:.4g} against "
    )
    assert said[-1] in (run.path / "log.txt").read_text()
