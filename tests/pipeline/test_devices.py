"""Two processes that train one network, over gloo on this machine's processor."""

import json
import os
import signal
from pathlib import Path

import pytest
from safetensors.numpy import load_file

import crosstie
from crosstie.errors import ConfigError, RunError, TrainingError
from crosstie.training.callbacks.callback import Callback

OPTIONS = [
    "trainer={epochs: 3, batch_size: 64, device: cpu, early_stop: -1, checkpoint_seconds: 0}",
    "combiner={type: concat, members: 1, output_size: 8, dropout: 0}",
    (
        "exclude=[gender, Partner, Dependents, PhoneService, MultipleLines, InternetService, "
        "OnlineSecurity, OnlineBackup, DeviceProtection, TechSupport, StreamingTV, StreamingMovies, "
        "Contract, PaperlessBilling, PaymentMethod]"
    ),  # codes are replaced with unknown at random
]


class At(Callback):
    """Does something at a step, and remembers the processes that train beside this one."""

    def __init__(self, step=1, do=lambda others: None):
        self.step, self.do, self.others = step, do, []

    def on_step_end(self, progress):
        if progress.step == 1:
            children = Path(f"/proc/self/task/{os.getpid()}/children").read_text(encoding="ascii")
            self.others = [
                int(each)
                for each in children.split()
                if "crosstie.training.worker" in Path(f"/proc/{each}/cmdline").read_text("utf-8")
            ]
        if progress.step == self.step:
            self.do(self.others)


def train(customers, output, *options, callback=None):
    return crosstie.train(
        customers,
        target="Churn",
        model_type="ecd",
        set=[*OPTIONS, *options],
        output=output,
        callbacks=[callback] if callback else [],
    )


def losses(run):
    lines = (run.path / "metrics.jsonl").read_text(encoding="utf-8").splitlines()
    return [
        value
        for each in map(json.loads, lines)
        if each["learner"] == "ecd"
        for value in (each["loss"], each["metrics"]["validation"]["Churn"]["loss"])
    ]


def weights(run):
    return {
        name: each.tobytes()
        for name, each in load_file(run.path / "network" / "weights.safetensors").items()
    }


@pytest.mark.slow
def test_two_processes_learn_what_one_does_and_go_on_after_ctrl_c(few_customers, tmp_path):
    one = train(few_customers, tmp_path / "one")
    seen = At()
    two = train(few_customers, tmp_path / "two", "trainer.devices=2", callback=seen)

    assert losses(two) == pytest.approx(losses(one), abs=1e-5)
    assert len(seen.others) == 1
    assert not any(Path(f"/proc/{each}").exists() for each in seen.others)
    assert {path.name for path in two.path.iterdir()} == {path.name for path in one.path.iterdir()}

    stopped = At(10, lambda others: os.kill(os.getpid(), signal.SIGINT))
    cut = train(few_customers, tmp_path / "cut", "trainer.devices=2", callback=stopped)
    assert cut.manifest["exit"] == "interrupted"
    assert not any(Path(f"/proc/{each}").exists() for each in stopped.others)
    crosstie.train(resume=cut.path)
    assert cut.manifest["exit"] == "done"
    assert weights(cut) == weights(two)


@pytest.mark.slow
def test_a_process_that_is_lost_ends_the_training_with_a_word(few_customers, tmp_path):
    def kill(others):
        os.kill(others[0], signal.SIGKILL)

    with pytest.raises(TrainingError) as caught:
        train(few_customers, tmp_path / "run", "trainer.devices=2", callback=At(2, kill))
    assert "process 2 of 2 ended with -9" in str(caught.value)


@pytest.mark.parametrize(
    ("devices", "said"),
    [
        (
            "[0, 1]",
            (
                "--set trainer.devices: names GPUs, got [0, 1], and none can be used here; write a count for as many "
                "processes, or leave it out"
            ),
        ),
        ("0", "--set trainer.devices: must be at least 1, got 0"),
        ("[]", "--set trainer.devices: names GPUs, got []"),
    ],
)
def test_devices_that_are_not_there_are_told(few_customers, devices, said):
    with pytest.raises(ConfigError) as caught:
        crosstie.check(
            few_customers,
            target="Churn",
            model_type="ecd",
            set=["trainer.device=cpu", f"trainer.devices={devices}"],
        )
    assert str(caught.value).startswith(said)


def test_a_run_of_one_process_is_not_gone_on_with_in_two(few_customers, tmp_path):
    stopped = At(10, lambda others: os.kill(os.getpid(), signal.SIGINT))
    cut = train(few_customers, tmp_path / "cut", callback=stopped)
    path = next((cut.path / "checkpoints").glob("step-*")) / "values.json"
    for each in (cut.path / "checkpoints").glob("step-*"):
        values = json.loads((each / "values.json").read_text(encoding="utf-8"))
        values["surroundings"]["processes"] = 2
        (each / "values.json").write_text(json.dumps(values), encoding="utf-8")

    with pytest.raises(RunError) as caught:
        crosstie.train(resume=cut.path)
    assert "processes 2 then, 1 now" in str(caught.value)
    assert path.exists()
