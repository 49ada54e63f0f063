import json
import shutil

import pytest

import crosstie
from crosstie.errors import RunError
from crosstie.reports.collect import collect
from crosstie.reports.folder import Folder
from crosstie.reports.models import gains, training
from crosstie.reports.verdict import verdict


def changed(source, target, name, change):
    """A copy of a run in which one file is another."""
    shutil.copytree(source, target)
    content = json.loads((target / name).read_text())
    (target / name).write_text(json.dumps(change(content)))
    return target


@pytest.mark.slow
def test_a_finished_run_has_its_report(runs):
    for path in runs.values():
        assert json.loads((path / "report.json").read_text()) == collect(path)
        assert (path / "report.html").read_text().startswith("<!doctype html>")


def test_the_verdict_says_what_how_well_and_what_to_mind(runs):
    found = Folder(runs["number"])
    own, *others = (
        each["metrics"]["test"]["median_house_value"] for each in found.evaluation["models"]
    )
    intervals = found.evaluation["outputs"]["median_house_value"]["intervals"]

    what, how_well, mind = verdict(found)

    assert what == (
        "median_house_value (a number) is predicted from 9 columns of housing.csv by a linear model: 516 rows in all, "
        "judged on 103 test rows that it did not learn from."
    )
    assert how_well == (
        f"For median_house_value it is off on average by {own['mae']:,.0f} (95 % interval {intervals['mae'][0]:,.0f} to "
        f"{intervals['mae'][1]:,.0f}), always saying the mean by {others[-1]['mae']:,.0f}; its rmse is {own['rmse']:,.0f} "
        f"({intervals['rmse'][0]:,.0f} to {intervals['rmse'][1]:,.0f})."
    )
    assert mind == (
        "To mind for median_house_value: 103 rows are few, so that the intervals are wide."
    )


def test_a_model_that_learned_nothing_is_said_to_have(runs, tmp_path):
    def worse(evaluation):
        evaluation["models"][0]["metrics"]["test"]["Churn"]["roc_auc"] = 0.49
        return evaluation

    path = changed(runs["binary"], tmp_path / "run", "evaluation.json", worse)

    assert (
        "by roc_auc it is no better than the baseline, which sees no column"
        in verdict(Folder(path))[2]
    )


def test_a_class_that_is_mostly_missed_is_named(runs, tmp_path):
    def weak(evaluation):
        evaluation["outputs"]["Churn"]["details"]["per_class"][1]["recall"] = 0.125
        return evaluation

    path = changed(runs["binary"], tmp_path / "run", "evaluation.json", weak)
    support = Folder(path).evaluation["outputs"]["Churn"]["details"]["per_class"][1]["support"]

    assert f"of {support:.0f} rows that are Yes it finds 12.5 %" in verdict(Folder(path))[2]


def test_a_linear_model_that_does_as_well_is_named(runs, tmp_path):
    def beside(evaluation):
        own = evaluation["models"][0]
        evaluation["models"][0] = {**own, "model": "gbm"}
        evaluation["models"].insert(1, {**own, "chosen": False})
        return evaluation

    path = changed(runs["binary"], tmp_path / "run", "evaluation.json", beside)

    assert "a linear model does as well on these rows" in verdict(Folder(path))[2]


def test_a_run_that_failed_says_why(tmp_path):
    (tmp_path / "manifest.json").write_text(
        json.dumps(
            {"name": "m", "exit": "failed", "error": "TrainingError: the loss is not a number"}
        )
    )

    found = collect(tmp_path)

    assert found["verdict"] == [
        "There is no model to report on: the run is failed: TrainingError: the loss is not a number."
    ]
    assert found["facts"] == [["ended", "failed"], ["run", tmp_path.name]]


def test_a_damaged_file_is_named(runs, tmp_path):
    path = tmp_path / "run"
    shutil.copytree(runs["number"], path)
    (path / "evaluation.json").write_text("{")

    with pytest.raises(
        RunError, match=r"evaluation\.json: cannot be read as JSON, .*; restore or remove it"
    ):
        collect(path)


def test_blocks_that_another_command_wrote_are_a_section(runs, tmp_path):
    path = tmp_path / "run"
    shutil.copytree(runs["number"], path)
    own = {"id": "g", "title": "By sex", "kind": "text", "note": "", "lines": ["Alike."]}
    (path / "fairness.json").write_text(json.dumps({"blocks": [own]}))

    sections = {each["id"]: each for each in collect(path)["sections"]}

    assert sections["fairness"] == {"id": "fairness", "title": "How groups fare", "blocks": [own]}


def test_what_a_search_cut_is_told_with_its_reason(runs, tmp_path):
    path = tmp_path / "run"
    shutil.copytree(runs["number"], path)
    plan = {
        "effort": "quick",
        "time_limit": 60.0,
        "trials": [
            {"name": "gbm", "cuts": [None]},
            {"name": "ecd", "cuts": [40]},
            {"name": "random_forest", "cuts": [100, 100, 100]},
            {"name": "gbm_2", "cuts": [60, None, 80, 60]},
        ],
        "left_out": [{"name": "ecd_tabm", "why": "would take about 9.0 s"}],
    }
    (path / "plan.json").write_text(json.dumps(plan))

    models = next(each for each in collect(path)["sections"] if each["id"] == "models")
    cut = next(each for each in models["blocks"] if each["id"] == "left-out")

    assert cut["rows"] == [
        ["ecd_tabm", "not tried", "would take about 9.0 s"],
        ["ecd", "ended early", "to keep the time limit, after step 40"],
        ["random_forest", "ended early", "to keep the time limit, after step 100"],
        ["gbm_2", "ended early", "to keep the time limit, after steps 60, 80"],
    ]
    assert (
        cut["note"] == "The search had a time limit of 60 s. `--plan` does the same search again."
    )


def test_a_line_of_progress_that_was_cut_short_is_left_out(runs, tmp_path):
    path = tmp_path / "run"
    shutil.copytree(runs["binary"], path)
    before = training(Folder(path))
    with (path / "metrics.jsonl").open("a") as file:
        file.write('{"time": "20')

    assert training(Folder(path)) == before


def test_a_published_run_is_reported_on_as_far_as_it_goes(runs, tmp_path):
    crosstie.push(runs["category"], tmp_path / "published")

    found = collect(tmp_path / "published")

    assert [each["title"] for each in found["sections"]] == [
        "How well",
        "Models",
        "Data",
        "Do it again",
    ]
    assert found["verdict"][1:] == collect(runs["category"])["verdict"][1:]
    assert found["verdict"][0].startswith("species (one of 3 classes) is predicted from 7 columns")


def test_gains_of_folds_are_averaged_as_shares():
    folds = {"folds": [{"gain": {"a": 3.0, "b": 1.0}}, {"gain": {"b": 10.0}}]}
    models = [{"model": "linear", "about": {}}, {"model": "gbm", "about": folds}]

    assert gains(models) == ("gbm", {"b": 0.625, "a": 0.375})


def of_section(found, title):
    return {
        each["title"]: each
        for section in found["sections"]
        if section["title"] == title
        for each in section["blocks"]
    }


def test_points_of_calibration_are_of_rows_enough_to_tell_anything(runs, tmp_path):
    def few(evaluation):
        evaluation["outputs"]["Churn"]["details"]["calibration"] = [
            {"rows": 70.0, "predicted": 0.0, "observed": 0.1},
            {"rows": 1.0, "predicted": 0.25, "observed": 1.0},
            {"rows": 19.0, "predicted": 0.75, "observed": 0.5},
            {"rows": 30.0, "predicted": 0.9, "observed": 0.8},
            {"rows": 10.0, "predicted": 1.0, "observed": 1.0},
        ]
        return evaluation

    path = changed(runs["binary"], tmp_path / "run", "evaluation.json", few)
    drawn = of_section(collect(path), "How well")["Can the probabilities be taken at their word?"]

    [[first, second, third], _] = [each["points"] for each in drawn["series"]]
    assert first == [0.0, 0.1]
    assert second == pytest.approx([(0.25 + 0.75 * 19) / 20, (1 + 0.5 * 19) / 20])
    assert third == pytest.approx([(0.9 * 30 + 10) / 40, (0.8 * 30 + 10) / 40])
    assert drawn["note"].endswith("Points of fewer than 20 rows are put together.")


def test_ranges_of_columns_are_written_as_their_cells_are(runs, tmp_path):
    def dated(profile):
        profile["tenure"] |= {"numbers": 1.0, "minimum": 0.0, "maximum": 72.5, "mean": 32.0}
        profile["Contract"] |= {
            "numbers": 0.0,
            "earliest": "2022-01-01 00:00:00",
            "latest": "2023-08-23 00:00:00",
        }
        profile["Partner"] |= {
            "numbers": 0.0,
            "earliest": "2022-01-01 00:00:00",
            "latest": "2023-08-23 12:30:00",
        }
        return profile

    path = changed(runs["binary"], tmp_path / "run", "profile.json", dated)
    rows = of_section(collect(path), "Data")["Columns"]["rows"]
    looks = {row[0]: row[-1] for row in rows}

    assert looks["tenure"] == "0 to 72.50, mean 32.00"
    assert looks["Contract"] == "2022-01-01 to 2023-08-23"
    assert looks["Partner"] == "2022-01-01 00:00:00 to 2023-08-23 12:30:00"
