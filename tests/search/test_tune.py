"""A search from the file to the best run: trials kept, ended, gone on with, shared."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import crosstie
from crosstie.config.source import load as load_document
from crosstie.errors import ConfigError, RunError, TrainingError
from crosstie.search.goal import Goal
from crosstie.search.watched import Pruned, Watched
from crosstie.training.callbacks.callback import Callback, Progress


def table(n=240):
    rng = np.random.default_rng(0)
    x, z = rng.uniform(-3, 3, n), rng.uniform(-3, 3, n)
    y = np.where(np.sin(2 * x) + z + rng.normal(size=n) > 0, "yes", "no")
    return {"x": x.tolist(), "z": z.tolist(), "y": y.tolist()}


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("data") / "waves.csv"
    rows = zip(*table().values(), strict=True)
    path.write_text("x,z,y\n" + "".join(f"{x},{z},{y}\n" for x, z, y in rows))
    return path


def file(data, parameters, *, trainer=None, model_type="gbm", **hyperopt):
    return {
        "name": "waves",
        "data": str(data),
        "target": "y",
        "model_type": model_type,
        "trainer": trainer or {"n_estimators": 30},
        "hyperopt": {"parameters": parameters, **hyperopt},
    }


RATES = {"trainer.learning_rate": {"space": "loguniform", "lower": 0.01, "upper": 0.3}}
SHAPES = {
    **RATES,
    "trainer.num_leaves": [2, 8],
    "x.preprocessing.normalization": ["zscore", "minmax"],
}


CHANCE = {"metric": "roc_auc", "search_alg": "random", "executor": {"num_samples": 4}}


def stored(folder):
    """The same, its trials kept beside the runs of a folder."""
    storage = {"storage": f"sqlite:///{folder / 'study.db'}"}
    return {**CHANCE, "executor": CHANCE["executor"] | storage}


def board(run):
    return json.loads((run / "tune.json").read_text())


def trials(run):
    return [(each["name"], each["parameters"], each["value"]) for each in board(run)["trials"]]


class At(Callback):
    """Does something once a trial of that name has grown so many trees."""

    def __init__(self, name, do, *, tree=5):
        self.name, self.do, self.tree = name, do, tree

    def on_step_end(self, progress):
        if progress.folder.parent.name == self.name and progress.step == self.tree:
            self.do()


def stop():
    raise KeyboardInterrupt


@pytest.fixture(scope="module")
def searched(data, tmp_path_factory):
    """A search of four trials by chance, and what it said."""
    said = []
    folder = tmp_path_factory.mktemp("runs")
    run = crosstie.tune(
        file(data, SHAPES, **stored(folder)), output=folder / "searched", say=said.append
    )
    return run, said


@pytest.mark.slow
def test_the_best_trial_is_the_run_and_its_file_trains_the_same_model(searched, tmp_path):
    run, said = searched
    found = board(run.path)
    values = {each["name"]: each["value"] for each in found["trials"]}
    assert list(values) == ["trial_0", "trial_1", "trial_2", "trial_3"]
    assert {each["state"] for each in found["trials"]} == {"done"}
    assert values[found["best"]] == max(values.values())
    assert (found["judged_by"], found["goal"]) == ("validation/y/roc_auc", "maximize")
    assert run.evaluation["models"][0]["model"] == found["best"]
    assert run.metrics["validation"]["y"]["roc_auc"] == pytest.approx(max(values.values()))
    assert run.manifest["tuned"] == {
        "best": found["best"],
        "judged_by": "validation/y/roc_auc",
        "value": max(values.values()),
        "trials": 4,
    }
    assert run.exit == "done"
    assert said[0] == (
        "4 trials of trainer.learning_rate, trainer.num_leaves, x.preprocessing.normalization, judged by validation/y/roc_auc"
    )

    again = crosstie.train(run.path / "best.yaml", output=tmp_path / "again")
    assert again.metrics == run.metrics
    for name in ("graph/0.onnx", "features.json", "inference.json"):
        assert (again.model / name).read_bytes() == (run.model / name).read_bytes()


@pytest.mark.slow
def test_the_report_of_the_run_says_what_was_tried(searched):
    run, _ = searched
    sections = {
        each["id"]: each for each in json.loads((run.path / "report.json").read_text())["sections"]
    }
    shown, best, rates = sections["tried"]["blocks"]
    assert shown["columns"] == ["trial", "roc_auc", *SHAPES, "seconds", "ended"]
    assert (
        shown["note"] == "4 trials: 4 done. Judged by validation/y/roc_auc; test rows took no part."
    )
    values = {each["name"]: each["value"] for each in board(run.path)["trials"]}
    assert [row[0] for row in shown["rows"]] == sorted(values, key=lambda name: -values[name])
    assert best["series"][0]["points"][-1] == [4, max(values.values())]
    assert (rates["x"], len(rates["series"][0]["points"])) == (
        {"label": "trainer.learning_rate", "log": True},
        4,
    )


def test_a_trial_leaves_its_file_its_figures_and_a_model_with_its_own_features(searched):
    run, _ = searched
    for each in board(run.path)["trials"]:
        folder = run.path / "trials" / each["name"]
        config = load_document(folder / "config.yaml").value
        assert config["trainer"]["num_leaves"] == each["parameters"]["trainer.num_leaves"]
        metrics = json.loads((folder / "metrics.json").read_text())
        assert (
            metrics["validation"]["y"]["roc_auc"]
            == each["value"]
            == each["metrics"]["y"]["roc_auc"]
        )
        features = json.loads((folder / "features" / "features.json").read_text())
        used = json.dumps(features)
        assert each["parameters"]["x.preprocessing.normalization"] in used
        assert (folder / "metrics.jsonl").read_text().count("\n") == 3

        model = crosstie.load(run.path / "trials" / each["name"])
        said = model.predict([{"x": 1.0, "z": 2.0}, {"x": None, "z": -2.0}])
        assert [set(row) for row in said] == [
            {"y_prediction", "y_probability_no", "y_probability_yes"}
        ] * 2


@pytest.mark.slow
def test_a_search_that_is_interrupted_keeps_its_best(data, tmp_path):
    asked = file(data, SHAPES, **CHANCE)
    run = crosstie.tune(asked, output=tmp_path / "stopped", callbacks=[At("trial_1", stop)])

    assert run.manifest["exit"] == "interrupted"
    assert [each["state"] for each in board(run.path)["trials"]] == ["done", "interrupted"]
    assert (run.path / "best.yaml").is_file()
    assert crosstie.load(run.path).predict([{"x": 0.0, "z": 0.0}])
    with pytest.raises(RunError, match="is a search; go on with it: crosstie tune --resume"):
        crosstie.train(resume=run.path)


def test_a_search_that_is_done_is_not_gone_on_with(searched):
    run, _ = searched
    with pytest.raises(RunError, match=r"is done, all of its 4 trials\. For more: --trials 8"):
        crosstie.tune(resume=run.path)


@pytest.mark.slow
def test_a_search_that_is_interrupted_before_a_trial_was_done_says_how_to_go_on(data, tmp_path):
    with pytest.raises(
        KeyboardInterrupt, match=r"before a trial was done. Go on: crosstie tune --resume"
    ):
        crosstie.tune(
            file(data, RATES, executor={"num_samples": 2}),
            output=tmp_path / "run",
            callbacks=[At("trial_0", stop)],
        )


KILLED = """
import os, signal, sys
sys.path.insert(0, sys.argv[1])
import crosstie
from test_tune import CHANCE, SHAPES, At, file
kill = lambda: os.kill(os.getpid(), signal.SIGKILL)
crosstie.tune(file(sys.argv[2], SHAPES, **CHANCE), output=sys.argv[3], callbacks=[At("trial_1", kill)])
"""


@pytest.mark.slow
def test_a_search_that_was_killed_goes_on_to_what_it_would_have_been(searched, data, tmp_path):
    whole, _ = searched
    here, run = str(Path(__file__).parent), tmp_path / "killed"
    done = subprocess.run([sys.executable, "-c", KILLED, here, str(data), str(run)], check=False)
    assert done.returncode == -signal.SIGKILL
    assert [each["state"] for each in board(run)["trials"]] == ["done", "running"]
    assert crosstie.tune(resume=run).metrics == whole.metrics
    assert trials(run) == trials(whole.path)


@pytest.mark.slow
def test_trials_at_once_are_those_of_one_after_the_other(searched, data, tmp_path, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    executor = {"num_samples": 4, "max_concurrent_trials": 2}
    run = crosstie.tune(
        file(data, SHAPES, metric="roc_auc", search_alg="random", executor=executor),
        output=tmp_path / "run",
    )
    assert trials(run.path) == trials(searched[0].path)
    assert run.metrics == searched[0].metrics
    assert not list(run.path.glob("process-*.txt"))


@pytest.mark.slow
def test_a_search_with_the_storage_of_another_shares_its_trials(searched, data, tmp_path):
    first, _ = searched
    again = crosstie.tune(
        file(data, SHAPES, **stored(first.path.parent)), output=tmp_path / "again"
    )  # which finds all done
    assert trials(again.path) == trials(first.path)
    assert again.metrics == first.metrics
    assert [each.name for each in (again.path / "trials").iterdir()] == [board(first.path)["best"]]
    assert not (first.path / "study.db").exists()


@pytest.mark.slow
def test_a_trial_is_ended_at_the_tree_at_which_the_pruner_says_so_and_one_may_fail(data, tmp_path):
    def fail():
        raise TrainingError("the loss is not a number")

    rates = {"space": "grid_search", "values": [0.1, 1e-6, 0.2]}
    run = crosstie.tune(
        file(
            data,
            {"trainer.learning_rate": rates},
            executor={"pruner": {"type": "median", "n_startup_trials": 1, "n_warmup_steps": 20}},
        ),
        output=tmp_path / "run",
        callbacks=[At("trial_2", fail)],
    )
    good, bad, worst = board(run.path)["trials"]
    assert (good["state"], bad["state"]) == ("done", "pruned")
    assert (bad["step"], bad["why"]) == (20, "at tree 20")
    lines = (run.path / "trials" / "trial_1" / "metrics.jsonl").read_text().splitlines()
    assert [json.loads(each)["step"] for each in lines] == [10, 20]
    assert not (run.path / "trials" / "trial_1" / "graph.onnx").exists()
    assert (worst["state"], worst["why"]) == ("failed", "the loss is not a number")
    assert board(run.path)["best"] == "trial_0"


def test_a_network_is_ended_at_the_epoch_at_which_the_pruner_says_so():
    asked = []

    def goes_badly(step, value):
        asked.append((step, value))
        return step == 2

    watched = Watched(Goal("y", "loss", maximize=False), goes_badly)
    progress = Progress(learner="ecd", unit="step")
    for epoch, loss in enumerate((0.9, 0.8, 0.7), 1):
        progress.step, progress.epoch = 10 * epoch, epoch
        progress.metrics = {"validation": {"y": {"loss": loss}}}
        watched.on_evaluate(progress)
        if progress.ends_here:
            break
    assert asked == [(1, 0.9), (2, 0.8)]
    with pytest.raises(Pruned, match="epoch 2"):
        watched.on_train_end(progress)


@pytest.mark.slow
def test_trials_that_come_to_nothing_are_told(data, tmp_path):
    bound = {"pruner": {"type": "threshold", "upper": 1e-9}, "num_samples": 2}
    with pytest.raises(TrainingError, match="no trial was done"):
        crosstie.tune(file(data, RATES, executor=bound), output=tmp_path / "run")
    assert [each["state"] for each in board(tmp_path / "run")["trials"]] == ["pruned"] * 2


@pytest.mark.slow
def test_a_time_limit_leaves_a_model_or_says_that_there_was_no_time(data, tmp_path):
    with pytest.raises(TrainingError, match="there was no time for one; give --time-limit more"):
        crosstie.tune(file(data, RATES), output=tmp_path / "none", time_limit=0.01)


@pytest.mark.slow
def test_a_misspelt_option_is_told_before_anything_is_written(data, tmp_path):
    asked = file(data, {"trainer.learnin_rate": [0.1], **RATES})
    with pytest.raises(ConfigError) as error:
        crosstie.tune(asked, runs=tmp_path)
    assert str(error.value) == (
        "hyperopt.parameters.trainer.learnin_rate: unknown option; did you mean 'learning_rate'?"
    )
    with pytest.raises(ConfigError) as checked:
        crosstie.check(asked)
    assert str(checked.value) == str(error.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_a_file_with_a_search_is_shown_whole_and_trained_as_it_stands(data, tmp_path):
    asked = file(data, {"trainer.l2": [1.0, 2.0]}, model_type="linear", trainer={"l2": 1.0})
    shown = crosstie.show(asked)
    assert shown["hyperopt"]["search_alg"]["type"] == "tpe"

    said = []
    run = crosstie.train(asked, runs=tmp_path, say=said.append)
    assert said[0] == "hyperopt: is for crosstie tune; the file is trained as it stands"
    assert "hyperopt" not in load_document(run.path / "config.yaml").value


def test_processes_need_a_table_that_they_can_read(tmp_path):
    asked = {
        "target": "y",
        "model_type": "gbm",
        "hyperopt": {"parameters": RATES, "executor": {"max_concurrent_trials": 2}},
    }
    with pytest.raises(ConfigError, match="reads the table by itself, and this table lies in none"):
        crosstie.tune(asked, data=table(), runs=tmp_path)


@pytest.mark.slow
def test_folds_and_several_outputs_are_judged_together(tmp_path):
    columns = table(120) | {"w": [i % 5 + 0.5 for i in range(120)]}
    run = crosstie.tune(
        {
            "target": ["y", "w"],
            "model_type": "linear",
            "folds": 2,
            "hyperopt": {"parameters": {"trainer.l2": [0.1, 1e4]}, "search_alg": "grid"},
        },
        data=columns,
        output=tmp_path / "run",
    )
    found = board(run.path)
    assert found["judged_by"] == "validation/combined/loss"
    weak, strong = (each["value"] for each in found["trials"])
    assert found["best"] == "trial_0"
    assert 0 < weak < strong < 2.5  # a guess that sees no column has 1 for each output
    assert len(crosstie.load(run.path).artifact.members) == 2
