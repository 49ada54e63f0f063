"""The examples do what their pages say."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import crosstie

ROOT = Path(__file__).parents[2]


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The examples, where runs may be written."""
    shutil.copytree(
        ROOT / "examples", tmp_path / "examples", ignore=shutil.ignore_patterns("runs", ".crosstie")
    )
    return tmp_path


def shell(folder: Path, *command: str) -> str:
    done = subprocess.run(
        command,
        cwd=folder,
        env={
            **os.environ,
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "OMP_NUM_THREADS": "1",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_churn_file_is_what_init_writes_but_for_its_name(copy, monkeypatch):
    monkeypatch.chdir(copy / "examples" / "churn")
    written = crosstie.init("customers.csv", target="Churn", output="fresh.yaml")
    named = written.replace("# customers:", "# churn:").replace("name: customers", "name: churn")
    assert Path("model.yaml").read_text(encoding="utf-8") == named


@pytest.mark.slow
def test_the_demo_trains_evaluates_and_predicts(copy):
    printed = shell(copy, "sh", "examples/churn/demo.sh")
    assert "← chosen" in printed
    assert "balanced_accuracy" in printed
    assert "customerID,Churn_prediction,Churn_probability_No,Churn_probability_Yes" in printed
    rows = (copy / ".demo" / "predictions.csv").read_text(encoding="utf-8").splitlines()
    assert len(rows) == 1001


@pytest.mark.slow
def test_the_own_encoder_trains_and_predicts_without_its_code(copy):
    file = "examples/own_encoder/model.yaml"
    shell(copy, "crosstie", "train", file, "--set", "trainer.epochs=1", "-q", "--threads", "1")
    shutil.rmtree(copy / "examples" / "own_encoder")
    table = "examples/churn/later_customers.csv"
    printed = shell(copy, "crosstie", "predict", "churn-fourier/latest", table, "-q")
    assert len(printed.splitlines()) == 1001


def test_the_tagging_example_is_checked_and_says_what_it_tags(copy: Path) -> None:
    plan = crosstie.check(copy / "examples" / "tagging" / "model.yaml")
    assert [(each.name, each.source) for each in plan.outputs] == [("upos", "tokens")]
    assert plan.sources["train"].rows == 500
