"""`crosstie train` as a process that is killed, interrupted, or whose loss explodes; and what `--resume` makes of it."""

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import crosstie

CUSTOMERS = Path(__file__).parents[2] / "examples" / "churn" / "customers.csv"
MODEL = """\
name: few
data: few.csv
target: Churn
model_type: ecd
combiner: {type: concat, members: 2, output_size: 16, dropout: 0.2}
defaults: {number: {encoder: dense}}
trainer:
  epochs: 8
  batch_size: 16
  early_stop: -1
  learning_rate: 0.01
  gradient_accumulation_steps: 2
  averaging: ema
  averaging_decay: 0.9
  learning_rate_scheduler: {type: plateau, patience: 1}
  steps_per_checkpoint: 5
  checkpoint_seconds: 1.0e+6
callbacks: [send]
"""
SEND = '''
import os
import signal

from crosstie.training.callbacks.callback import Callback, callbacks


@callbacks("send")
class Send(Callback):
    """Sends its own process a signal after a step: `SEND="KILL 23"`."""

    def __init__(self, run):
        name, _, step = os.environ.get("SEND", "").partition(" ")
        self.signal, self.step = getattr(signal, f"SIG{name}", None), int(step or -1)

    def on_step_end(self, progress):
        if progress.step == self.step:
            os.kill(os.getpid(), self.signal)
'''
SAME = (
    "network/weights.safetensors",
    "network/config.json",
    "model/graph/0.onnx",
    "metrics.json",
    "predictions/test.parquet",
)

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A project of 400 customers, whose network trains for 72 steps."""
    folder = tmp_path_factory.mktemp("project")
    lines = CUSTOMERS.read_text(encoding="utf-8").splitlines(keepends=True)
    (folder / "few.csv").write_text("".join(lines[:401]), encoding="utf-8")
    (folder / "model.yaml").write_text(MODEL, encoding="utf-8")
    (folder / "components").mkdir()
    (folder / "components" / "send.py").write_text(SEND, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def train(project, crosstie_program):
    """The command in another folder than the project's, as one may type it."""
    elsewhere = project / "elsewhere"
    elsewhere.mkdir()

    def run(*arguments, send=""):
        # what is sent a signal is a process of its own, which its signal ends
        words = [sys.executable, "-m", "crosstie.cli.main"] if send else [crosstie_program]
        return subprocess.run(
            [*words, "train", "-q", *map(str, arguments)],
            cwd=elsewhere,
            env={**os.environ, "OMP_NUM_THREADS": "1", "SEND": send},
            capture_output=True,
            text=True,
            check=False,
        )

    return run


@pytest.fixture(scope="module")
def whole(project, train):
    """The run that nothing stopped."""
    done = train(project / "model.yaml", "-o", project / "whole")
    assert (done.returncode, done.stderr) == (0, "")
    return project / "whole"


@pytest.fixture(scope="module")
def interrupted(project, train):
    """A run that Ctrl-C stopped in the third epoch."""
    done = train(project / "model.yaml", "-o", project / "ctrl_c", send="INT 23")
    assert (done.returncode, done.stderr) == (130, "")
    return project / "ctrl_c"


def differing(one, other):
    assert evaluations(one) == evaluations(other)
    return [name for name in SAME if (one / name).read_bytes() != (other / name).read_bytes()]


def evaluations(run):
    lines = (run / "metrics.jsonl").read_text().splitlines()
    return [{**json.loads(line), "time": None} for line in lines]


def test_killed_again_and_again_it_ends_in_the_bytes_of_the_run_that_was_not(project, train, whole):
    run = project / "killed"
    for arguments, step in (((project / "model.yaml", "-o", run), 7), (("--resume", run), 38)):
        assert train(*arguments, send=f"KILL {step}").returncode == -signal.SIGKILL
        assert not (run / "model").exists()
        assert json.loads((run / "manifest.json").read_text())["exit"] == "running"
    newest = max(each.name for each in (run / "checkpoints").iterdir())
    assert newest == "step-000000035"  # the second process went on and did not begin again
    done = train("--resume", run)
    assert (done.returncode, done.stderr) == (0, "")
    assert differing(run, whole) == []


def test_ctrl_c_keeps_the_best_model_which_predicts_and_can_be_trained_on(
    project, train, whole, interrupted
):
    run = project / "resumed"
    shutil.copytree(interrupted, run)
    found = crosstie.Run.find(run)
    assert found.manifest["exit"] == "interrupted"
    assert 0.5 < found.metrics["validation"]["Churn"]["roc_auc"] < 1
    assert [each["step"] for each in evaluations(run)] == [9, 18]
    answer = crosstie.load(run).predict(str(project / "few.csv"))
    assert len(answer["Churn_prediction"]) == 400

    done = train("--resume", run)

    assert (done.returncode, done.stderr) == (0, "")
    assert differing(run, whole) == []
    assert found.manifest["exit"] == "done"


def test_another_thread_count_is_refused_unless_allowed(project, train, interrupted):
    run = project / "elsewhere_made"
    shutil.copytree(interrupted, run)
    checkpoint = max((run / "checkpoints").iterdir())
    values = json.loads((checkpoint / "values.json").read_text())
    values["surroundings"]["threads"] = 64
    (checkpoint / "values.json").write_text(json.dumps(values))

    before = (run / "manifest.json").read_bytes()
    refused = train("--resume", run)
    assert (run / "manifest.json").read_bytes() == before
    allowed = train("--resume", run, "--allow-different-host")

    assert refused.returncode == 2
    assert "was written elsewhere (threads 64 then, 1 now)" in refused.stderr
    assert "--allow-different-host" in refused.stderr
    assert (allowed.returncode, allowed.stderr) == (0, "")


def test_a_loss_that_explodes_is_exit_2_and_leaves_no_model(project, train):
    run = project / "exploded"
    done = train(project / "model.yaml", "-o", run, "--set", "trainer.learning_rate=1.0e+30")
    assert done.returncode == 2
    assert done.stderr.startswith("error: epoch 1, step ")
    assert "the training loss is not a number (learning rate 1e+30). Try a smaller" in done.stderr
    assert "Traceback" not in done.stderr
    assert not any((run / name).exists() for name in ("model", "network", "metrics.json"))
    manifest = json.loads((run / "manifest.json").read_text())
    assert manifest["exit"] == "failed"
    assert manifest["error"].startswith("TrainingError: epoch 1, step ")
