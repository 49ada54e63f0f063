"""However a training is stopped, going on ends in the weights of one that was not."""

import random
import subprocess
import sys
from pathlib import Path

import pytest
from small_network import batch, same

from crosstie.errors import RunError
from crosstie.training.callbacks.callback import Callback

SCRIPT = Path(__file__).with_name("resumable.py")
OPTIONS = {  # each has state of its own
    "plain": {},
    "dropped rate": {
        "learning_rate_scheduler": {
            "type": "constant",
            "reduce_on_plateau": 3,
            "reduce_on_plateau_patience": 1,
        }
    },
    "plateau": {"learning_rate_scheduler": {"type": "plateau", "patience": 1, "rate": 0.5}},
    "cosine": {"learning_rate_scheduler": {"type": "cosine", "warmup_fraction": 0.2}},
    "ema": {"averaging": "ema", "averaging_decay": 0.9},
    "swa": {"averaging": "swa", "averaging_start": 2},
    "accumulated": {"gradient_accumulation_steps": 3},
    "range test": {"learning_rate": "auto"},
    "mixed rows": {"mixup": 0.4},
    "nadam": {"optimizer": {"type": "nadam"}},
    "frozen first": {"freeze_epochs": 2, "rate_ratio": 10.0},
    "momentum": {"optimizer": {"type": "sgd", "momentum": 0.9}, "learning_rate": 0.05},
}


class Die(Callback):
    """Ends the process' work at a step, as a kill would: nothing is tidied up after it."""

    def __init__(self, step):
        self.step = step

    def on_step_end(self, progress):
        if progress.step == self.step:
            raise MemoryError


@pytest.mark.slow
@pytest.mark.parametrize("name", OPTIONS)
@pytest.mark.parametrize("step", [1, 11])
def test_a_killed_fit_ends_in_the_same_bytes(fit, tmp_path, name, step):
    options = {"epochs": 4, "batch_size": 30, "early_stop": -1, "learning_rate": 0.02}
    options |= {"steps_per_checkpoint": 2, "checkpoint_seconds": 1e6, **OPTIONS[name]}
    whole = fit(folder=tmp_path / "whole", **options).run()
    with pytest.raises(MemoryError):
        fit(folder=tmp_path / "killed", callbacks=[Die(step)], **options).run()
    again = fit(folder=tmp_path / "killed", **options).run(resume=True)
    assert same(whole.weights, again.weights)
    for name in ("step", "epoch", "rows", "best", "best_step", "loss", "metrics", "stopped"):
        assert getattr(again.progress, name) == getattr(whole.progress, name), name
    assert (again.loop.watch.waited, again.loop.curve) == (
        whole.loop.watch.waited,
        whole.loop.curve,
    )


def test_a_resume_goes_on_in_the_middle_of_an_epoch_and_not_from_the_start(fit, tmp_path):
    class Count(Callback):
        steps = 0

        def on_step_end(self, progress):
            self.steps += 1

    options = {"epochs": 3, "batch_size": 20, "steps_per_checkpoint": 1}
    with pytest.raises(MemoryError):
        fit(callbacks=[Die(14)], **options).run()
    count = Count()
    fit(callbacks=[count], **options).run(resume=True)
    assert count.steps == 30 - 13


@pytest.mark.slow
def test_ctrl_c_and_a_resume_end_in_the_same_bytes(fit, tmp_path):
    class Interrupt(Callback):
        def on_step_end(self, progress):
            if progress.step == 14:
                import os
                import signal

                os.kill(os.getpid(), signal.SIGINT)

    options = {"epochs": 3, "batch_size": 20, "checkpoint_seconds": 0}
    whole = fit(folder=tmp_path / "whole", **options).run()
    with pytest.raises(KeyboardInterrupt):
        fit(callbacks=[Interrupt()], **options).run()
    again = fit(**options).run(resume=True)
    assert same(whole.weights, again.weights)
    assert again.progress.metrics == whole.progress.metrics


def test_a_fit_that_was_done_is_done_again_at_once(fit):
    done = fit(epochs=2, checkpoint_seconds=0).run()
    again = fit(epochs=2, checkpoint_seconds=0).run(resume=True)
    assert same(done.weights, again.weights)
    assert again.progress.stopped == "epochs"


def test_nothing_to_resume_is_a_start(fit, tmp_path):
    whole = fit(epochs=2, folder=tmp_path / "whole").run()
    assert same(whole.weights, fit(epochs=2).run(resume=True).weights)


@pytest.mark.slow
def test_another_thread_count_is_refused_unless_allowed(fit):
    import torch

    with pytest.raises(MemoryError):
        fit(epochs=2, steps_per_checkpoint=1, callbacks=[Die(3)]).run()
    torch.set_num_threads(2)
    with pytest.raises(RunError, match="threads 1 then, 2 now"):
        fit(epochs=2).run(resume=True)
    assert fit(epochs=2).run(resume=True, anywhere=True).progress.stopped == "epochs"


@pytest.mark.slow
def test_rows_in_files_resume_as_well(fit, tmp_path):
    import numpy as np

    from crosstie.data.batch import Batch

    plain = batch(200)
    mapped = {}
    for name, array in (*plain.inputs.items(), *plain.targets.items()):
        np.save(tmp_path / f"{name}.npy", array)
        mapped[name] = np.load(tmp_path / f"{name}.npy", mmap_mode="r")
    train = Batch({name: mapped[name] for name in plain.inputs}, {"y": mapped["y"]})
    options = {"epochs": 2, "batch_size": 20, "steps_per_checkpoint": 1, "train": train}
    whole = fit(folder=tmp_path / "whole", **options).run()
    with pytest.raises(MemoryError):
        fit(callbacks=[Die(7)], **options).run()
    assert same(whole.weights, fit(**options).run(resume=True).weights)


def start(folder, how):
    return subprocess.Popen(
        [sys.executable, str(SCRIPT), str(folder), how], stdout=subprocess.PIPE, text=True
    )


@pytest.mark.slow
def test_sigkill_at_any_moment_and_a_resume_end_in_the_same_bytes(tmp_path):
    whole, _ = start(tmp_path / "whole", "start").communicate()
    rng = random.Random(0)
    moments = sorted(rng.sample(range(1, 70), 2))
    how = "start"
    for step in moments:
        process = start(tmp_path / "killed", how)
        for line in process.stdout:
            if line.strip() == str(step):
                break
        process.kill()
        process.communicate()
        assert process.returncode == -9
        how = "resume"
    again, _ = start(tmp_path / "killed", "resume").communicate()
    assert again.splitlines()[-1] == whole.splitlines()[-1]
    assert (
        len(again.splitlines()) < len(whole.splitlines()) / 2
    )  # it went on, it did not start anew
