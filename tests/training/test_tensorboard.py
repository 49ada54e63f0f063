"""What is written is read back with TensorBoard's own reader."""

import shutil
import subprocess
import sys

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.backend.event_processing.event_multiplexer import EventMultiplexer
from tensorboard.plugins.hparams import metadata, plugin_data_pb2

from crosstie.models.export import export_onnx
from crosstie.training.callbacks.callback import Callback, Progress
from crosstie.training.callbacks.tensorboard import TensorBoard
from crosstie.training.events import Events

FINAL = {"test": {"y": {"roc_auc": 0.9, "log_loss": 0.3}}}
OPTIONS = {"trainer.epochs": 3, "trainer.compile": False, "name": "churn", "exclude": ["a"]}


def read(run):
    return EventAccumulator(str(run / "tensorboard")).Reload()


def curve(events, tag):
    return {each.step: each.value for each in events.Scalars(tag)}


@pytest.fixture
def run(tmp_path):
    """A run of `runs/churn`."""
    path = tmp_path / "runs" / "churn" / "20250101-abc"
    path.mkdir(parents=True)
    return path


@pytest.fixture
def finished(fit, run):
    """A run whose network was trained for three epochs, as the pipeline leaves it."""
    board = TensorBoard(run)
    made = fit(epochs=3, batch_size=100, folder=run / "checkpoints", callbacks=[board]).run()
    (run / "network").mkdir()
    (run / "network" / "weights.safetensors").touch()
    (run / "model" / "graph").mkdir(parents=True)
    network = made.loop.network
    export_onnx(network, network.layout, run / "model" / "graph" / "0.onnx")
    board.on_run_end(OPTIONS, FINAL)
    return made


def test_metrics_of_each_split_and_the_rate_are_curves(finished, run):
    events = read(run)
    assert set(events.Tags()["scalars"]) == {
        "train/y/loss",
        "validation/y/loss",
        "validation/y/roc_auc",
        "learning_rate",
        "final/test/y/roc_auc",
        "final/test/y/log_loss",
    }
    assert curve(events, "learning_rate") == pytest.approx({2: 0.002, 4: 0.002, 6: 0.002})
    best = curve(events, "validation/y/roc_auc")[finished.progress.best_step]
    assert best == pytest.approx(finished.progress.best)
    assert curve(events, "train/y/loss")[6] == pytest.approx(finished.progress.loss)
    assert curve(events, "final/test/y/roc_auc") == pytest.approx({0: 0.9})


def test_options_and_final_metrics_are_hparams(finished, run):
    events = read(run)

    def content(tag):
        data = events.SummaryMetadata(tag).plugin_data
        assert data.plugin_name == "hparams"
        return plugin_data_pb2.HParamsPluginData.FromString(data.content)

    experiment = content(metadata.EXPERIMENT_TAG).experiment
    assert [each.name for each in experiment.hparam_infos] == [
        "trainer.epochs",
        "trainer.compile",
        "name",
    ]
    assert [each.name.tag for each in experiment.metric_infos] == [
        "final/test/y/roc_auc",
        "final/test/y/log_loss",
    ]
    start = content(metadata.SESSION_START_INFO_TAG).session_start_info.hparams
    assert start["trainer.epochs"].number_value == 3
    assert start["trainer.compile"].bool_value is False
    assert start["name"].string_value == "churn"
    assert content(metadata.SESSION_END_INFO_TAG).session_end_info.status


def test_the_networks_graph_is_there_with_every_edge(finished, run):
    nodes = {node.name: node for node in read(run).Graph().node}
    assert nodes["numbers"].op == nodes["categories"].op == "Placeholder"
    assert "output_0" in nodes
    assert {each for node in nodes.values() for each in node.input} <= set(nodes)
    reached, left = set(), ["output_0"]
    while left:
        reached.add(left[-1])
        left.extend(set(nodes[left.pop()].input) - reached)
    assert {"numbers", "categories"} <= reached


def test_each_run_is_shown_once_on_itself_and_on_the_folder_of_all(finished, run, tmp_path):
    shutil.copytree(run, run.with_name("20250102-def"))
    for folder, names in (
        (
            tmp_path / "runs",
            {f"churn/{name}/tensorboard" for name in ("20250101-abc", "20250102-def")},
        ),
        (run, {"tensorboard"}),
    ):
        found = EventMultiplexer().AddRunsFromDirectory(str(folder)).Reload()
        assert set(found.Runs()) == names


def test_a_resumed_run_shows_every_step_once(fit, run):
    class Die(Callback):
        def on_step_end(self, progress):
            if progress.step == 9:
                raise MemoryError

    options = {"epochs": 6, "batch_size": 100, "early_stop": -1, "steps_per_checkpoint": 3}
    with pytest.raises(MemoryError):
        fit(folder=run / "checkpoints", callbacks=[TensorBoard(run), Die()], **options).run()
    fit(folder=run / "checkpoints", callbacks=[TensorBoard(run)], **options).run(resume=True)
    steps = [each.step for each in read(run).Scalars("validation/y/roc_auc")]
    assert steps == [2, 4, 6, 8, 10, 12]


def test_files_of_one_second_are_read_in_the_order_they_were_written(run):
    for step in range(12):
        events = Events(run / "tensorboard")
        events.scalars({"loss": 0.0}, step)
        events.close()
    assert [each.step for each in read(run).Scalars("loss")] == list(range(12))


def test_parts_of_a_run_are_curves_of_their_own(run):
    board = TensorBoard(run)
    for fold in (0, 1):
        progress = Progress("gbm", folder=run / "folds" / str(fold) / "checkpoints")
        board.on_train_start(progress)
        progress.step, progress.metrics = 10, {"validation": {"y": {"loss": float(fold)}}}
        board.on_evaluate(progress)
        board.on_train_end(progress)
    board.on_run_end({}, {})
    events = read(run)
    assert curve(events, "folds/0/validation/y/loss") == {10: 0.0}
    assert curve(events, "folds/1/validation/y/loss") == {10: 1.0}


def test_what_was_written_can_be_read_while_it_goes_on(fit, run):
    class Read(Callback):
        def __init__(self):
            self.found = []

        def on_evaluate(self, progress):
            self.found.append(len(read(run).Scalars("validation/y/roc_auc")))

    reader = Read()
    fit(epochs=2, folder=run / "checkpoints", callbacks=[TensorBoard(run), reader]).run()
    assert reader.found == [1, 2]


@pytest.mark.slow
def test_trees_need_no_torch_to_be_watched(run):
    code = f"""
import sys
from pathlib import Path
from crosstie.training.callbacks.callback import Progress
from crosstie.training.callbacks.metrics_log import MetricsLog
from crosstie.training.callbacks.progress_bar import ProgressBar
from crosstie.training.callbacks.tensorboard import TensorBoard
run = Path({str(run)!r})
for each in (TensorBoard(run), MetricsLog(run), ProgressBar(run)):
    progress = Progress("gbm", metrics={{"train": {{"y": {{"loss": 1.0}}}}}}, folder=run / "checkpoints")
    for hook in ("on_train_start", "on_step_end", "on_evaluate", "on_train_end"):
        getattr(each, hook)(progress)
    each.on_run_end({{"trainer.n": 1}}, {{"test": {{"y": {{"loss": 1.0}}}}}})
print(sorted({{"torch", "tensorflow", "pandas", "scipy", "sklearn"}} & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
