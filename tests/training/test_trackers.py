"""MLflow and Weights & Biases: read back from where they keep what they are told."""

import sys

import pytest

from crosstie.errors import MissingExtra
from crosstie.training.callbacks.callback import Progress, callbacks, installed

FINAL = {"test": {"y": {"roc_auc": 0.9, "log_loss": float("nan")}}}


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (
            "mlflow",
            (
                "the mlflow callback needs mlflow-skinny, which is not installed. "
                "Type: pip install 'crosstie[mlflow]'"
            ),
        ),
        (
            "wandb",
            (
                "the wandb callback needs wandb, which is not installed. "
                "Type: pip install 'crosstie[wandb]'"
            ),
        ),
    ],
)
def test_an_absent_package_is_named_with_the_command_that_installs_it(
    tmp_path, monkeypatch, name, message
):
    monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(MissingExtra) as error:
        callbacks.get(name)(tmp_path)
    assert str(error.value) == message


def train(listener, run):
    progress = Progress("gbm", unit="tree", folder=run / "checkpoints")
    listener.on_train_start(progress)
    for step in (10, 20):
        progress.step = step
        progress.metrics = {"validation": {"y: (2)": {"roc_auc": step / 100}}}
        listener.on_evaluate(progress)
    listener.on_train_end(progress)
    listener.on_run_end({"trainer.epochs": 3, "name": "churn"}, FINAL)


@pytest.mark.filterwarnings("ignore")
def test_mlflow_has_the_curves_options_and_final_metrics(tmp_path, monkeypatch):
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")  # files need no server and no database
    mlflow = pytest.importorskip("mlflow", reason="mlflow-skinny is not installed")
    run = tmp_path / "runs" / "churn" / "20250101-abc"
    run.mkdir(parents=True)
    uri = (tmp_path / "mlruns").as_uri()
    train(callbacks.get("mlflow")(run, tracking_uri=uri), run)
    client = mlflow.MlflowClient(tracking_uri=uri)
    (found,) = client.search_runs([client.get_experiment_by_name("churn").experiment_id])
    assert found.info.run_name == "20250101-abc"
    assert found.info.status == "FINISHED"
    assert found.data.params == {"trainer.epochs": "3", "name": "churn"}
    assert found.data.metrics == {
        "validation/y_ _2_/roc_auc": 0.2,
        "final/test/y/roc_auc": 0.9,
    }
    history = client.get_metric_history(found.info.run_id, "validation/y_ _2_/roc_auc")
    assert [(each.step, each.value) for each in history] == [(10, 0.1), (20, 0.2)]


@pytest.mark.filterwarnings("ignore")
def test_a_resume_goes_on_with_the_same_mlflow_run_and_a_failure_is_told(tmp_path, monkeypatch):
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    mlflow = pytest.importorskip("mlflow", reason="mlflow-skinny is not installed")
    run = tmp_path / "runs" / "churn" / "20250101-abc"
    run.mkdir(parents=True)
    uri = (tmp_path / "mlruns").as_uri()
    client = mlflow.MlflowClient(tracking_uri=uri)

    def runs():
        return client.search_runs([client.get_experiment_by_name("churn").experiment_id])

    killed = callbacks.get("mlflow")(run, tracking_uri=uri)
    progress = Progress("gbm", folder=run / "checkpoints", stopped="failed")
    killed.on_train_start(progress)
    assert [each.info.status for each in runs()] == ["RUNNING"]
    killed.on_train_end(progress)
    assert [each.info.status for each in runs()] == ["FAILED"]
    train(callbacks.get("mlflow")(run, tracking_uri=uri), run)
    assert [each.info.status for each in runs()] == ["FINISHED"]


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_wandb_offline_keeps_the_run_in_its_folder(tmp_path):
    wandb = pytest.importorskip("wandb", reason="wandb is not installed")
    run = tmp_path / "runs" / "churn" / "20250101-abc"
    run.mkdir(parents=True)
    listener = callbacks.get("wandb")(run, mode="offline")
    seen = {}
    finish = wandb.sdk.wandb_run.Run.finish

    def note(own, *given, **more):
        seen.setdefault("ids", []).append(own.id)
        seen.update(config=dict(own.config), summary=dict(own.summary), name=own.name)
        return finish(own, *given, **more)

    wandb.sdk.wandb_run.Run.finish = note
    try:
        train(listener, run)
        resumed = callbacks.get("wandb")(run, mode="offline")
        failed = Progress("gbm", folder=run / "checkpoints", stopped="failed")
        first = dict(seen)
        resumed.on_train_start(failed)
        resumed.on_train_end(failed)
    finally:
        wandb.sdk.wandb_run.Run.finish = finish
    assert seen["ids"][0] == seen["ids"][1]  # a resume goes on with the same run
    seen = first
    assert seen["name"] == "20250101-abc"
    assert seen["config"] == {"trainer.epochs": 3, "name": "churn"}
    assert seen["summary"]["final/test/y/roc_auc"] == 0.9
    assert seen["summary"]["validation/y: (2)/roc_auc"] == 0.2
    assert list(run.glob("wandb/offline-run-*/*.wandb"))


def test_a_folder_of_a_trackers_name_is_not_the_tracker(tmp_path, monkeypatch):
    (tmp_path / "tracker_of_tests").mkdir()
    (tmp_path / "other_of_tests.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    assert not installed("tracker_of_tests")
    assert installed("other_of_tests")
