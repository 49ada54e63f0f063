"""Two processes that train at the same time in one folder."""

import json
import subprocess
import sys

import pyarrow.parquet as pq

import crosstie
from crosstie.pipeline.run import Run, list_runs

TRAIN = """
import json, sys
import crosstie
run = crosstie.train(**json.loads(sys.argv[1]))
print(json.dumps([run.path.name, run.metrics["validation"]["Churn"]["roc_auc"]]))
"""


def together(folder, *options):
    """Start all, then wait for all: what each printed, or its error."""
    running = [
        subprocess.Popen(
            [sys.executable, "-c", TRAIN, json.dumps(each)],
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for each in options
    ]
    return [(done.communicate(), done.returncode) for done in running]


def test_runs_at_the_same_time_do_not_touch_each_other(few_customers, tmp_path):
    options = {"source": str(few_customers), "target": "Churn", "model_type": "linear"}

    ended = together(tmp_path, options | {"seed": 1}, options | {"seed": 2})

    assert [code for _, code in ended] == [0, 0], ended
    scores = dict(json.loads(out) for (out, _), _ in ended)
    runs = list_runs(tmp_path / "runs")
    assert {run.path.name for run in runs} == set(scores)
    for run in runs:
        assert run.manifest["exit"] == "done"
        predicted = crosstie.load(run.path).predict(str(few_customers))["Churn_probability_Yes"]
        saved = pq.read_table(run.path / "predictions" / "test.parquet").to_pydict()
        assert [round(float(predicted[i]), 6) for i in saved["row"]] == [
            round(each, 6) for each in saved["Churn_probability_Yes"]
        ]
    assert Run.find("few/latest", tmp_path / "runs").path.name in scores
    assert Run.find("few/best", tmp_path / "runs").path.name == max(scores, key=scores.get)
    scratch = tmp_path / ".crosstie" / "prepared"
    assert not scratch.exists() or not list(scratch.iterdir())


def test_of_two_runs_for_one_directory_one_is_refused(few_customers, tmp_path):
    options = {
        "source": str(few_customers),
        "target": "Churn",
        "model_type": "linear",
        "output": str(tmp_path / "here"),
    }

    ended = together(tmp_path, options, options)

    assert sorted(code for _, code in ended) == [0, 1], ended
    (refused,) = [error for (_, error), code in ended if code]
    assert "RunError" in refused
    assert Run(tmp_path / "here").manifest["exit"] == "done"


def test_runs_of_the_same_name_in_two_places_have_their_own_scratch(few_customers, tmp_path):
    options = {"source": str(few_customers), "target": "Churn", "model_type": "linear"}

    ended = together(
        tmp_path,
        options | {"output": str(tmp_path / "one" / "run")},
        options | {"output": str(tmp_path / "two" / "run")},
    )

    assert [code for _, code in ended] == [0, 0], ended
    assert Run(tmp_path / "one" / "run").metrics == Run(tmp_path / "two" / "run").metrics
