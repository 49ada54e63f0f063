import json

import numpy as np
import pyarrow.parquet as pq
import pytest

import crosstie
from crosstie.errors import ConfigError, RunError
from crosstie.search.budget import CLASSICS

LEARNERS = ("linear", "gbm", "ecd")


def quick(learner: str) -> list[str]:
    return ["trainer.epochs=2"] if learner == "ecd" else []


@pytest.mark.parametrize("learner", LEARNERS)
def test_every_learner_ends_in_a_complete_run(few_customers, tmp_path, learner):
    run = crosstie.train(
        few_customers,
        target="Churn",
        model_type=learner,
        set=quick(learner),
        runs=tmp_path / "runs",
    )

    assert run.manifest["exit"] == "done"
    found = {str(path.relative_to(run.path)) for path in run.path.rglob("*") if path.is_file()}
    assert found >= {
        "config.yaml",
        "manifest.json",
        "profile.json",
        "splits.arrow",
        "metrics.jsonl",
        "metrics.json",
        "evaluation.json",
        "predictions/test.parquet",
        "log.txt",
        "model/manifest.json",
        "model/inference.json",
        "model/schema.json",
        "model/features.json",
        "model/arrays.safetensors",
        "model/graph/0.onnx",
        "model/ensemble.json",
        "model/example.json",
    }
    assert set(run.metrics) == {"train", "validation", "test"}
    assert 0.6 < run.metrics["test"]["Churn"]["roc_auc"] <= 1
    names = [row["model"] for row in run.evaluation["models"]]
    assert names[0] == learner
    assert {"linear", "baseline"} <= set(names)


@pytest.mark.parametrize("learner", ["linear", "gbm"])
def test_a_model_that_is_fitted_again_leaves_no_folder_of_checkpoints(
    few_customers, tmp_path, learner
):
    run = crosstie.train(
        str(few_customers), target="Churn", model_type=learner, output=tmp_path / "run"
    )
    assert not (run.path / "checkpoints").exists()


def test_nothing_is_written_beside_the_data(few_customers, tmp_path):
    crosstie.train(few_customers, target="Churn", model_type="linear", runs=tmp_path / "runs")

    assert [path.name for path in few_customers.parent.iterdir()] == ["few.csv"]


def test_auto_keeps_the_better_on_validation_and_shows_all(few_customers, tmp_path):
    run = crosstie.train(few_customers, target="Churn", runs=tmp_path / "runs")

    models = run.evaluation["models"]
    assert {row["model"] for row in models} == {"linear", "gbm", *CLASSICS, "baseline"}
    on_validation = {
        row["model"]: row["metrics"]["validation"]["Churn"]["roc_auc"] for row in models
    }
    assert run.manifest["learner"] == max(on_validation, key=on_validation.get)
    assert (run.path / "network").is_dir()
    assert not (run.path / "candidates").exists()


def test_validation_rows_are_judged_by_trees_that_never_saw_them(few_customers, tmp_path):
    def train(*options, **given):
        return crosstie.train(
            few_customers,
            target="Churn",
            model_type="gbm",
            set=options,
            runs=tmp_path / "runs",
            **given,
        )

    def grown_from(run):
        return run.evaluation["models"][0]["about"].get("refit_rows")

    refit, once = train(), train("trainer.refit=false")
    assert refit.metrics["validation"] == once.metrics["validation"]
    assert refit.metrics["test"] != once.metrics["test"]
    assert (grown_from(refit), grown_from(once)) == (480, None)
    assert not list(refit.path.glob("*.onnx"))

    assert grown_from(train(validation=few_customers)) is None  # rows that somebody set aside
    assert "refit_rows" not in train(folds=2).evaluation["models"][0]["about"]["folds"][0]


def test_the_same_seed_gives_the_same_metrics_and_another_seed_another_split(
    few_customers, tmp_path
):
    def train(seed):
        run = crosstie.train(
            few_customers, target="Churn", model_type="linear", seed=seed, runs=tmp_path / "runs"
        )
        return run.metrics, (run.path / "splits.arrow").read_bytes()

    assert train(1) == train(1)
    assert train(1)[1] != train(2)[1]


def test_the_saved_file_repeats_the_run(few_customers, tmp_path):
    first = crosstie.train(
        few_customers, target="Churn", model_type="gbm", seed=3, runs=tmp_path / "runs"
    )
    second = crosstie.train(first.path / "config.yaml", runs=tmp_path / "runs")

    assert second.metrics == first.metrics
    assert (second.path / "config.yaml").read_text() == (first.path / "config.yaml").read_text()


def test_separate_files_are_the_parts_they_are_given_as(customers, few_customers, tmp_path):
    lines = customers.read_text(encoding="utf-8").splitlines(keepends=True)
    test = tmp_path / "test.csv"
    test.write_text(lines[0] + "".join(lines[1000:1100]), encoding="utf-8")

    run = crosstie.train(
        few_customers, target="Churn", model_type="linear", test=test, runs=tmp_path / "runs"
    )

    assert pq.read_table(run.path / "predictions" / "test.parquet").num_rows == 100
    assert run.evaluation["outputs"]["Churn"]["rows"] == 100


def test_predictions_of_the_run_are_those_of_the_loaded_model(few_customers, tmp_path):
    run = crosstie.train(few_customers, target="Churn", model_type="gbm", runs=tmp_path / "runs")

    saved = pq.read_table(run.path / "predictions" / "test.parquet").to_pydict()
    again = crosstie.load(run.path).predict(str(few_customers))
    np.testing.assert_allclose(
        np.asarray(again["Churn_probability_Yes"])[saved["row"]],
        saved["Churn_probability_Yes"],
        atol=1e-6,
    )


def test_folds_are_kept_as_one_model_judged_out_of_fold(few_customers, tmp_path):
    run = crosstie.train(
        few_customers, target="Churn", model_type="gbm", folds=3, runs=tmp_path / "runs"
    )

    graphs = sorted(path.name for path in (run.path / "model" / "graph").iterdir())
    assert graphs == ["0.onnx", "1.onnx", "2.onnx"]
    rows = json.loads((run.path / "evaluation.json").read_text())
    assert rows["judged_on"] == "test"
    assert set(run.metrics) == {"validation", "test"}
    answer = crosstie.load(run.path).predict(str(few_customers))
    assert len(answer["Churn_prediction"]) == 600


def test_the_validation_loss_can_be_watched(few_customers, tmp_path):
    run = crosstie.train(
        few_customers,
        target="Churn",
        model_type="ecd",
        set=["trainer.validation_metric=loss", "trainer.epochs=2"],
        runs=tmp_path / "runs",
    )

    assert run.manifest["watched"] == "validation/Churn/loss"
    lines = [json.loads(line) for line in (run.path / "metrics.jsonl").read_text().splitlines()]
    assert [line["watched"] for line in lines] == ["validation/Churn/loss"] * 2
    losses = [line["metrics"]["validation"]["Churn"]["loss"] for line in lines]
    assert lines[-1]["best"] == min(losses)


def test_a_run_directory_is_never_overwritten(few_customers, tmp_path):
    crosstie.train(few_customers, target="Churn", model_type="linear", output=tmp_path / "here")

    with pytest.raises(RunError, match="holds another run"):
        crosstie.train(few_customers, target="Churn", model_type="linear", output=tmp_path / "here")


def test_a_finished_run_is_not_resumed(few_customers, tmp_path):
    run = crosstie.train(few_customers, target="Churn", model_type="linear", runs=tmp_path / "runs")

    with pytest.raises(RunError, match="is done"):
        crosstie.train(resume=run.path)


def test_a_misspelt_target_names_the_nearest_column(few_customers, tmp_path):
    with pytest.raises(ConfigError, match="did you mean 'Churn'"):
        crosstie.train(few_customers, target="Chrun", runs=tmp_path / "runs")
    assert not (tmp_path / "runs").exists()


def test_a_missing_file_names_the_nearest_one(few_customers, tmp_path):
    with pytest.raises(ConfigError, match=r"did you mean 'few\.csv'"):
        crosstie.train(few_customers.with_name("fex.csv"), target="Churn", runs=tmp_path / "runs")


def test_probabilities_are_calibrated_unless_the_file_says_no(few_customers, tmp_path):
    def trained(**calibration):
        spec = {
            "data": str(few_customers),
            "model_type": "gbm",
            "output_features": [{"name": "Churn", "type": "binary", **calibration}],
            "trainer": {"n_estimators": 30},
        }
        run = crosstie.train(spec, runs=tmp_path / "runs")
        return run.evaluation["outputs"]["Churn"]["temperature"], run.metrics["test"]["Churn"]

    asked, usual, off = trained(calibration=True), trained(), trained(calibration=False)
    assert asked == usual
    assert asked[0] != 1.0
    assert off[0] == 1.0
    assert off[1]["roc_auc"] == pytest.approx(asked[1]["roc_auc"])
    assert off[1]["log_loss"] != asked[1]["log_loss"]


def test_classes_are_weighed_by_name_as_by_place(few_customers, tmp_path):
    def trained(model_type, weights):
        run = crosstie.train(
            {
                "data": str(few_customers),
                "target": "Churn",
                "model_type": model_type,
                "trainer": {"class_weights": weights},
            },
            runs=tmp_path / "runs",
        )
        return run.metrics

    for model_type in ("linear", "gbm"):
        named = trained(model_type, {"Yes": 4.0, "No": 1.0})
        assert named == trained(model_type, [1.0, 4.0])
        assert named != trained(model_type, {"Yes": 1.0, "No": 4.0})
