import json
import os
import signal
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
import torch

from crosstie.config.options import build, fill, options
from crosstie.data.batch import Output
from crosstie.evaluation.score import score
from crosstie.learners.ecd import Ecd
from crosstie.learners.learner import learners
from crosstie.training.callbacks.callback import Callback

ENCODERS = {
    "a": ("number", {"type": "ple"}),
    "b": ("number", {"type": "ple"}),
    "c": ("number", {"type": "ple"}),
    "few": ("category", {"type": "dense"}),
    "many": ("category", {"type": "dense"}),
    "words": ("text", {"type": "embed"}),
    "tags": ("set", {"type": "embed"}),
    "stuff": ("bag", {"type": "embed"}),
    "v": ("vector", {"type": "dense"}),
    "d": ("date", {"type": "wave"}),
}
OUTPUT = {
    "number": ("regressor", "mean_squared_error"),
    "binary": ("regressor", "binary_weighted_cross_entropy"),
    "category": ("classifier", "softmax_cross_entropy"),
    "set": ("classifier", "sigmoid_cross_entropy"),
}
METRIC = {"number": "rmse", "binary": "roc_auc", "category": "accuracy", "set": "f1_micro"}


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def architecture(*outputs, members=2):
    return {
        "inputs": {
            name: {"type": kind, "encoder": encoder} for name, (kind, encoder) in ENCODERS.items()
        },
        "combiner": {"type": "concat", "members": members, "output_size": 64, "num_fc_layers": 2},
        "outputs": {
            each.name: {
                "type": each.type,
                "decoder": {"type": OUTPUT[each.type][0]},
                "loss": {"type": OUTPUT[each.type][1], "weight": 1.0},
                "dependencies": [],
            }
            for each in outputs
        },
    }


@pytest.fixture
def ecd_job(job):
    """Makes a job with an architecture."""

    def make(of="binary", **changes):
        made = job(of, **changes)
        sections = architecture(*made.layout.outputs)
        return replace(made, architecture=sections, metrics={"y": METRIC[of]})

    return make


@pytest.mark.slow
@pytest.mark.parametrize("of", OUTPUT)
def test_every_kind_of_input_and_output_is_learned(of, ecd_job, raw, rows):
    learner = Ecd(epochs=25, learning_rate=0.01, batch_size=64)
    learner.fit(ecd_job(of, n=2000))
    test = rows(1000, of, seed=2)
    found = score(of, test.targets["y"], raw(learner, test))
    assert {
        "number": lambda: found["r2"] > 0.6,
        "binary": lambda: found["roc_auc"] > 0.9,
        "category": lambda: found["accuracy"] > 0.52,
        "set": lambda: found["f1_micro"] > 0.75,
    }[of](), found


def test_its_options_are_those_of_the_trainer_filled_from_the_file(ecd_job):
    filled = fill(Ecd.trainer_options(), {"epochs": 2, "optimizer": "sgd"}, "trainer")
    assert {"epochs", "batch_size", "learning_rate", "early_stop", "optimizer"} <= set(
        options(Ecd.trainer_options())
    )
    learner = build(learners.get("ecd"), **json.loads(json.dumps(filled)))
    learner.fit(ecd_job())
    assert learner.describe()["epochs"] == 2
    assert isinstance(learner._loop.update.bare, torch.optim.SGD)


@pytest.mark.slow
def test_several_outputs_are_learned_at_once_and_one_is_watched(job, rows, tmp_path):
    made = job("binary", n=400)
    second = Output("z", "output_1", "number", 1)
    layout = replace(made.layout, outputs=(*made.layout.outputs, second))

    def with_z(batch):
        return replace(batch, targets={**batch.targets, "z": batch.inputs["numbers"][:, 2].copy()})

    learner = Ecd(epochs=8, learning_rate=0.01, validation_field="z")
    learner.fit(
        replace(
            made,
            layout=layout,
            train=with_z(made.train),
            validation=with_z(made.validation),
            architecture=architecture(*layout.outputs),
            metrics={"y": "roc_auc", "z": "rmse"},
        )
    )
    progress = learner._loop.progress
    assert progress.watched == "validation/z/rmse"
    assert set(progress.metrics["validation"]) == {"y", "z"}
    assert progress.best < 0.5


def test_what_it_describes_is_what_it_did(ecd_job):
    learner = Ecd(epochs=3, batch_size=100, early_stop=-1)
    learner.fit(ecd_job(n=600))
    facts = learner.describe()
    assert facts.pop("seconds_per_epoch") > 0
    progress = learner._loop.progress
    assert facts == {
        "parameters": sum(each.numel() for each in learner._network.parameters()),
        "members": 2,
        "epochs": 3,
        "steps": 18,
        "best_epoch": progress.best_step // 6,
        "best_step": progress.best_step,
        "stopped": "epochs",
        "batch_size": 100,
        "learning_rate": 0.002,
    }


@pytest.mark.slow
def test_the_range_tests_curve_is_described(ecd_job):
    learner = Ecd(epochs=1, learning_rate="auto")
    learner.fit(ecd_job())
    facts = json.loads(json.dumps(learner.describe()))
    assert len(facts["range_test"]["rates"]) == len(facts["range_test"]["losses"]) > 10
    assert pytest.approx(facts["learning_rate"] * 10) in facts["range_test"]["rates"]


def test_what_was_saved_is_the_same_network(ecd_job, rows, tmp_path):
    learner = Ecd(epochs=2)
    learner.fit(ecd_job())
    folder = tmp_path / "network"
    learner.save(folder)
    assert sorted(each.name for each in folder.iterdir()) == ["config.json", "weights.safetensors"]
    again = Ecd.load(folder)
    inputs = {name: torch.from_numpy(each) for name, each in rows(50, "binary").inputs.items()}
    with torch.no_grad():
        one, other = learner._network(inputs)["y"], again(inputs)["y"]
    assert torch.equal(one, other)


@pytest.mark.slow
def test_the_same_seed_writes_the_same_bytes(ecd_job, tmp_path):
    for name in ("one", "other"):
        learner = Ecd(epochs=2)
        learner.fit(ecd_job(seed=5))
        learner.save(tmp_path / name)
        learner.export(tmp_path / name / "graph.onnx")
    for name in ("weights.safetensors", "config.json", "graph.onnx"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "other" / name).read_bytes()


def test_the_callers_random_numbers_are_left_alone(ecd_job):
    torch.manual_seed(11)
    np.random.seed(11)  # noqa: NPY002 - the global state is what must not move
    expected = torch.rand(3), np.random.random()  # noqa: NPY002
    torch.manual_seed(11)
    np.random.seed(11)  # noqa: NPY002
    Ecd(epochs=1).fit(ecd_job())
    assert torch.equal(torch.rand(3), expected[0])
    assert np.random.random() == expected[1]  # noqa: NPY002


@pytest.mark.slow
def test_ctrl_c_leaves_a_model_that_can_be_written(ecd_job, raw, rows):
    class Interrupt(Callback):
        def on_step_end(self, progress):
            if progress.step == 30:
                os.kill(os.getpid(), signal.SIGINT)

    learner = Ecd(epochs=50, batch_size=50)
    with pytest.raises(KeyboardInterrupt):
        learner.fit(ecd_job(callbacks=[Interrupt()]))
    assert learner.describe()["stopped"] == "interrupted"
    assert raw(learner, rows(10, "binary")).shape == (10,)


def test_it_can_be_asked_about_without_torch():
    code = (
        "import sys; from crosstie.learners.learner import learners; ecd = learners.get('ecd'); "
        "ecd(epochs=3); print(ecd.sections, 'torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "('encoder', 'augmentation', 'combiner', 'decoder', 'loss') False"
